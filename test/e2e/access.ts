/** Access to hosts, changed by the browser's own means and not by Homeward's buttons. */
import { expect } from 'vitest';
import { patternOf } from '../../src/webext/host-pattern.ts';
import type { Lab } from './lab.ts';

interface Permissions {
  browser: { permissions: Record<'request' | 'remove', (of: { origins: string[] }) => Promise<boolean>> };
}

/** In a click in a page of the extension. */
export async function changeAccess({ popup }: Lab, how: 'request' | 'remove', urls: string[]): Promise<void> {
  const { page } = popup;
  await page.bringToFront();
  await page.evaluate(
    (method, origins) => {
      const { browser } = globalThis as unknown as Permissions;
      const button = document.createElement('button');
      button.className = 'by-hand';
      button.textContent = `${method} ${origins.join(' ')}`;
      button.addEventListener('click', () => {
        const changed = browser.permissions[method]({ origins });
        void (async () => {
          button.dataset.done = String(await changed);
        })();
      });
      document.body.prepend(button);
    },
    how,
    urls.map(patternOf),
  );
  await page.click('.by-hand');
  const done = await page.waitForSelector('.by-hand[data-done]');
  expect(await done?.evaluate((button) => button.getAttribute('data-done'))).toBe('true');
  await page.evaluate(() => document.querySelector('.by-hand')?.remove());
}
