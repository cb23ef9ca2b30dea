/** Pages that reload as soon as they have an answer: what it said is known to the next document. */
import { describe, expect, it } from 'vitest';
import { startBad } from './bad-servers.ts';
import { hold } from './gate.ts';
import { kinds, useLab } from './lab.ts';
import { logIn, versions, ways, whoami } from './page-calls.ts';
import { reloadAtLogin, reloadAtRefresh } from './reload-at-once.ts';
import { expectPicture } from './worker-scene.ts';

describe.each(kinds)('%s: a page that reloads', ({ engine, form }) => {
  const lab = useLab(engine, { form, idleTimeout: 1000 });

  it.each(ways)('at once at its login is home afterwards, by %s', async (by) => {
    const [alpha, { site, page }] = await Promise.all([lab.homeserver(), lab.client()]);
    const portal = await lab.portal({ route: () => alpha.url });
    const token = await reloadAtLogin(page, portal.url, by);
    const answer = await whoami(page, portal.url, token, { by });
    expect(answer).toMatchObject({ status: 200, url: `${alpha.url}/_matrix/client/v3/account/whoami` });
    expect(portal.recorder.withToken(token)).toEqual([]);
    // the page does not wait for the background to have heard
    await expect
      .poll(() => lab.popup.sessions(site.origin), { timeout: 10_000 })
      .toMatchObject([{ standing: { at: 'home' } }]);
  });

  it.each(ways)('at once and asks for versions first is home afterwards, by %s', async (by) => {
    const [alpha, { page }] = await Promise.all([lab.homeserver(), lab.client()]);
    const portal = await lab.portal({ route: () => alpha.url });
    const token = await reloadAtLogin(page, portal.url, by);
    expect(await versions(page, portal.url, { by })).toMatchObject({ status: 200 });
    expect(await whoami(page, portal.url, token, { by })).toMatchObject({ status: 200 });
    expect(portal.recorder.withToken(token)).toEqual([]);
  });

  it.each(ways)('during the check is home afterwards, by %s', async (by) => {
    const [alpha, { site, page }] = await Promise.all([lab.homeserver(), lab.client()]);
    const portal = await lab.portal({ strict: false, route: () => alpha.url });
    const held = hold(alpha, (path) => path.endsWith('/versions'));
    const { token } = await logIn(page, portal.url, 'alice', { by });
    await expect.poll(() => alpha.recorder.requests(({ path }) => path.endsWith('/versions')).length).toBe(1);
    await page.reload({ waitUntil: 'domcontentloaded' });
    held.open();
    expect((await whoami(page, portal.url, token, { by })).url).toContain(alpha.url);
    expect(portal.recorder.withToken(token), 'a check that was broken off asks nothing else').toEqual([]);
    // the page does not wait for the background to have heard
    await expect
      .poll(() => lab.popup.sessions(site.origin), { timeout: 10_000 })
      .toMatchObject([{ standing: { at: 'home' } }]);
  });

  it.each(ways)(
    'at once and asks for versions first stays where its homeserver is dead, by %s',
    async (by) => {
      const [alpha, dead, { page }] = await Promise.all([
        lab.homeserver(),
        startBad('a dead port'),
        lab.client(),
      ]);
      const editLogin = (body: object) => ({ ...body, base_cs_url: dead.url });
      const portal = await lab.portal({ strict: false, route: () => alpha.url, editLogin });
      const token = await reloadAtLogin(page, portal.url, by);
      expect((await versions(page, portal.url, { by })).url, 'versions').toContain(portal.url);
      expect((await whoami(page, portal.url, token, { by })).url, 'whoami').toContain(portal.url);
    },
  );

  // three times: whether a message outlives its page is a race; the page worker's: worker-life.test.ts
  it.each(form === 'extension' ? [1, 2, 3] : [])(
    'at once at its login, while the background sleeps, is home afterwards (%i)',
    async () => {
      const [alpha, { site, page }] = await Promise.all([lab.homeserver(), lab.client()]);
      const portal = await lab.portal({ route: () => alpha.url });
      await lab.browser.killBackground();
      const token = await reloadAtLogin(page, portal.url, 'fetch');
      expect((await whoami(page, portal.url, token)).url).toContain(alpha.url);
      await expect
        .poll(() => lab.popup.sessions(site.origin), { timeout: 10_000 })
        .toMatchObject([{ user: alpha.userId('alice') }]);
      expect(portal.recorder.withToken(token)).toEqual([]);
    },
  );

  it.each([
    ['runs', 'fetch'],
    ['runs', 'xhr'],
    ['sleeps', 'fetch'],
    ['sleeps', 'xhr'],
  ] as const)(
    'at once at its refresh, while the background %s, keeps its new token, by %s',
    async (state, by) => {
      const [alpha, { page }] = await Promise.all([lab.homeserver(), lab.client()]);
      alpha.faults.refreshTokens = true;
      const portal = await lab.portal({ route: () => alpha.url });
      const { token, body } = await logIn(page, portal.url, 'alice', { by, extra: { refresh_token: true } });
      expect((await whoami(page, portal.url, token, { by })).status).toBe(200);
      if (state === 'sleeps') await lab.browser.killBackground();
      const next = await reloadAtRefresh(page, portal.url, String(body.refresh_token), by);
      expect(next).not.toBe(token);
      expect((await whoami(page, portal.url, next, { by })).url).toContain(alpha.url);
      // page code is at home without the page worker too
      if (form === 'worker') await expectPicture({ page, portal, home: alpha, token: next }, 'afterwards');
      expect(portal.recorder.withToken(next)).toEqual([]);
    },
  );
});
