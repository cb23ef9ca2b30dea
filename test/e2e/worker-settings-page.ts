/** `<homeward-identity>`, wherever it is: what it says, and its buttons. */
import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import type { IdentityServer } from '../support/identity-server.ts';
import { ACCOUNT_DATA } from './identity-popup-page.ts';
import { sentence } from './popup-page.ts';
import type { SignedIn } from './worker-scene.ts';

/** Empty while it is not there. */
export function settingsText(page: Page): Promise<string> {
  return page.evaluate(
    () => document.querySelector('homeward-identity')?.shadowRoot?.querySelector('main')?.textContent ?? '',
  );
}

export async function says(
  page: Page,
  key: Parameters<typeof sentence>[0],
  ...names: string[]
): Promise<void> {
  const text = sentence(key, ...names);
  await expect.poll(() => settingsText(page), { message: text, timeout: 15_000 }).toContain(text);
}

/** Once it is there, in whichever browser: no driver looks into its shadow tree but puppeteer's. */
export async function pressIn(page: Page, selector: string): Promise<void> {
  const pressed = () => page.evaluate(clickInside, selector);
  await expect.poll(pressed, { message: selector, timeout: 15_000 }).toBe(true);
}

function clickInside(selector: string): boolean {
  const view = document.querySelector('homeward-identity')?.shadowRoot;
  const found = view?.querySelector<HTMLButtonElement>(selector);
  found?.click();
  return found instanceof HTMLElement;
}

/**
 * The account's user is shown, and wants no identity server from now on.
 *
 * @param named by the account, beside `kept: 1`
 */
export async function expectWorks(
  { portal, home, token }: SignedIn,
  named: IdentityServer,
  settings: Page,
): Promise<void> {
  await says(settings, 'identityWhy_url');
  const text = await settingsText(settings);
  for (const part of [home.userId('alice'), portal.url, home.url, named.url]) expect(text).toContain(part);
  await pressIn(settings, '.no-identity');
  await pressIn(settings, '.confirm');
  await says(settings, 'identityWhy_disabled');
  expect(home.accountData('alice', ACCOUNT_DATA)).toEqual({ base_url: null, kept: 1 });
  expect(portal.recorder.withToken(token)).toEqual([]);
}
