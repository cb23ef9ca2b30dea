/** The popup without the client's tab, the background or the token; and what never makes the background ask. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import {
  background,
  dataOf,
  fault,
  fromExtension,
  NAMED,
  serversOf,
  TERMS,
  usePopupLab,
  writes,
  type PopupScene,
} from './identity-popup-page.ts';
import { forgeriesOf } from './identity-popup-forge.ts';
import { whoami } from './page-calls.ts';
import { waitFor } from './popup-page.ts';

describe.each(engines)('%s: the popup, and', (engine) => {
  const lab = usePopupLab(engine, { idleTimeout: 1000 });
  const valueOf = () => lab.popup.page.$eval('.identity .value', ({ textContent }) => textContent);

  it('no tab shows the client any more', async () => {
    const scene = await lab.signedIn(NAMED);
    await scene.page.goto('about:blank');
    await lab.popup.show(scene.site.origin);
    await change(scene);
  });

  it('the background ends between all steps', async () => {
    const scene = await lab.signedIn(NAMED);
    await lab.browser.killBackground();
    await lab.popup.show(scene.site.origin);
    await change(scene, () => lab.browser.killBackground());
    expect(serversOf(scene).flatMap(({ recorder }) => fromExtension(recorder.all))).toEqual([]);
  });

  it('the token is not in memory any more', async () => {
    const { page, portal, token, site, named } = await lab.signedIn(NAMED);
    await memory(lab.popup.page, 'clear');
    await lab.popup.show(site.origin);
    await lab.says('needsClient');
    expect(await lab.popup.page.$$('.identity button')).toEqual([]);
    expect(await valueOf(), 'it is still shown').toBe(named.url);
    await page.reload({ waitUntil: 'domcontentloaded' });
    await whoami(page, portal.url, token);
    await lab.popup.show(site.origin);
    await lab.popup.page.waitForSelector('.change-identity');
  });

  it('the token is lost between the plan and its confirmation', async () => {
    const scene = await lab.signedIn(NAMED);
    await lab.look('.no-identity');
    await memory(lab.popup.page, 'clear');
    await lab.confirm();
    await lab.says('needsClient');
    expect(writes(scene.alpha)).toEqual([]);
  });

  it.each(['alpha', 'next'] as const)('access to %s is taken away before it is confirmed', async (name) => {
    const scene = await lab.signedIn({ ...NAMED, terms: TERMS });
    await lab.popup.press('.change-identity');
    await lab.check(scene.next.url);
    for (const { recorder } of serversOf(scene)) recorder.clear();
    await lab.popup.page.evaluate(giveBack, [`http://${new URL(scene[name].url).hostname}/*`]);
    await lab.confirm();
    await lab.says('needsAccess');
    expect(scene[name].recorder.all).toEqual([]);
    expect(writes(scene.alpha)).toEqual([]);
  });

  it('is closed in the middle: goes on when it is opened again', async () => {
    const scene = await lab.signedIn({ ...NAMED, terms: TERMS });
    const { site, next, named } = scene;
    await lab.popup.press('.change-identity');
    await lab.check(next.url);
    await lab.popup.show(site.origin);
    await waitFor(lab.popup.page, () => !!document.querySelector('.confirm'));
    await lab.says('becomesServer', next.url);
    expect(writes(scene.alpha)).toEqual([]);
    await lab.confirm();
    await lab.says('changedHere', named.url, next.url);
    await lab.popup.show(site.origin);
    expect(await valueOf(), 'that was all').toBe(next.url);
  });

  it('asks nobody when it is only opened', async () => {
    const scene = await lab.signedIn(NAMED);
    for (let times = 0; times < 3; times += 1) await lab.popup.show(scene.site.origin);
    await lab.popup.press('.change-identity');
    await lab.look('.cancel');
    expect(serversOf(scene).flatMap(background)).toEqual([]);
  });

  it('is opened again after a refusal: the address is there, and nobody is asked again', async () => {
    const scene = await lab.signedIn(NAMED);
    fault(scene.next, ['GET', /v2$/], (response) => void response.writeHead(500).end());
    await lab.popup.press('.change-identity');
    await lab.check(scene.next.url);
    await lab.says('notAnIdentityServer');
    for (const { recorder } of serversOf(scene)) recorder.clear();
    await lab.popup.show(scene.site.origin);
    await waitFor(lab.popup.page, () => !document.querySelector('.waiting'));
    expect(serversOf(scene).flatMap(background)).toEqual([]);
  });

  it('access was not given while it was closed: shows the account', async () => {
    const scene = await lab.signedIn(NAMED);
    await lab.look('.no-identity');
    const origins = [scene.alpha.url, scene.named.url].map((url) => `http://${new URL(url).hostname}/*`);
    await lab.popup.page.evaluate(giveBack, origins);
    await lab.popup.show(scene.site.origin);
    expect(await valueOf()).toBe(scene.named.url);
  });

  it.each(forgeriesOf(engine))('a page that forges messages makes it ask nobody: %s', async (_, forge) => {
    const scene = await lab.signedIn(NAMED);
    const { page, next, alpha, site } = scene;
    const [session] = await lab.popup.sessions(site.origin);
    const choice = { want: 'server', address: next.url };
    const id = session?.id ?? '';
    const base = new URL(lab.popup.page.url()).origin;
    await page.bringToFront();
    await forge(page, [
      { from: 'popup', call: 'plan', args: { id, choice } },
      { from: 'popup', call: 'change', args: { id, choice: { want: 'none', address: '' }, accepted: [] } },
      { from: 'popup', call: 'acknowledge', args: { id } },
      { base },
    ]);
    // what the background was told before is done when it answers this
    await whoami(page, scene.portal.url, scene.token);
    await lab.popup.show(site.origin);
    expect(serversOf(scene).flatMap(background)).toEqual([]);
    expect(writes(alpha)).toEqual([]);
    expect(await valueOf()).toBe(scene.named.url);
  });

  /** From is1 to is2, with something done before every step. */
  async function change(scene: PopupScene, before: () => Promise<void> = async () => undefined) {
    const { next, named } = scene;
    await before();
    await lab.popup.press('.change-identity');
    await before();
    await lab.check(next.url);
    await before();
    await lab.confirm();
    await lab.says('changedHere', named.url, next.url);
    expect(dataOf(scene)).toEqual({ base_url: next.url });
  }
});

interface ExtensionPage {
  browser: {
    storage: { session: { clear(): Promise<void>; get(): Promise<object> } };
    permissions: { remove(of: { origins: string[] }): Promise<boolean> };
  };
}

function giveBack(origins: string[]): Promise<boolean> {
  return (globalThis as unknown as ExtensionPage).browser.permissions.remove({ origins });
}

function memory(page: Page, what: 'clear' | 'get'): Promise<object | void> {
  return page.evaluate(
    (method) => (globalThis as unknown as ExtensionPage).browser.storage.session[method](),
    what,
  );
}
