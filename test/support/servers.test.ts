import http from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { startHomeserver } from './homeserver.ts';
import type { Homeserver, HomeserverOptions } from './homeserver.ts';
import { naming, startPortal } from './portal.ts';
import type { Portal, PortalOptions } from './portal.ts';
import { startSite } from './static-site.ts';

type Body = Record<string, unknown>;

const running: Array<{ close: () => Promise<void> }> = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function homeserver(options: Partial<HomeserverOptions> = {}): Promise<Homeserver> {
  const server = await startHomeserver({ name: 'alpha', users: ['alice', 'bob'], ...options });
  running.push(server);
  return server;
}

async function portal(options: Partial<PortalOptions> & Pick<PortalOptions, 'route'>): Promise<Portal> {
  const server = await startPortal({ mode: 'proxy', strict: true, ...options });
  running.push(server);
  return server;
}

/** Node does not resolve *.localhost everywhere. */
const local = (url: string) => url.replace(/\/\/[^/]+?:(?=\d)/, '//127.0.0.1:');

async function call(
  base: string,
  path: string,
  init: { token?: string; body?: unknown; method?: string } = {},
) {
  const { token, body, method = body === undefined ? 'GET' : 'POST' } = init;
  const answer = await fetch(`${local(base)}/_matrix/client/${path}`, {
    method,
    redirect: 'manual',
    headers: { origin: 'http://app.localhost', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await answer.text();
  const json: Body = text === '' ? {} : JSON.parse(text);
  return { status: answer.status, headers: answer.headers, json };
}

const password = (user: string) => ({ type: 'm.login.password', user, password: `pw-${user}` });

async function logIn(base: string, user: string, extra: Body = {}) {
  return (await call(base, 'r0/login', { body: { ...password(user), ...extra } })).json;
}

describe('homeserver sessions', () => {
  it('logs in with both forms of a user name, and by token', async () => {
    const { url, serverName } = await homeserver();
    const identifier = { type: 'm.id.user', user: `@alice:${serverName}` };
    const forms = [
      { user: 'alice', password: 'pw-alice', type: 'm.login.password' },
      { identifier, password: 'pw-alice', type: 'm.login.password' },
      { token: 'lt-alice', type: 'm.login.token' },
    ];
    for (const body of forms) {
      const { status, json } = await call(url, 'v3/login', { body });
      expect(status).toBe(200);
      expect(json.user_id).toBe('@alice:alpha.localhost');
      expect(json.access_token).toMatch(/^syt_alpha_/);
      expect(json).not.toHaveProperty('well_known');
    }
    const wrong = await call(url, 'v3/login', { body: { ...password('alice'), password: 'no' } });
    expect([wrong.status, wrong.json.errcode]).toEqual([403, 'M_FORBIDDEN']);
  });

  it('says about itself what it is told to', async () => {
    const { url, faults } = await homeserver({ names: 'both', prefix: '/hs1' });
    const named = { well_known: { 'm.homeserver': { base_url: `${url}/` } }, base_cs_url: url };
    expect(await logIn(url, 'alice')).toMatchObject(named);
    expect(url).toMatch(/\/hs1$/);
    faults.loginBody = () => ({ strange: true });
    expect(await logIn(url, 'alice')).toEqual({ strange: true });
    const outside = await fetch(`${local(url).replace('/hs1', '')}/_matrix/client/versions`);
    expect(outside.status).toBe(404);
  });

  it('refreshes: the old token dies when the new one is used', async () => {
    const { url, faults } = await homeserver();
    expect(await logIn(url, 'alice', { refresh_token: true })).not.toHaveProperty('refresh_token');
    faults.refreshTokens = true;
    const first = await logIn(url, 'alice', { refresh_token: true });
    const renew = (token: unknown) => call(url, 'v3/refresh', { body: { refresh_token: token } });
    const who = async (token: unknown) =>
      (await call(url, 'v3/account/whoami', { token: String(token) })).status;
    const second = (await renew(first.refresh_token)).json;
    expect(await who(first.access_token)).toBe(200);
    expect(await who(second.access_token)).toBe(200);
    expect(await who(first.access_token)).toBe(401);
    const again = await renew(first.refresh_token);
    expect([again.status, again.json.errcode]).toEqual([401, 'M_UNKNOWN_TOKEN']);
  });

  it('ends sessions softly and hard, by logout and by a second login of the device', async () => {
    const { url, issue, revoke } = await homeserver();
    const who = (token: string) => call(url, 'r0/account/whoami', { token });
    const { access_token: token } = issue('alice');
    revoke(token, true);
    expect((await who(token)).json).toMatchObject({ errcode: 'M_UNKNOWN_TOKEN', soft_logout: true });
    const hard = issue('alice').access_token;
    revoke(hard);
    expect((await who(hard)).json).not.toHaveProperty('soft_logout');
    const old = String((await logIn(url, 'bob', { device_id: 'D1' })).access_token);
    const current = String((await logIn(url, 'bob', { device_id: 'D1' })).access_token);
    expect([(await who(old)).status, (await who(current)).status]).toEqual([401, 200]);
    await call(url, 'r0/logout', { token: current, method: 'POST' });
    expect((await who(current)).status).toBe(401);
    expect((await call(url, 'r0/account/whoami')).json.errcode).toBe('M_MISSING_TOKEN');
  });

  it('registers after one dummy stage, and no guests', async () => {
    const { url } = await homeserver();
    const challenge = await call(url, 'r0/register', { body: { username: 'carol' } });
    expect([challenge.status, challenge.json.flows]).toEqual([401, [{ stages: ['m.login.dummy'] }]]);
    expect(challenge.json).not.toHaveProperty('errcode');
    const body = { username: 'carol', password: 'x', auth: { type: 'm.login.dummy' } };
    expect((await call(url, 'r0/register', { body })).json.user_id).toBe('@carol:alpha.localhost');
    expect((await call(url, 'r0/register?kind=guest', { body: {} })).status).toBe(403);
  });
});

describe('homeserver rooms', () => {
  it('wakes a waiting sync with a message', async () => {
    const { url, issue, createRoom, send } = await homeserver();
    const room = createRoom('alice', 'Room', ['bob']);
    const token = issue('bob').access_token;
    const initial = (await call(url, 'r0/sync', { token })).json;
    expect(initial).toHaveProperty(['rooms', 'join', room, 'timeline', 'events']);
    const waiting = call(url, `r0/sync?timeout=20000&since=${String(initial.next_batch)}`, { token });
    const started = Date.now();
    setTimeout(() => send('alice', room, 'wake up'), 50);
    const { json } = await waiting;
    expect(Date.now() - started).toBeLessThan(2000);
    expect(json).toHaveProperty(
      ['rooms', 'join', room, 'timeline', 'events', 0, 'content', 'body'],
      'wake up',
    );
  });

  it('sends once for each transaction and shows account data in the next sync', async () => {
    const { url, issue, createRoom, timeline, userId } = await homeserver();
    const room = createRoom('alice', 'Room');
    const token = issue('alice').access_token;
    const { next_batch: since } = (await call(url, 'v3/sync', { token })).json;
    const message = { msgtype: 'm.text', body: 'once' };
    for (const version of ['r0', 'v3']) {
      const path = `${version}/rooms/${room}/send/m.room.message/t1`;
      expect((await call(url, path, { token, method: 'PUT', body: message })).status).toBe(200);
    }
    expect(timeline(room)).toEqual([{ sender: userId('alice'), body: 'once' }]);
    const data = `v3/user/${encodeURIComponent(userId('alice'))}/account_data/m.identity_server`;
    expect((await call(url, data, { token })).json.errcode).toBe('M_NOT_FOUND');
    await call(url, data, { token, method: 'PUT', body: { base_url: null } });
    expect((await call(url, data, { token })).json).toEqual({ base_url: null });
    const { json } = await call(url, `v3/sync?since=${String(since)}`, { token });
    expect(json.account_data).toEqual({
      events: [{ type: 'm.identity_server', content: { base_url: null } }],
    });
    const page = await call(url, `v3/rooms/${room}/messages?dir=b&limit=1`, { token });
    expect(page.json).toHaveProperty(['chunk', 0, 'content', 'body'], 'once');
  });

  it('keeps media, with a token on the new path and without on the old one', async () => {
    const { url, issue } = await homeserver();
    const token = issue('alice').access_token;
    const upload = await fetch(`${local(url)}/_matrix/media/r0/upload?access_token=${token}`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: 'bytes',
    });
    const { content_uri: uri }: Body = await upload.json();
    const id = String(uri).replace('mxc://', '');
    const legacy = await fetch(`${local(url)}/_matrix/media/v1/thumbnail/${id}?width=1`);
    expect([legacy.headers.get('content-type'), await legacy.text()]).toEqual(['image/png', 'bytes']);
    expect((await call(url, `v1/media/download/${id}`)).status).toBe(401);
  });

  it('gives parts of a file', async () => {
    const { url, serverName, putMedia } = await homeserver();
    const id = putMedia(Buffer.from('0123456789'), 'audio/wav');
    const get = (range: string) =>
      fetch(`${local(url)}/_matrix/media/v3/download/${serverName}/${id}`, { headers: { range } });
    const rows = [
      ['bytes=0-', 206, 'bytes 0-9/10', '0123456789'],
      ['bytes=3-5', 206, 'bytes 3-5/10', '345'],
      ['bytes=8-99', 206, 'bytes 8-9/10', '89'],
      ['bytes=-2', 206, 'bytes 8-9/10', '89'],
      ['bytes=10-', 416, 'bytes */10', ''],
      ['lines=1-2', 200, null, '0123456789'],
    ] as const;
    for (const [range, status, place, body] of rows) {
      const answer = await get(range);
      const { headers } = answer;
      expect([answer.status, headers.get('content-range'), await answer.text()]).toEqual([
        status,
        place,
        body,
      ]);
      expect(headers.get('accept-ranges')).toBe('bytes');
    }
  });

  it('can be from before there was authenticated media', async () => {
    const { url, serverName, issue, putMedia } = await homeserver({ authenticatedMedia: false });
    const token = issue('alice').access_token;
    const media = `${serverName}/${putMedia(Buffer.from('bytes'), 'image/png')}`;
    for (const path of [`v1/media/download/${media}`, 'v1/media/config']) {
      const { status, json } = await call(url, path, { token });
      expect([status, json.errcode], `at ${path}`).toEqual([404, 'M_UNRECOGNIZED']);
    }
    expect((await fetch(`${local(url)}/_matrix/media/v3/download/${media}`)).status).toBe(200);
    const { versions } = (await call(url, 'versions')).json;
    expect(versions).toContain('v1.10');
    expect(versions).not.toContain('v1.11');
    expect((await call((await homeserver()).url, 'versions')).json.versions).toContain('v1.11');
  });

  it('answers with the headers of Synapse, errors and preflights included', async () => {
    const { url, recorder } = await homeserver();
    const preflight = await call(url, 'r0/nothing', { method: 'OPTIONS' });
    const missing = await call(url, 'r0/nothing');
    expect([preflight.status, missing.status, missing.json.errcode]).toEqual([204, 404, 'M_UNRECOGNIZED']);
    for (const { headers } of [preflight, missing]) {
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-expose-headers')).toBe('Synapse-Trace-Id, Server');
    }
    expect([recorder.preflights().length, recorder.requests().length]).toEqual([1, 1]);
  });
});

describe('recorder and faults', () => {
  it('sees tokens in header and query, bodies and statuses', async () => {
    const { url, recorder, issue } = await homeserver();
    const token = issue('alice').access_token;
    await call(url, 'r0/account/whoami', { token });
    await call(url, `r0/account/whoami?access_token=${token}`);
    await call(url, 'r0/refresh', { body: { refresh_token: 'x' } });
    expect(recorder.withToken(token).map((seen) => [seen.tokenIn, seen.status, seen.path])).toEqual([
      ['header', 200, '/_matrix/client/r0/account/whoami'],
      ['query', 200, '/_matrix/client/r0/account/whoami'],
    ]);
    expect(recorder.matrix().at(-1)).toMatchObject({
      body: '{"refresh_token":"x"}',
      status: 401,
      token: null,
      origin: 'http://app.localhost',
    });
  });

  it('sees who did not wait for the answer', async () => {
    const { url, recorder, faults } = await homeserver();
    const gone = new AbortController();
    faults.intercept = ({ url: asked }) => !!asked?.includes('?held');
    const path = `${local(url)}/_matrix/client/versions`;
    await fetch(path);
    const held = fetch(`${path}?held`, { signal: gone.signal });
    await expect.poll(() => recorder.requests()).toHaveLength(2);
    expect(recorder.requests()[1]).toMatchObject({ status: null, broken: false });
    gone.abort();
    await expect(held).rejects.toThrow('aborted');
    await expect.poll(() => recorder.requests()[1]).toMatchObject({ status: null, broken: true });
    expect(recorder.requests()[0]).toMatchObject({ status: 200, broken: false });
  });

  it('intercepts and delays', async () => {
    const { url, faults } = await homeserver();
    faults.intercept = (_request, response, path) => {
      if (path.endsWith('/sync')) response.writeHead(503).end();
      return path.endsWith('/sync');
    };
    faults.delay.push({ path: /versions/, ms: 60 });
    expect((await call(url, 'r0/sync')).status).toBe(503);
    const started = Date.now();
    expect((await call(url, 'versions')).status).toBe(200);
    expect(Date.now() - started).toBeGreaterThanOrEqual(55);
  });
});

describe('portal', () => {
  it('proxies a login to the homeserver of the user and edits its answer', async () => {
    const alpha = await homeserver({ names: 'both' });
    const beta = await homeserver({ name: 'beta', users: ['bob'] });
    const { url, setRoute } = await portal({
      route: (user) => (user === 'bob' ? beta.url : alpha.url),
      editLogin: naming.well_known,
    });
    const bob = await logIn(url, 'bob');
    expect(bob.access_token).toMatch(/^syt_beta_/);
    expect(bob.well_known).toEqual({ 'm.homeserver': { base_url: `${beta.url}/` } });
    const alice = await logIn(url, '@alice:alpha.localhost', { password: 'pw-alice' });
    expect(alice.access_token).toMatch(/^syt_alpha_/);
    expect(alice).not.toHaveProperty('base_cs_url');
    setRoute(() => beta.url);
    const refused = await call(url, 'v3/login', { body: password('alice') });
    expect([refused.status, refused.json.errcode]).toEqual([403, 'M_FORBIDDEN']);
    expect(refused.json).not.toHaveProperty('well_known');
  });

  it('redirects a login with 307, version and query kept', async () => {
    const alpha = await homeserver();
    const { url } = await portal({ mode: 'redirect', route: () => alpha.url });
    const { status, headers } = await call(url, 'api/v1/login?x=1', { body: password('alice') });
    expect([status, headers.get('location')]).toEqual([307, `${alpha.url}/_matrix/client/api/v1/login?x=1`]);
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect((await call(url, 'r0/login')).json).toHaveProperty('flows');
  });

  it('refuses everything but its own when strict, else passes it on', async () => {
    const alpha = await homeserver();
    const { url } = await portal({ route: () => alpha.url });
    const token = alpha.issue('alice').access_token;
    for (const path of ['r0/sync', 'versions', 'v1/media/config']) {
      const { status, json } = await call(url, path, { token });
      expect([status, json.errcode]).toEqual([401, 'M_UNKNOWN_TOKEN']);
    }
    expect(alpha.recorder.all).toEqual([]);
    expect((await call(url, 'versions')).status).toBe(200);
    expect((await call(url, 'r0/register', { body: {} })).json).toHaveProperty('flows');
    const open = await portal({ route: () => alpha.url, strict: false, prefix: '/portal' });
    expect((await call(open.url, 'r0/account/whoami', { token })).json.user_id).toBe(
      '@alice:alpha.localhost',
    );
    expect(alpha.recorder.withToken(token)).toHaveLength(1);
  });
});

describe('listening', () => {
  it('serves files with their types and replacements, and 404 for the rest', async () => {
    const files = {
      '/index.html': '<p>http://built.in</p>',
      'a.wasm': { body: Buffer.from('w'), headers: { x: 'y' } },
    };
    const site = await startSite({
      name: 'app',
      files,
      root: '.',
      replace: { 'http://built.in': 'http://real' },
    });
    running.push(site);
    const get = (path: string) => fetch(local(site.url) + path);
    expect(await (await get('/')).text()).toBe('<p>http://real</p>');
    const wasm = (await get('/a.wasm')).headers;
    expect([wasm.get('content-type'), wasm.get('x')]).toEqual(['application/wasm', 'y']);
    expect((await get('/package.json')).headers.get('content-type')).toBe('application/json');
    expect((await get('/..%2f..%2fetc/passwd')).status).toBe(404);
    expect(site.origin).toMatch(/^http:\/\/app\.localhost:\d+$/);
  });

  it('leaves nothing open after close, long polls through a portal included', async () => {
    const alpha = await homeserver();
    const { url, close } = await portal({ route: () => alpha.url, strict: false });
    const token = alpha.issue('alice').access_token;
    const poll = call(url, 'r0/sync?timeout=60000&since=s99', { token }).then(
      () => 'answered',
      () => 'broken',
    );
    await expect.poll(() => alpha.recorder.all.length).toBe(1);
    await close();
    await alpha.close();
    expect(await poll).toBe('broken');
    const port = new URL(alpha.url).port;
    const refused = new Promise((resolve) => {
      http.get({ host: '127.0.0.1', port }).once('error', (error) => resolve('code' in error && error.code));
    });
    expect(await refused).toBe('ECONNREFUSED');
    const handles = process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap');
    expect(handles).toEqual([]);
  });
});
