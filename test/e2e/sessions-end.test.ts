/** A session ends when its server says so, and goes on under new tokens. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { kinds, useLab } from './lab.ts';
import { call, logIn, versions, ways, whoami, type Way } from './page-calls.ts';

const WHOAMI = '/_matrix/client/v3/account/whoami';
const POST = { method: 'POST' };

describe.each(kinds)('%s: a session', ({ engine, form }) => {
  const lab = useLab(engine, { form });

  /** A client, and a portal that only logs in. */
  async function start() {
    const [alpha, client] = await Promise.all([lab.homeserver(), lab.client()]);
    const portal = await lab.portal({ route: () => alpha.url });
    const usersOf = async () => {
      const sessions = await lab.popup.sessions(client.site.origin);
      return sessions.map(({ user }) => user).toSorted();
    };
    /** Bob signs in. Whatever came of an answer before was told to the background before this was. */
    const bobToo = async (by: Way) => {
      const { token } = await logIn(client.page, portal.url, 'bob', { by });
      expect((await whoami(client.page, portal.url, token, { by })).status, "bob's whoami").toBe(200);
      return token;
    };
    return { alpha, portal, usersOf, bobToo, ...client };
  }

  async function asksPortal(page: Page, portal: string, by: Way, when: string): Promise<void> {
    expect((await versions(page, portal, { by })).url, `versions ${when}`).toContain(portal);
    expect((await call(page, portal, 'login', { by })).url, `login flows ${when}`).toContain(portal);
    expect((await versions(page, portal, { by })).url, `versions after the flows ${when}`).toContain(portal);
  }

  it.each(ways)('ends with a logout, by %s', async (by) => {
    const { alpha, portal, page, usersOf } = await start();
    const { token } = await logIn(page, portal.url, 'alice', { by });
    expect((await versions(page, portal.url, { by })).url, 'versions before').toContain(alpha.url);
    await expect.poll(usersOf).toEqual([alpha.userId('alice')]);
    const answer = await call(page, portal.url, 'logout', { ...POST, token, by });
    expect(answer).toMatchObject({ status: 200, url: `${alpha.url}/_matrix/client/v3/logout` });
    await asksPortal(page, portal.url, by, 'in the same document');
    await expect.poll(usersOf, { message: 'sessions on disk' }).toEqual([]);
    await page.reload({ waitUntil: 'domcontentloaded' });
    await asksPortal(page, portal.url, by, 'after a reload');
    expect(portal.recorder.withToken(token)).toEqual([]);
  });

  it("ends alone when it logs out, and with all of its user's by logout/all", async () => {
    const { alpha, portal, page, usersOf } = await start();
    const logOut = (path: string, token: string) => call(page, portal.url, path, { ...POST, token });
    const first = await logIn(page, portal.url);
    const second = await logIn(page, portal.url);
    const bob = await logIn(page, portal.url, 'bob');
    const third = await logIn(page, portal.url);
    await logOut('logout', first.token);
    const [alice, bobby] = [alpha.userId('alice'), alpha.userId('bob')];
    await expect.poll(usersOf, { message: 'after logout' }).toEqual([alice, alice, bobby]);
    expect((await whoami(page, portal.url, second.token)).status, 'the others live').toBe(200);
    await logOut('logout/all', third.token);
    await expect.poll(usersOf, { message: 'after logout/all' }).toEqual([bobby]);
    expect((await whoami(page, portal.url, bob.token)).url).toBe(alpha.url + WHOAMI);
    expect((await versions(page, portal.url)).url, "bob's document").toContain(alpha.url);
    expect(portal.recorder.requests(({ token }) => token !== null)).toEqual([]);
  });

  it.each(ways)('outlives a soft logout, and no hard one, by %s', async (by) => {
    const { alpha, portal, page, usersOf, bobToo } = await start();
    const soft = await logIn(page, portal.url, 'alice', { by });
    alpha.revoke(soft.token, true);
    const { body, status } = await whoami(page, portal.url, soft.token, { by });
    expect([status, body.soft_logout]).toEqual([401, true]);
    const hard = await bobToo(by);
    const [alice, bob] = [alpha.userId('alice'), alpha.userId('bob')];
    expect(await usersOf(), 'after the soft logout').toEqual([alice, bob]);
    expect((await whoami(page, portal.url, soft.token, { by })).url, 'still routed').toBe(alpha.url + WHOAMI);
    alpha.revoke(hard);
    expect((await whoami(page, portal.url, hard, { by })).status).toBe(401);
    await expect.poll(usersOf, { message: 'after the hard logout' }).toEqual([alice]);
    expect((await whoami(page, portal.url, hard, { by })).url, 'dead token').toBe(alpha.url + WHOAMI);
    expect(portal.recorder.requests(({ token }) => token !== null)).toEqual([]);
  });

  it.each(ways)('does not end by what another server says of its token, by %s', async (by) => {
    const { alpha, portal, page, site, usersOf, bobToo } = await start();
    const other = await lab.homeserver({ name: 'other' });
    const { token } = await logIn(page, portal.url, 'alice', { by });
    expect((await whoami(page, other.url, token, { by })).status, 'told by the other').toBe(401);
    await bobToo(by);
    expect(await usersOf()).toEqual([alpha.userId('alice'), alpha.userId('bob')]);
    expect((await whoami(page, portal.url, token, { by })).status).toBe(200);
    expect(await lab.popup.text(site.origin)).toContain(alpha.userId('alice'));
  });

  it.each(ways)('goes on under refreshed tokens, by %s', async (by) => {
    const { alpha, portal, page, usersOf } = await start();
    alpha.faults.refreshTokens = true;
    const first = await logIn(page, portal.url, 'alice', { by, extra: { refresh_token: true } });
    expect(first.body.refresh_token).toBeTypeOf('string');
    let { token } = first;
    let { refresh_token } = first.body;
    for (const when of ['in the document of the login', 'in another', 'in a third']) {
      const refreshed = await call(page, portal.url, 'refresh', { ...POST, by, body: { refresh_token } });
      expect(refreshed.url, `the refresh ${when}`).toBe(`${alpha.url}/_matrix/client/v3/refresh`);
      expect(refreshed.status).toBe(200);
      expect(refreshed.body.access_token).not.toBe(token);
      token = String(refreshed.body.access_token);
      ({ refresh_token } = refreshed.body);
      const answer = await whoami(page, portal.url, token, { by });
      expect(answer, `the new token ${when}`).toMatchObject({ status: 200, url: alpha.url + WHOAMI });
      await page.reload({ waitUntil: 'domcontentloaded' });
    }
    expect((await whoami(page, portal.url, token, { by })).url, 'used by a new document').toContain(
      alpha.url,
    );
    expect(portal.recorder.requests(({ path }) => !path.endsWith('/login'))).toEqual([]);
    expect(await usersOf()).toEqual([alpha.userId('alice')]);
  });

  it.each(ways)('is not ended by its token from before a refresh, by %s', async (by) => {
    const { alpha, portal, page, usersOf, bobToo } = await start();
    alpha.faults.refreshTokens = true;
    const old = await logIn(page, portal.url, 'alice', { by, extra: { refresh_token: true } });
    const { refresh_token } = old.body;
    const { body } = await call(page, portal.url, 'refresh', { ...POST, by, body: { refresh_token } });
    const token = String(body.access_token);
    expect((await whoami(page, portal.url, token, { by })).status).toBe(200);
    expect((await whoami(page, portal.url, old.token, { by })).status, 'the old token').toBe(401);
    await bobToo(by);
    expect(await usersOf()).toEqual([alpha.userId('alice'), alpha.userId('bob')]);
    await page.reload({ waitUntil: 'domcontentloaded' });
    expect((await whoami(page, portal.url, token, { by })).url).toBe(alpha.url + WHOAMI);
  });
});
