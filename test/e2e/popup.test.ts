/** The popup: turning a site on and off, what it warns of, and the keyboard. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { useLab } from './lab.ts';
import { logIn, whoami } from './page-calls.ts';
import { sentence, textOf, waitFor } from './popup-page.ts';
import { focused, registeredPatterns } from './popup-looks.ts';

/** The text of a native function has its name; that of a `Proxy` has none. */
const isNative = (page: Page): Promise<boolean> =>
  page.evaluate(() => Function.prototype.toString.call(fetch).includes('fetch'));

describe.each(engines)('%s: the popup', (engine) => {
  const lab = useLab(engine);

  /** A client where alice is signed in and at home. */
  async function signedIn() {
    const [alpha, client] = await Promise.all([lab.homeserver(), lab.client()]);
    const portal = await lab.portal({ route: () => alpha.url });
    const { token } = await logIn(client.page, portal.url);
    await whoami(client.page, portal.url, token);
    await lab.popup.show(client.site.origin);
    return { alpha, portal, token, ...client };
  }

  it('turns nothing on at install', async () => {
    expect(await registeredPatterns(lab.popup.page)).toEqual([]);
    const site = await lab.site({ name: 'untouched' });
    expect(await isNative(await lab.page(`${site.url}/`))).toBe(true);
    const text = await lab.popup.text(site.origin);
    expect(text).toContain(sentence('offTitle'));
    expect(text).toContain(site.origin);
  });

  it('turns a site on from the next page start, and off again', async () => {
    const site = await lab.site({ name: 'switched' });
    const page = await lab.page(`${site.url}/`);
    await lab.popup.turnOn(site.origin);
    expect(await lab.popup.badge(site.origin)).toBe('↻');
    // anew: as a tab of its own it could not tell before which tab is the client's
    expect(await lab.popup.text(site.origin)).toContain(sentence('reloadText'));
    expect(await isNative(page), 'the page that was open').toBe(true);
    const popup = await lab.browser.openPopup(site.origin);
    await popup.waitForSelector('.reload');
    // closes the popup too
    await popup.click('.reload').catch(() => undefined);
    await waitFor(page, () => !Function.prototype.toString.call(fetch).includes('fetch'));
    await expect.poll(() => lab.popup.badge(site.origin), { message: 'badge', timeout: 10_000 }).toBe('');
    expect(await lab.popup.text(site.origin)).not.toContain(sentence('reloadText'));

    await lab.popup.press('.turn-off');
    await waitFor(lab.popup.page, () => !!document.querySelector('.turn-on'));
    expect(await textOf(lab.popup.page)).toContain(sentence('reloadOffText'));
    expect(await registeredPatterns(lab.popup.page)).not.toContain('http://switched.localhost/*');
    await page.reload({ waitUntil: 'domcontentloaded' });
    expect(await isNative(page), 'after the site was turned off').toBe(true);
  });

  it('warns before a site is turned off under a sign-in', async () => {
    const { site, page, token, portal, alpha } = await signedIn();
    // what no page code sees would go to the portal
    expect(await lab.popup.badge(site.origin)).toBe('!');
    await lab.popup.grant(site.origin);
    await expect.poll(() => lab.popup.badge(site.origin), { timeout: 10_000 }).toBe('✓');
    await lab.popup.press('.turn-off');
    expect(await textOf(lab.popup.page)).toContain(sentence('turnOffWarning'));
    await lab.popup.press('.cancel');
    await waitFor(lab.popup.page, () => !!document.querySelector('.turn-off'));
    await page.reload({ waitUntil: 'domcontentloaded' });
    expect((await whoami(page, portal.url, token)).url, 'after Cancel').toContain(alpha.url);

    await lab.popup.show(site.origin);
    await lab.popup.press('.turn-off');
    await lab.popup.press('.confirm');
    await waitFor(lab.popup.page, () => !!document.querySelector('.turn-on'));
    await page.reload({ waitUntil: 'domcontentloaded' });
    expect(await isNative(page)).toBe(true);
    expect((await whoami(page, portal.url, token)).url, 'turned off').toContain(portal.url);
  });

  it('warns before a sign-in is forgotten', async () => {
    const { site, page, token, portal } = await signedIn();
    await lab.popup.press('.forget');
    expect(await textOf(lab.popup.page)).toContain(sentence('forgetWarning'));
    await lab.popup.press('.cancel');
    await waitFor(lab.popup.page, () => !!document.querySelector('.forget'));
    expect((await lab.popup.sessions(site.origin)).length, 'after Cancel').toBe(1);

    await lab.popup.press('.forget');
    await lab.popup.press('.confirm');
    await waitFor(lab.popup.page, () => !!document.querySelector('.turn-off'));
    expect(await textOf(lab.popup.page)).toContain(sentence('noSessions'));
    expect(await lab.popup.sessions(site.origin)).toEqual([]);
    await page.reload({ waitUntil: 'domcontentloaded' });
    expect((await whoami(page, portal.url, token)).url, 'as the warning says').toContain(portal.url);
  });

  it.each(['about:blank', 'file:///tmp/index.html', 'data:text/html,x'])(
    'has nothing for %s',
    async (url) => {
      // below it stand the clients that somebody is signed in at
      const [nothing] = (await lab.popup.text(url)).split(sentence('otherClients'));
      expect(nothing).toBe(sentence('name') + sentence('noClient'));
    },
  );

  it('works by keyboard', async () => {
    const site = await lab.site({ name: 'keys' });
    const { page } = lab.popup;
    await lab.popup.show(site.origin);
    await page.bringToFront();
    await tabTo(page, 'turn-on');
    await page.keyboard.press('Enter');
    await waitFor(page, () => !!document.querySelector('.turn-off'));
    const client = await lab.page(`${site.url}/`);
    const alpha = await lab.homeserver();
    const portal = await lab.portal({ route: () => alpha.url });
    const { token } = await logIn(client, portal.url);
    await whoami(client, portal.url, token);
    await lab.popup.show(site.origin);
    await page.bringToFront();
    await tabTo(page, 'turn-off');
    await page.keyboard.press('Enter');
    await waitFor(page, () => !!document.querySelector('.confirm'));
    expect(await focused(page), 'the safe answer has the focus').toContain('cancel');
    await page.keyboard.press('Enter');
    await waitFor(page, () => !!document.querySelector('.forget'));
    await tabTo(page, 'forget');
    await page.keyboard.press(' ');
    await tabTo(page, 'confirm');
    await page.keyboard.press('Enter');
    await waitFor(page, () => !!document.querySelector('.turn-off') && !document.querySelector('.forget'));
    expect(await lab.popup.sessions(site.origin)).toEqual([]);
  });
});

/** Presses Tab until the focus is there. */
async function tabTo(page: Page, className: string): Promise<void> {
  const passed: string[] = [];
  while (passed.length < 8 && !passed.at(-1)?.split(' ').includes(className)) {
    await page.keyboard.press('Tab');
    passed.push(await focused(page));
  }
  expect(passed.at(-1), `Tab went to ${passed.join(', ')}`).toContain(className);
}
