/** Logins that name a dead, wrong or unsafe server: nobody is stranded, and no token goes astray. */
import { describe, expect, it } from 'vitest';
import { naming } from '../support/portal.ts';
import { answersPages, BAD_SERVERS, startBad } from './bad-servers.ts';
import { kinds, sample, useLab } from './lab.ts';
import { call, logIn, password, versions, ways, whoami } from './page-calls.ts';
import { sentence } from './popup-page.ts';

const NAMES = [
  ['a script', 'javascript:alert(1)', 'reason_scheme'],
  ['a number', 42, 'reason_not_a_string'],
  ['an object', { base_url: 'http://named.localhost' }, 'reason_not_a_string'],
  ['an array', ['http://named.localhost'], 'reason_not_a_string'],
  ['an empty string', '', 'reason_empty'],
  ['an endless string', `http://named.localhost/${'x'.repeat(70_000)}`, 'reason_too_long'],
] as const;

const wellKnown = (base_url: unknown) => ({ well_known: { 'm.homeserver': { base_url } } });
const reasonOf = (bad: (typeof BAD_SERVERS)[number]): string =>
  sentence(answersPages(bad) ? 'reason_not_a_homeserver' : 'reason_unreachable');

describe.each(kinds)('%s: a login that names', ({ engine, form }) => {
  const lab = useLab(engine, { form, hosts: ['client.test', 'portal.test'], controlled: false });

  describe('a server, answered by a portal that honours its token:', () => {
    it.each(sample(form, BAD_SERVERS, 3))('%s leaves the client at the portal', async (bad) => {
      const [alpha, named, { site, page }] = await Promise.all([
        lab.homeserver(),
        startBad(bad),
        lab.client(),
      ]);
      const editLogin = (body: object) => ({ ...body, ...wellKnown(`${named.url}/`) });
      const portal = await lab.portal({ strict: false, route: () => alpha.url, editLogin });
      const { token } = await logIn(page, portal.url);
      for (const by of ways) {
        const answer = await whoami(page, portal.url, token, { by });
        expect(answer.status, `whoami by ${by}`).toBe(200);
        expect(answer.url, 'who answers').toContain(portal.url);
      }
      expect(named.recorder.withToken(token), 'the named server gets no token').toEqual([]);
      const shown = await lab.popup.text(site.origin);
      expect(shown).toContain(reasonOf(bad));
      expect(shown).toContain(sentence('staysAtPortal'));
      await named.close();
    });
  });

  describe('a server, answered by a portal that only logs in:', () => {
    it.each(sample(form, BAD_SERVERS, 3))('%s is followed', async (bad) => {
      const [alpha, named, { site, page }] = await Promise.all([
        lab.homeserver(),
        startBad(bad),
        lab.client(),
      ]);
      const editLogin = (body: object) => ({ ...body, ...wellKnown(named.url) });
      const portal = await lab.portal({ route: () => alpha.url, editLogin });
      const { token } = await logIn(page, portal.url);
      const answer = await whoami(page, portal.url, token);
      expect(answer.url).toBe(answersPages(bad) ? `${named.url}/_matrix/client/v3/account/whoami` : '');
      const atTarget = named.recorder.withToken(token).filter(({ path }) => path.endsWith('/whoami'));
      expect(atTarget.length, 'at the target').toBe(answersPages(bad) ? 1 : 0);
      const asked = portal.recorder.withToken(token).map(({ path, status }) => [path, status]);
      expect(asked, "the check's one question").toEqual([['/_matrix/client/r0/account/whoami', 401]]);
      expect(await lab.popup.text(site.origin)).toContain(named.url);
      await named.close();
    });
  });

  describe('a server, after a 307:', () => {
    it.each(sample(form, BAD_SERVERS, 3))(
      '%s is followed, and the portal never sees the token',
      async (bad) => {
        const [alpha, named, { page }] = await Promise.all([lab.homeserver(), startBad(bad), lab.client()]);
        const portal = await lab.portal({ mode: 'redirect', route: () => alpha.url });
        alpha.faults.loginBody = (body) => ({ ...body, ...wellKnown(named.url) });
        const { token, url } = await logIn(page, portal.url);
        expect(url).toBe(`${alpha.url}/_matrix/client/v3/login`);
        const answer = await whoami(page, portal.url, token);
        expect(answer.url).toBe(answersPages(bad) ? `${named.url}/_matrix/client/v3/account/whoami` : '');
        expect(portal.recorder.withToken(token)).toEqual([]);
        await named.close();
      },
    );
  });

  describe('what is no server:', () => {
    it.each(sample(form, NAMES, 5))('%s leaves the client at the portal', async (_title, value, reason) => {
      const [alpha, { site, page }] = await Promise.all([lab.homeserver(), lab.client()]);
      for (const edit of [wellKnown(value), { base_cs_url: value }]) {
        const editLogin = (body: object) => ({ ...body, ...edit });
        const portal = await lab.portal({ strict: false, route: () => alpha.url, editLogin });
        const { token } = await logIn(page, portal.url);
        expect(await whoami(page, portal.url, token)).toMatchObject({ status: 200 });
        const asked = portal.recorder.withToken(token).filter(({ path }) => path.endsWith('/whoami'));
        expect(asked.length, 'at the portal').toBe(1);
        const shown = await lab.popup.text(site.origin);
        expect(shown).toContain(portal.url);
        expect(shown).toContain(sentence(reason));
      }
    });

    it.each(sample(form, NAMES, 5))(
      '%s after a 307 counts for nothing: the server that answered does',
      async (_title, value) => {
        const [alpha, { site, page }] = await Promise.all([lab.homeserver(), lab.client()]);
        const portal = await lab.portal({ mode: 'redirect', route: () => alpha.url });
        alpha.faults.loginBody = (body) => ({ ...body, ...wellKnown(value) });
        const { token } = await logIn(page, portal.url);
        const answer = await whoami(page, portal.url, token);
        expect(answer).toMatchObject({ status: 200, url: `${alpha.url}/_matrix/client/v3/account/whoami` });
        expect(portal.recorder.withToken(token)).toEqual([]);
        expect(await lab.popup.text(site.origin)).toContain(sentence('namedBy_final_url'));
      },
    );
  });

  // the page worker does not run at an origin that is not secure
  const remote = form === 'extension' ? ['client.test'] : [];
  it.each(remote)('this very computer, from %s, is not followed', async (host) => {
    const [alpha, beta, { site, page }] = await Promise.all([
      lab.homeserver(),
      lab.homeserver({ name: 'beta' }),
      lab.client({ host }),
    ]);
    const editLogin = (body: object) => ({ ...body, base_cs_url: beta.url });
    const route = () => alpha.url;
    const portal = await lab.portal({ strict: false, host: 'portal.test', route, editLogin });
    const { token } = await logIn(page, portal.url);
    expect(await whoami(page, portal.url, token)).toMatchObject({ status: 200 });
    expect(beta.recorder.all, 'nothing at all goes to the named server').toEqual([]);
    expect(await lab.popup.text(site.origin)).toContain(sentence('reason_loopback_from_remote'));
  });

  it('a slow server follows it', async () => {
    const [alpha, { site, page }] = await Promise.all([lab.homeserver(), lab.client()]);
    alpha.faults.delay.push({ path: /\/versions$/, ms: 3000 });
    const portal = await lab.portal({ strict: false, route: () => alpha.url });
    const { token } = await logIn(page, portal.url);
    const began = Date.now();
    const answer = await whoami(page, portal.url, token);
    expect(Date.now() - began, 'ms that the first request was held').toBeLessThan(3000);
    expect(answer.url).toBe(`${alpha.url}/_matrix/client/v3/account/whoami`);
    expect(portal.recorder.withToken(token)).toEqual([]);
    expect(await lab.popup.text(site.origin)).toContain(sentence('namedBy_base_cs_url'));
  });

  it.each(ways)('300 KB of junk beside a server passes unread, by %s', async (by) => {
    const [alpha, { site, page }] = await Promise.all([lab.homeserver(), lab.client()]);
    const junk = 'x'.repeat(300 * 1024);
    const editLogin = (body: Record<string, unknown>) => ({ ...naming.base_cs_url(body, alpha.url), junk });
    const portal = await lab.portal({ strict: false, route: () => alpha.url, editLogin });
    const { token, body } = await logIn(page, portal.url, 'alice', { by });
    expect(body.junk, 'the page gets all of it').toBe(junk);
    expect((await whoami(page, portal.url, token, { by })).url).toContain(portal.url);
    // whose token it is, the portal says when it is used
    await expect
      .poll(() => lab.popup.text(site.origin), { timeout: 10_000 })
      .toContain(sentence('reason_adopted'));
  });

  it.each(ways)('nothing, being HTML, passes as it is, by %s', async (by) => {
    const [alpha, { site, page }] = await Promise.all([lab.homeserver(), lab.client()]);
    const portal = await lab.portal({ strict: false, route: () => alpha.url });
    const html = '<!doctype html><h1>Bad gateway</h1>';
    portal.faults.intercept = (request, response, path) => {
      const isLogin = request.method === 'POST' && path.endsWith('/login');
      if (isLogin) response.writeHead(200, { 'content-type': 'text/html' }).end(html);
      return isLogin;
    };
    await expect(logIn(page, portal.url, 'alice', { by })).rejects.toThrow(html);
    expect((await versions(page, portal.url, { by })).url).toContain(portal.url);
    expect(await lab.popup.text(site.origin)).toContain(sentence('noSessions'));
  });

  it('a server, in answer to an endless URL, is followed all the same', async () => {
    const [alpha, { page }] = await Promise.all([lab.homeserver(), lab.client()]);
    const portal = await lab.portal({ route: () => alpha.url });
    const login = await call(page, portal.url, `login?x=${'x'.repeat(5000)}`, {
      method: 'POST',
      body: password('alice'),
    });
    const token = String(login.body.access_token);
    expect(await whoami(page, portal.url, token)).toMatchObject({ status: 200 });
    expect(portal.recorder.withToken(token)).toEqual([]);
  });

  it.each([
    ['cannot be reached', 'reason_unreachable'],
    ['is no homeserver', 'reason_not_a_homeserver'],
  ] as const)('a server that %s at first is taken home by a later page start', async (_title, reason) => {
    const [alpha, { site, page }] = await Promise.all([lab.homeserver(), lab.client()]);
    const portal = await lab.portal({ strict: false, route: () => alpha.url });
    alpha.faults.intercept = (_request, response, path) => {
      if (!path.endsWith('/versions')) return false;
      if (reason === 'reason_unreachable') response.removeHeader('access-control-allow-origin');
      else response.writeHead(502).end('Bad gateway');
      return response.headersSent;
    };
    const { token } = await logIn(page, portal.url);
    expect((await whoami(page, portal.url, token)).url).toContain(portal.url);
    expect(await lab.popup.text(site.origin)).toContain(sentence(reason));
    alpha.faults.intercept = null;
    expect((await whoami(page, portal.url, token)).url, 'no change in a living page').toContain(portal.url);
    await page.reload({ waitUntil: 'domcontentloaded' });
    await expect
      .poll(async () => (await whoami(page, portal.url, token)).url, { timeout: 5000 })
      .toContain(alpha.url);
    expect(await lab.popup.text(site.origin)).toContain(sentence('namedBy_base_cs_url'));
  });
});
