/** A session lives on: in other documents, without a background, beside other sessions, against forgery. */
import { describe, expect, it } from 'vitest';
import { naming } from '../support/portal.ts';
import { kinds, useLab } from './lab.ts';
import { call, logIn, password, versions, ways, whoami } from './page-calls.ts';
import { sentence } from './popup-page.ts';

const WHOAMI = '/_matrix/client/v3/account/whoami';
const INDEX = '<!doctype html><title>client</title><link rel="icon" href="data:,">';

describe.each(kinds)('%s: a session', ({ engine, form }) => {
  const lab = useLab(engine, { form, idleTimeout: 1000 });

  /** A client, a portal that only logs in, alice at alpha, bob at beta. */
  async function start() {
    const [alpha, beta, client] = await Promise.all([
      lab.homeserver(),
      lab.homeserver({ name: 'beta' }),
      lab.client(),
    ]);
    const portal = await lab.portal({ route: (user) => (user === 'bob' ? beta.url : alpha.url) });
    return { alpha, beta, portal, ...client };
  }

  it.each(ways)('is there after a reload, by %s', async (by) => {
    const { alpha, portal, page } = await start();
    const { token } = await logIn(page, portal.url, 'alice', { by });
    await page.reload({ waitUntil: 'domcontentloaded' });
    for (const tokenIn of ['header', 'query'] as const) {
      const answer = await whoami(page, portal.url, token, { by, tokenIn });
      expect(answer.status, `token in the ${tokenIn}`).toBe(200);
      expect(answer.url).toContain(alpha.url + WHOAMI);
    }
    expect((await versions(page, portal.url, { by })).url, 'versions').toContain(alpha.url);
    expect(portal.recorder.withToken(token)).toEqual([]);
  });

  it.each(ways)('is there in a second tab with the same token, by %s', async (by) => {
    const { alpha, portal, page, site } = await start();
    const early = await lab.page(`${site.url}/`);
    const { token } = await logIn(page, portal.url);
    const late = await lab.page(`${site.url}/`);
    for (const tab of [early, late]) {
      const { url } = await whoami(tab, portal.url, token, { by });
      expect(url, `opened ${tab === early ? 'before' : 'after'} the login`).toBe(alpha.url + WHOAMI);
    }
    expect(portal.recorder.withToken(token)).toEqual([]);
  });

  // the page worker's death: worker-life.test.ts
  const killed = form === 'extension' ? ways : [];

  it.each(killed)('outlives the background, by %s', async (by) => {
    const { alpha, portal, page } = await start();
    const { token } = await logIn(page, portal.url);
    await lab.browser.killBackground();
    expect((await whoami(page, portal.url, token, { by })).url, 'same document').toBe(alpha.url + WHOAMI);
    await page.reload({ waitUntil: 'domcontentloaded' });
    expect((await whoami(page, portal.url, token, { by })).url, 'after a reload').toBe(alpha.url + WHOAMI);
    await lab.browser.killBackground();
    await page.reload({ waitUntil: 'domcontentloaded' });
    expect((await versions(page, portal.url, { by })).url, 'without a token').toContain(alpha.url);
    expect((await whoami(page, portal.url, token, { by })).url, 'with a token').toBe(alpha.url + WHOAMI);
    expect(portal.recorder.withToken(token)).toEqual([]);
  });

  it.each(killed)('begins although the background is not running, by %s', async (by) => {
    const { alpha, portal, page, site } = await start();
    await lab.browser.killBackground();
    const { token } = await logIn(page, portal.url, 'alice', { by });
    expect((await whoami(page, portal.url, token, { by })).url).toBe(alpha.url + WHOAMI);
    await expect.poll(() => lab.popup.sessions(site.origin)).toMatchObject([{ user: alpha.userId('alice') }]);
    expect(portal.recorder.withToken(token)).toEqual([]);
  });

  it.each(ways)('of each of two accounts has a home of its own, by %s', async (by) => {
    const { alpha, beta, portal, page } = await start();
    const alice = await logIn(page, portal.url, 'alice', { by });
    const bob = await logIn(page, portal.url, 'bob', { by });
    for (const when of ['before', 'after'] as const) {
      const answers = await Promise.all(
        [alice, bob, alice].map(({ token }) => whoami(page, portal.url, token, { by })),
      );
      expect(
        answers.map(({ url }) => url.replace(WHOAMI, '')),
        `${when} a reload`,
      ).toEqual([alpha.url, beta.url, alpha.url]);
      await page.reload({ waitUntil: 'domcontentloaded' });
    }
    expect(alpha.recorder.withToken(bob.token)).toEqual([]);
    expect(beta.recorder.withToken(alice.token)).toEqual([]);
    expect(portal.recorder.requests(({ token }) => token !== null)).toEqual([]);
  });

  it.each(ways)("does not take a stranger's token along, by %s", async (by) => {
    const { alpha, portal, page } = await start();
    await logIn(page, portal.url);
    const answer = await whoami(page, portal.url, 'syt_nobody_knows', { by });
    expect(answer).toMatchObject({ status: 401, url: portal.url + WHOAMI });
    // and whoami of our own: the token could be of a session that began before Homeward was turned on
    expect(portal.recorder.withToken('syt_nobody_knows').length).toBeGreaterThanOrEqual(1);
    expect(alpha.recorder.withToken('syt_nobody_knows')).toEqual([]);
  });

  it.each(['in the same document', 'after a reload'])(
    'is not rebound by a forged answer %s',
    async (when) => {
      const files: Record<string, string> = { '/index.html': INDEX };
      const [alpha, evil, { site, page }] = await Promise.all([
        lab.homeserver(),
        lab.homeserver({ name: 'evil' }),
        lab.client({ files }),
      ]);
      const portal = await lab.portal({ route: () => alpha.url });
      const { token, body } = await logIn(page, portal.url);
      if (when === 'after a reload') await page.reload({ waitUntil: 'domcontentloaded' });
      files['/forged/_matrix/client/v3/login'] = JSON.stringify(naming.well_known(body, evil.url));
      await logIn(page, `${site.url}/forged`);
      for (const by of ways) {
        expect((await whoami(page, portal.url, token, { by })).url).toBe(alpha.url + WHOAMI);
      }
      await page.reload({ waitUntil: 'domcontentloaded' });
      expect((await whoami(page, portal.url, token)).url, 'in a new document').toBe(alpha.url + WHOAMI);
      expect(evil.recorder.withToken(token)).toEqual([]);
      await expect.poll(() => lab.popup.sessions(site.origin)).toMatchObject([{ refused: evil.url }]);
      expect(await lab.popup.text(site.origin)).toContain(sentence('refused', evil.url));
      if (form === 'extension') expect(await lab.popup.badge(site.origin)).toBe('!');
    },
  );

  it.each(ways)('keeps its token out of the next login, by %s', async (by) => {
    const { alpha, portal, page } = await start();
    const { token } = await logIn(page, portal.url);
    for (const tokenIn of ['header', 'query'] as const) {
      portal.recorder.clear();
      const next = await logIn(page, portal.url, 'alice', { by, token, tokenIn });
      const [login, ...others] = portal.recorder.requests();
      expect(others).toEqual([]);
      expect(login, `token in the ${tokenIn}`).toMatchObject({ method: 'POST', token: null, status: 200 });
      expect(login?.url).not.toContain(token);
      expect(JSON.parse(login?.body ?? ''), 'the body is intact').toEqual(password('alice'));
      expect((await whoami(page, portal.url, next.token, { by })).url).toBe(alpha.url + WHOAMI);
    }
    expect((await whoami(page, portal.url, token, { by })).url, 'old token').toBe(alpha.url + WHOAMI);
  });

  it('tells when the homeserver of a user changed', async () => {
    const one = { serverName: 'example.org' };
    const [alpha, beta, { site, page }] = await Promise.all([
      lab.homeserver(one),
      lab.homeserver({ ...one, name: 'beta' }),
      lab.client(),
    ]);
    const portal = await lab.portal({ route: () => alpha.url });
    const before = await logIn(page, portal.url);
    await expect.poll(() => lab.popup.sessions(site.origin)).toMatchObject([{ movedFrom: null }]);
    await call(page, portal.url, 'logout', { method: 'POST', token: before.token });
    portal.setRoute(() => beta.url);
    const after = await logIn(page, portal.url);
    expect((await whoami(page, portal.url, after.token)).url).toBe(beta.url + WHOAMI);
    await expect.poll(() => lab.popup.sessions(site.origin)).toMatchObject([{ movedFrom: alpha.url }]);
    expect(await lab.popup.text(site.origin)).toContain(sentence('moved', alpha.url, beta.url));
  });

  it('leaves nothing secret on disk', async () => {
    const { alpha, portal, page } = await start();
    alpha.faults.refreshTokens = true;
    const { token, body } = await logIn(page, portal.url, 'alice', { extra: { refresh_token: true } });
    const { refresh_token } = body;
    const answer = await call(page, portal.url, 'refresh', { method: 'POST', body: { refresh_token } });
    const stranger = 'syt_nobody_knows';
    await whoami(page, portal.url, stranger);
    const text = await lab.browser.storedText();
    expect(text).toContain(alpha.userId('alice'));
    const secrets = [token, refresh_token, answer.body.access_token, answer.body.refresh_token];
    for (const secret of [...secrets, stranger, 'pw-alice']) {
      expect(secret).toBeTypeOf('string');
      expect(text).not.toContain(secret);
    }
  });
});
