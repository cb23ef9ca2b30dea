/** How the popup's identity part looks, and that it can be used by keyboard. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import type { Policies } from '../support/identity-store.ts';
import { ACCOUNT_DATA, NAMED, TERMS, usePopupLab, type PopupScene } from './identity-popup-page.ts';
import { call } from './page-calls.ts';
import { faint, focused, looks, namesOutsideOfBdi, save, setScheme } from './popup-looks.ts';

describe.each(engines)('%s: the popup’s identity part', (engine) => {
  const lab = usePopupLab(engine);
  const LONG: Policies = { long: { version: '1', name: 'x'.repeat(200), url: 'https://example.org/x' } };

  const views: readonly [string, (scene: PopupScene) => Promise<unknown>][] = [
    ['url', () => lab.says('identityWhy_url')],
    [
      'changed elsewhere',
      async ({ alpha, page, portal, token, next }) => {
        alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: next.url });
        await call(page, portal.url, 'sync?timeout=0', { token });
        await lab.popup.page.waitForSelector('.changed');
      },
    ],
    [
      'error',
      async ({ alpha }) => {
        await lab.popup.press('.change-identity');
        await lab.check(alpha.url);
        await lab.says('notAnIdentityServer');
      },
    ],
    [
      'plan',
      async ({ next, named }) => {
        await lab.popup.press('.change-identity');
        await lab.check(next.url);
        await lab.says('publishedStill', named.url);
      },
    ],
  ];

  async function signedIn(terms: Policies): Promise<PopupScene> {
    await lab.popup.page.setViewport({ width: 360, height: 600 });
    const scene = await lab.signedIn({ ...NAMED, terms });
    const addresses = ['alice@example.org', `${'y'.repeat(120)}@example.org`];
    scene.alpha.setThreepids(
      'alice',
      addresses.map((address) => ({ medium: 'email', address })),
    );
    for (const address of addresses) scene.named.bind('email', address, scene.alpha.userId('alice'));
    return scene;
  }

  it.each(views)('looks right in light and dark: %s', async (name, open) => {
    const scene = await signedIn(TERMS);
    const { page } = lab.popup;
    await open(scene);
    const colors = new Set<string>();
    for (const scheme of ['light', 'dark'] as const) {
      await setScheme(page, scheme);
      const { overflow, hidden, background, width } = await looks(page);
      expect({ overflow, hidden, width }).toEqual({ overflow: 0, hidden: [], width: 360 });
      expect(await faint(page)).toEqual([]);
      expect(await namesOutsideOfBdi(page)).toEqual([]);
      colors.add(background);
      await save(page, `identity-${name.replace(' ', '-')}-${scheme}-${engine}`);
    }
    expect(colors.size).toBe(2);
  });

  it('shows terms with a long name wholly', async () => {
    const { next } = await signedIn(LONG);
    await lab.popup.press('.change-identity');
    await lab.check(next.url);
    await lab.popup.page.waitForSelector('.terms');
    const { overflow, hidden } = await looks(lab.popup.page);
    expect({ overflow, hidden }).toEqual({ overflow: 0, hidden: [] });
  });

  it('goes by keyboard', async () => {
    const { next, alpha } = await signedIn(TERMS);
    const { page } = lab.popup;
    await page.bringToFront();
    await page.focus('.change-identity');
    await page.keyboard.press('Enter');
    expect(await focused(page), 'the form').toBe('INPUT');
    await page.keyboard.press('Escape');
    expect(await focused(page), 'Escape is the browser’s').toBe('INPUT');
    await page.keyboard.type(alpha.url);
    await page.keyboard.press('Enter');
    await lab.says('notAnIdentityServer');
    expect(await focused(page), 'after an error').toBe('INPUT');
    await page.$eval('input', (input) => input.select());
    await page.keyboard.type(next.url);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.confirm');
    expect(await focused(page), 'the first of the terms').toBe('INPUT');
    // box, link, box, link, Cancel, confirm
    for (const key of [' ', 'Tab', 'Tab', ' ', 'Tab', 'Tab', 'Tab'] as const) await page.keyboard.press(key);
    expect(await focused(page)).toContain('confirm');
    await page.keyboard.press('Enter');
    await lab.says('identityWhy_url');
    await lab.popup.page.waitForSelector('.undo');
    expect(await focused(page), 'still in the popup').not.toBe('BODY');
  });

  it('keeps the focus where nothing is to be accepted, and after Cancel', async () => {
    await signedIn({});
    const { page } = lab.popup;
    await page.bringToFront();
    await page.focus('.no-identity');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.confirm');
    expect(await focused(page), 'the safe answer').toContain('cancel');
    await page.focus('.cancel');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.identity');
    expect(await focused(page)).not.toBe('BODY');
  });
});
