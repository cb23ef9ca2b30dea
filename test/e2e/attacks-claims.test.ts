/** Attack table of issue C, rows 9, 10, 11, 14 and 15: pages that claim what is not so. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { naming } from '../support/portal.ts';
import { carry, fakeViolation, FORGE, forgedMessages, INTRANET, intranet, WORKER } from './attack-claims.ts';
import { claim, forged, mediaPath, settledText, startForger, widthOf } from './attack-steps.ts';
import { atHome, type AtHome } from './at-home.ts';
import { kinds, useLab } from './lab.ts';
import { call, logIn, versions, ways, whoami } from './page-calls.ts';
import { sentence } from './popup-page.ts';

const WHOAMI = '/_matrix/client/v3/account/whoami';
const INDEX = '<!doctype html><meta charset="utf-8"><title>client</title><link rel="icon" href="data:,">';
const SANDBOX = { 'content-security-policy': 'sandbox allow-scripts', 'access-control-allow-origin': '*' };

type Claim = (token: string, named: string) => object;
const CLAIMS: readonly (readonly [string, Claim])[] = [
  ['by base_cs_url', forged],
  ['by well_known', (token, named) => naming.well_known(forged(token, ''), named)],
  ['as its refresh token', (token, named) => ({ ...forged('syt_evil', named), refresh_token: token })],
];

describe.each(kinds)('%s: claims:', ({ engine, form }) => {
  const inExtension = (...rows: string[]): string[] => (form === 'extension' ? rows : []);
  const lab = useLab(engine, { form, idleTimeout: 1000, hosts: INTRANET });
  const forger = async (name: string) => lab.keep(await startForger(name));

  /** The session is where it was. */
  async function expectRouted({ page, portal, home, token }: AtHome, when: string): Promise<void> {
    for (const by of ways) {
      expect((await whoami(page, portal.url, token, { by })).url, `${when}, by ${by}`).toBe(
        home.url + WHOAMI,
      );
    }
  }

  /** The same, and its pictures come with its token. */
  async function expectHome(scene: AtHome, when: string): Promise<void> {
    const { page, portal, picture } = scene;
    await expectRouted(scene, when);
    const shown = () => widthOf(page, portal.url + mediaPath(picture));
    await expect.poll(shown, { timeout: 10_000, message: `the picture ${when}` }).toBe(1);
  }

  describe('10: under a Content-Security-Policy', () => {
    /** A client with a forged login at its own server, for evil, and everything that may carry its token there. */
    async function forge(headers: Record<string, string>, evil: string) {
      const login = JSON.stringify(forged('syt_forged', evil));
      const files = {
        '/index.html': INDEX,
        '/worker.js': WORKER,
        '/forged/_matrix/client/v3/login': login,
      };
      const { site, page } = await lab.client({ files, headers });
      await call(page, `${site.url}/forged`, 'login', { method: 'POST', body: {} });
      await lab.popup.grant(site.origin);
      await page.bringToFront();
      for (const by of ways) await whoami(page, `${site.url}/forged`, 'syt_forged', { by });
      await page.evaluate(carry, `${site.url}/forged/_matrix/client/v3/joined_rooms`);
      return { site, page };
    }

    it('a forged login carries nothing to where the page may not go', async () => {
      const portal = await lab.portal({ strict: false, route: () => 'http://nobody.invalid' });
      const [evil, other] = await Promise.all([forger('evil'), forger('other')]);
      const policy = `connect-src 'self' ${portal.url}`;
      await forge({ 'content-security-policy': policy }, evil.url);
      expect(evil.recorder.all).toEqual([]);
      await forge({}, other.url);
      expect(other.recorder.withToken('syt_forged').length, 'without the policy').toBeGreaterThan(0);
    });

    // the popup's
    it.each(inExtension('a violation'))('%s is told if the browser says so, not if pages do', async () => {
      const home = await lab.homeserver();
      const portal = await lab.portal({ strict: false, route: () => home.url });
      const headers = { 'content-security-policy': `connect-src 'self' ${portal.url}` };
      const strict = await lab.client({ headers });
      const { token } = await logIn(strict.page, portal.url);
      expect((await whoami(strict.page, portal.url, token)).url, 'stays').toBe(portal.url + WHOAMI);
      const told = async (origin: string): Promise<boolean> => {
        await lab.popup.show(origin);
        return (await lab.popup.page.$('.csp')) !== null;
      };
      await expect.poll(() => told(strict.site.origin), { timeout: 10_000 }).toBe(true);

      const open = await lab.client();
      const bob = await logIn(open.page, portal.url, 'bob');
      await open.page.evaluate(fakeViolation, `${home.url}/_matrix/client/versions`);
      // a question of another kind takes the same way, behind it
      await whoami(open.page, portal.url, 'syt_nobody_knows');
      expect((await whoami(open.page, portal.url, bob.token)).url).toBe(home.url + WHOAMI);
      expect(await told(open.site.origin)).toBe(false);
    });
  });

  describe('11: a known token is claimed for evil', () => {
    it.each(CLAIMS)('%s, in vain', async (_title, claimed) => {
      const [own, evil, scene] = await Promise.all([forger('own'), forger('evil'), atHome(lab)]);
      const { site, page, portal, token } = scene;
      await expectHome(scene, 'before');
      for (const when of ['at once', 'after a reload', 'after the background had ended']) {
        if (when === 'after the background had ended') await lab.browser.killBackground();
        if (when !== 'at once') await page.reload({ waitUntil: 'domcontentloaded' });
        await claim(page, own.url, claimed(token, evil.url));
        await expectHome(scene, when);
        await page.reload({ waitUntil: 'domcontentloaded' });
        await expectHome(scene, `${when}, in the next document`);
      }
      expect(evil.recorder.all).toEqual([]);
      expect(own.recorder.withToken(token)).toEqual([]);
      expect(portal.recorder.withToken(token)).toEqual([]);
      expect(await lab.popup.text(site.origin)).toContain(sentence('refused', evil.url));
      if (form === 'extension') expect(await lab.popup.badge(site.origin)).toBe('!');
    });

    it('by the answer to a refresh, in vain', async () => {
      const [own, evil, scene] = await Promise.all([forger('own'), forger('evil'), atHome(lab)]);
      const { page, portal, token } = scene;
      const refresh_token = 'syr_evil';
      await claim(page, own.url, { ...forged('syt_evil', evil.url), refresh_token });
      const body = { refresh_token, access_token: token };
      const answer = await call(page, own.url, 'refresh', { method: 'POST', body });
      expect(answer.url, 'evil answers').toContain(evil.url);
      // without pictures: there are two sessions in this document
      await expectRouted(scene, 'at once');
      for (const when of ['after a reload', 'after the background had ended']) {
        if (when !== 'after a reload') await lab.browser.killBackground();
        await page.reload({ waitUntil: 'domcontentloaded' });
        await expectHome(scene, when);
      }
      expect(evil.recorder.withToken(token)).toEqual([]);
      expect(portal.recorder.withToken(token)).toEqual([]);
    });
  });

  // the page worker leaves it alone, and keeps nothing of it (THREAT-MODEL.md)
  it.each(inExtension('a sandboxed document'))('14: %s at the URL of the client claims nothing', async () => {
    const [own, evil] = await Promise.all([forger('own'), forger('evil')]);
    const files = { '/index.html': INDEX, '/sandbox.html': { body: INDEX, headers: SANDBOX } };
    const scene = await atHome(lab, { site: { files } });
    const { site, page, portal, home, token, picture } = scene;
    await expectHome(scene, 'before');
    const before = await settledText(lab);
    home.recorder.clear();
    // in the tab of the client itself: its rules end with its document
    await page.goto(`${site.url}/sandbox.html`, { waitUntil: 'domcontentloaded' });
    expect(await page.evaluate(() => [location.origin, self.origin])).toEqual([site.origin, 'null']);
    for (const by of ways) {
      await claim(page, own.url, forged('syt_sandbox', evil.url), by);
      await claim(page, own.url, forged(token, evil.url), by);
    }
    expect(await widthOf(page, portal.url + mediaPath(picture)), 'a picture').toBe(0);
    expect(await settledText(lab)).toBe(before);
    expect(evil.recorder.all).toEqual([]);
    expect(home.recorder.withToken(token)).toEqual([]);
    await page.goto(`${site.url}/`, { waitUntil: 'domcontentloaded' });
    await claim(page, own.url, forged('syt_sandbox', evil.url));
    await expect.poll(() => lab.browser.storedText(), { timeout: 10_000 }).toContain(evil.url);
  });

  describe("15: the handshake's names", () => {
    const forge = (page: Page, messages: string[]) =>
      page.evaluate((all) => {
        const { forge: send } = window as unknown as { forge(messages: string[], view?: Window): void };
        send(all);
        const frame = document.createElement('iframe');
        document.body.append(frame);
        if (frame.contentWindow) send(all, frame.contentWindow);
      }, messages);
    const heard = (page: Page) => page.evaluate(() => (window as unknown as { heard: string[] }).heard);

    it('forged at load and later, open nothing and change nothing', async () => {
      const evil = await forger('evil');
      const early = JSON.stringify(forgedMessages('http://portal.localhost', evil.url, 'unknown'));
      const body = `${INDEX}<script>${FORGE}; forge(${early}); addEventListener('load', () => forge(${early}));</script>`;
      const scene = await atHome(lab, { site: { files: { '/index.html': body } } });
      const { site, page, portal, home, token } = scene;
      const sessions = () => lab.popup.sessions(site.origin);
      // one: there is no forged one
      const own = [{ named: home.url, standing: { at: 'home' } }];
      await expect.poll(sessions, { timeout: 10_000 }).toMatchObject(own);
      const [session] = await sessions();
      await expectHome(scene, 'before');
      const before = await settledText(lab);
      const messages = forgedMessages(portal.url, evil.url, session?.id ?? '');
      for (const when of ['at once', 'after a reload']) {
        if (when === 'after a reload') await page.reload({ waitUntil: 'load' });
        await forge(page, messages);
        await expectHome(scene, when);
        expect(await heard(page), `heard ${when}`).toEqual([]);
      }
      expect(await settledText(lab)).toBe(before);
      expect(evil.recorder.all).toEqual([]);
      expect(portal.recorder.withToken(token)).toEqual([]);
    });

    // 15b: the same after the extension was reloaded comes here (lifecycle)
  });

  // the page worker has no background; last: access to all sites stays
  it.each(inExtension('the background'))('9: %s asks none of 50 servers that a page names', async () => {
    const witness = await lab.homeserver({ name: 'witness', listenHost: '0.0.0.0' });
    const { recorder, url } = witness;
    const port = Number(new URL(url).port);
    await lab.homeserver({ name: 'six', listenHost: '::1', port, recorder });
    const { url: evil } = await forger('evil');
    const { site, page } = await lab.client();
    const named = intranet(port);
    expect(named.length).toBe(50);
    const logInAt = (bases: string[], first: number) =>
      page.evaluate(
        (login, answers) =>
          Promise.all(
            answers.map(
              async (body) => (await fetch(login, { method: 'POST', body })).json() as Promise<object>,
            ),
          ),
        `${evil}/_matrix/client/v3/login`,
        bases.map((base, at) =>
          JSON.stringify({ ...forged(`syt_${first + at}`, base), device_id: `D${first + at}` }),
        ),
      );
    await logInAt(named, 0);
    // the popup asks for access if one of the newest sessions needs it: this one does, at a host of its own
    await logInAt([(await lab.homeserver({ name: 'fresh' })).url], 50);
    const standings = async () => (await lab.popup.sessions(site.origin)).map(({ standing }) => standing.at);
    await expect.poll(standings, { timeout: 10_000 }).toContain('home');
    await expect.poll(standings, { timeout: 10_000 }).not.toContain('pending');
    // with access to all of them it could
    await settledText(lab);
    await lab.popup.show(site.origin);
    await lab.popup.press('.grant-all');
    await expect.poll(() => lab.popup.page.$('.grant-all'), { timeout: 10_000 }).toBe(null);
    await lab.browser.killBackground();
    await page.reload({ waitUntil: 'domcontentloaded' });
    await versions(page, evil);
    expect(await lab.popup.text(site.origin)).toContain('@mallory:evil');
    expect(recorder.requests(({ origin }) => origin === site.origin).length, "the page's").toBeGreaterThan(0);
    expect(recorder.all.filter(({ origin }) => origin !== site.origin)).toEqual([]);
  });
});
