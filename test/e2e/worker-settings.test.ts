/** `homeward.html`: the popup's form, on a site that ships Homeward itself. */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { ElementHandle, Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { startIdentityServer } from '../support/identity-server.ts';
import { IDENTITY, send } from './identity-calls.ts';
import { useIdentityLab, type IdentityScene } from './identity-lab.ts';
import { ACCOUNT_DATA, TERMS } from './identity-popup-page.ts';
import { logIn, whoami } from './page-calls.ts';
import { setScheme } from './popup-looks.ts';
import { clicked, sentence } from './popup-page.ts';

const results = path.resolve(import.meta.dirname, '../../test-results');
const VIEW = 'homeward-identity';

describe.each(engines)('%s: the settings of a site', (engine) => {
  const lab = useIdentityLab(engine, { form: 'worker' });

  const textOf = (page: Page): Promise<string> =>
    page.$eval(VIEW, (view) => view.shadowRoot?.querySelector('main')?.textContent ?? '');
  const says = async (page: Page, key: Parameters<typeof sentence>[0], ...names: string[]) => {
    const text = sentence(key, ...names);
    await expect.poll(() => textOf(page), { message: text, timeout: 15_000 }).toContain(text);
  };
  /** Asked for again and again: what changes in a shadow tree wakes nobody who waits for a selector. */
  const find = async (page: Page, selector: string): Promise<ElementHandle> => {
    const look = () => page.$(`${VIEW} >>> ${selector}`);
    await expect.poll(look, { message: selector, timeout: 15_000 }).not.toBeNull();
    const found = await look();
    if (!found) throw new Error(`${selector} is detached`);
    return found;
  };
  const press = async (page: Page, selector: string): Promise<void> => {
    await page.bringToFront();
    await clicked(async () => (await find(page, selector)).click());
  };

  async function signedIn() {
    const scene = await lab.start();
    scene.alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: scene.named.url, kept: 1 });
    const { token } = await logIn(scene.page, scene.portal.url);
    await whoami(scene.page, scene.portal.url, token);
    const settings = await lab.page(`${scene.site.url}/homeward.html`);
    await says(settings, 'identityWhy_url');
    return { ...scene, token, settings };
  }

  /** Where the client's own lookup arrives. */
  async function askedBy(
    { page, app }: IdentityScene,
    servers: readonly { recorder: IdentityScene['app']['recorder'] }[],
  ) {
    for (const { recorder } of servers) recorder.clear();
    await page.bringToFront();
    await send(page, `${app.url}${IDENTITY}/hash_details`);
    return servers.map(({ recorder }) => recorder.all.length);
  }

  it('say who is signed in, and that nobody is', async () => {
    const site = await lab.site({ homeward: true });
    const settings = await lab.page(`${site.url}/homeward.html`);
    await says(settings, 'noSessions');
    const scene = await signedIn();
    const text = await textOf(scene.settings);
    for (const part of ['@alice:', scene.portal.url, scene.alpha.url, scene.named.url]) {
      expect(text).toContain(part);
    }
    await fs.mkdir(results, { recursive: true });
    for (const scheme of ['light', 'dark'] as const) {
      await setScheme(scene.settings, scheme);
      await scene.settings.screenshot({ path: path.join(results, `settings-${scheme}-${engine}.png`) });
    }
  });

  it('change the identity server, with its terms, for the client in the other tab too', async () => {
    const scene = await signedIn();
    const { settings, alpha, named, app } = scene;
    const next = lab.keep(await startIdentityServer({ name: 'is2', terms: TERMS, whoIs: alpha.openIdUser }));
    await press(settings, '.change-identity');
    await (await find(settings, 'input')).type(next.url);
    await press(settings, '.check');
    await find(settings, '.terms');
    for (const box of await settings.$$(`${VIEW} >>> .terms input`)) {
      if (!(await box.evaluate((input) => input.checked))) await box.click();
    }
    await press(settings, '.confirm');
    await says(settings, 'changedHere', named.url, next.url);
    expect(alpha.accountData('alice', ACCOUNT_DATA)).toEqual({ base_url: next.url, kept: 1 });
    expect(await askedBy(scene, [app, named, next])).toEqual([0, 0, expect.any(Number)]);
    expect(next.recorder.all.length).toBeGreaterThan(0);

    await press(settings, '.no-identity');
    await press(settings, '.confirm');
    await says(settings, 'identityWhy_disabled');
    expect(alpha.accountData('alice', ACCOUNT_DATA)).toEqual({ base_url: null, kept: 1 });
    expect(await askedBy(scene, [app, named, next])).toEqual([0, 0, 0]);
    for (const { recorder } of [scene.portal, app, named, next]) {
      expect(recorder.withToken(scene.token)).toEqual([]);
    }
  });

  it('cannot change it while no page of the client is open: tokens are in their memory only', async () => {
    const { page, settings } = await signedIn();
    await page.goto('about:blank');
    await settings.reload();
    await says(settings, 'needsClient');
    expect(await settings.$(`${VIEW} >>> .change-identity`)).toBeNull();
  });

  it('forget a sign-in', async () => {
    const { settings, token, page, portal } = await signedIn();
    await press(settings, '.forget');
    await says(settings, 'forgetWarning');
    await press(settings, '.confirm');
    await says(settings, 'noSessions');
    await page.bringToFront();
    expect((await whoami(page, portal.url, token)).status).not.toBe(0);
  });
});
