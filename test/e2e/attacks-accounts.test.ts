/** Attack table of issue C, rows 7, 8 and 12: other accounts, other windows, and a client that forgot its session. */
import { describe, expect, it } from 'vitest';
import { naming } from '../support/portal.ts';
import { atHome, PIXEL, type AtHome } from './at-home.ts';
import { asked, die, mediaPath, pageIn, privatePage, settledText, widthOf } from './attack-steps.ts';
import { kinds, useLab } from './lab.ts';
import { call, logIn, versions, ways, whoami, type Call, type Way } from './page-calls.ts';

const WHOAMI = '/_matrix/client/v3/account/whoami';

/** Whoever has a token that is not alice's. */
const OTHERS = ['a guest', 'account B', 'an OAuth session'] as const;

const CALLS: readonly (readonly [string, Call])[] = [
  ['account/whoami', {}],
  ['account/whoami', { tokenIn: 'query' }],
  ['sync?timeout=0', {}],
  ['user/%40nobody%3Abeta/filter/1', {}],
  ['logout/nowhere', { method: 'POST', body: {} }],
  ['/_matrix/media/v3/config', {}],
  ['/_matrix/media/v3/upload', { method: 'POST', body: {} }],
];

describe.each(kinds)('%s: accounts:', ({ engine, form }) => {
  const lab = useLab(engine, { form });

  /** alice is at home at alpha; all others are at beta, which has guests and answers at the portal. */
  async function start(editLogin = naming.base_cs_url) {
    const beta = await lab.homeserver({ name: 'beta', guests: true, legacyMedia: false });
    const scene = await atHome(lab, { portal: { strict: false, fallback: beta.url } });
    scene.portal.setRoute(() => beta.url);
    scene.portal.faults.loginBody = (body) => editLogin(body, beta.url);
    return { ...scene, beta, betaPicture: `beta.localhost/${beta.putMedia(PIXEL, 'image/png')}` };
  }
  type Scene = Awaited<ReturnType<typeof start>>;

  /** The rules are there. */
  async function untilShown({ page, portal, picture }: Pick<AtHome, 'page' | 'portal' | 'picture'>) {
    await expect.poll(() => widthOf(page, portal.url + mediaPath(picture)), { timeout: 10_000 }).toBe(1);
  }

  async function tokenOf(who: (typeof OTHERS)[number], { page, portal, beta }: Scene, by: Way) {
    if (who === 'an OAuth session') return beta.issue('bob').access_token;
    if (who === 'account B') return (await logIn(page, portal.url, 'bob', { by })).token;
    const guest = await call(page, portal.url, 'register?kind=guest', { method: 'POST', body: {}, by });
    expect(guest.status, 'a guest is registered').toBe(200);
    return String(guest.body.access_token);
  }

  describe('7: beside a session at home', () => {
    it.each(ways.flatMap((by) => OTHERS.map((who) => [who, by] as const)))(
      '%s keeps its own token at the portal, by %s',
      async (who, by) => {
        const scene = await start(naming.neither);
        const { page, portal, home, token } = scene;
        await untilShown(scene);
        for (const recorder of [portal.recorder, home.recorder]) recorder.clear();
        const other = await tokenOf(who, scene, by);
        for (const [path, options] of CALLS) {
          const answer = await call(page, portal.url, path, { token: other, by, ...options });
          expect(answer.status, `${path} was answered`).not.toBe(0);
          expect(answer.url, `${path}`).toContain(portal.url);
          // media may be asked for at their newer path
          const end = /[^/?]*(?=\?|$)/.exec(path)?.[0] ?? '';
          const last = portal.recorder.requests((got) => got.path.endsWith(`/${end}`)).at(-1);
          expect(last?.token, `the token of ${path} at the portal`).toBe(other);
        }
        const readData = () =>
          portal.recorder.withToken(other).some(({ path }) => path.endsWith('m.identity_server'));
        await expect.poll(readData, { timeout: 10_000, message: 'its account data is read' }).toBe(true);
        expect(asked(home.recorder), "at alice's homeserver").toEqual([]);
        expect((await whoami(page, portal.url, token, { by })).url).toBe(home.url + WHOAMI);
        expect(home.recorder.withToken(other)).toEqual([]);
        expect(portal.recorder.withToken(token)).toEqual([]);
      },
    );
  });

  // the page worker is of the site, in a private window too, which keeps nothing (THREAT-MODEL.md)
  const windows = form === 'extension' ? ['a private window'] : [];
  it.each(windows)('8: nothing of %s is kept, and nothing in it is changed', async () => {
    const scene = await start();
    const { site, portal, home, token, beta, betaPicture } = scene;
    await untilShown(scene);
    const before = await settledText(lab);
    const page = await privatePage(lab, `${site.url}/`);
    home.recorder.clear();
    const bob = await logIn(page, portal.url, 'bob');
    for (const by of ways) {
      expect((await whoami(page, portal.url, bob.token, { by })).url, `by ${by}`).toBe(portal.url + WHOAMI);
    }
    await widthOf(page, portal.url + mediaPath(betaPicture));
    const media = portal.recorder.requests(({ path }) => path === mediaPath(betaPicture));
    expect(media, 'the picture is asked for at the portal').toMatchObject([{ token: null }]);
    expect(asked(home.recorder), "at alice's homeserver").toEqual([]);
    expect(beta.recorder.withToken(token), "alice's token").toEqual([]);
    await page.close();
    expect(await settledText(lab)).toBe(before);

    const ordinary = await lab.page(`${site.url}/`);
    const again = await logIn(ordinary, portal.url, 'bob');
    expect((await whoami(ordinary, portal.url, again.token)).url).toBe(beta.url + WHOAMI);
    expect(await lab.browser.storedText(), 'of an ordinary window it is').toContain(beta.userId('bob'));
  });

  // Chromium has none
  it.each(engine === 'firefox' ? ['a container'] : [])(
    '8: %s gets no token of a session outside of it',
    async () => {
      const scene = await start();
      const { site, portal, home, token, picture, beta, betaPicture } = scene;
      await untilShown(scene);
      home.recorder.clear();
      const page = await pageIn(lab, `${site.url}/`);
      expect(await widthOf(page, portal.url + mediaPath(picture)), 'before a login').toBe(0);
      for (const by of ways) await call(page, portal.url, mediaPath(picture), { by });
      const bob = await logIn(page, portal.url, 'bob');
      expect((await whoami(page, portal.url, bob.token)).url).toBe(beta.url + WHOAMI);
      await lab.popup.grant(site.origin);
      await page.bringToFront();
      await untilShown({ page, portal, picture: betaPicture });
      expect(await widthOf(page, portal.url + mediaPath(picture)), "alice's picture").toBe(0);
      const tokens = home.recorder.requests(({ path }) => !path.includes('/account_data/'));
      expect(tokens.filter((each) => each.token !== null)).toEqual([]);
      expect(beta.recorder.withToken(token)).toEqual([]);
      expect(portal.recorder.requests((each) => each.token !== null)).toEqual([]);
      await untilShown(scene);
    },
  );

  describe('12: after the site data was cleared', () => {
    it.each(ways)('a forgotten password and a new login stay at the portal, by %s', async (by) => {
      const spare = await lab.homeserver({ name: 'spare', serverName: 'alpha.localhost' });
      const { page, portal, home, token } = await atHome(lab, {
        portal: { strict: false, fallback: spare.url },
      });
      portal.setRoute(() => spare.url);
      portal.faults.loginBody = (body) => naming.base_cs_url(body, home.url);
      await page.evaluate(() => {
        localStorage.clear();
        sessionStorage.clear();
      });
      await page.reload({ waitUntil: 'domcontentloaded' });
      die(home);
      for (const recorder of [portal.recorder, home.recorder]) recorder.clear();

      const atPortal = async (path: string, options: Call): Promise<void> => {
        const { status, url } = await call(page, portal.url, path, { by, ...options });
        expect(status, `${path} was answered`).not.toBe(0);
        expect(url, `${path}`).toContain(portal.url);
      };
      expect(await versions(page, portal.url, { by })).toMatchObject({ status: 200 });
      await atPortal('login', {});
      const email = { client_secret: 'secret', email: 'alice@example.org', send_attempt: 1 };
      await atPortal('account/password/email/requestToken', { method: 'POST', body: email });
      await atPortal('account/password', { method: 'POST', body: { new_password: 'pw-alice' } });
      const fresh = await logIn(page, portal.url, 'alice', { by });
      for (const path of ['account/whoami', 'sync?timeout=0', 'account/3pid']) {
        await atPortal(path, { token: fresh.token });
      }
      await atPortal('createRoom', { method: 'POST', token: fresh.token, body: {} });
      const picture = `alpha.localhost/${spare.putMedia(PIXEL, 'image/png')}`;
      await expect.poll(() => widthOf(page, portal.url + mediaPath(picture)), { timeout: 10_000 }).toBe(1);

      // the check's question, and that of a client that starts
      const others = home.recorder.all.filter(({ path }) => path !== '/_matrix/client/versions');
      expect(others, 'at the dead homeserver').toEqual([]);
      expect(home.recorder.requests((each) => each.token !== null)).toEqual([]);
      expect(portal.recorder.withToken(token), 'of the session before').toEqual([]);
    });
  });
});
