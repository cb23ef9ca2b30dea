import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { startHomeserver } from './homeserver.ts';
import type { Homeserver } from './homeserver.ts';
import { startIdentityServer } from './identity-server.ts';
import type { IdentityServer, IdentityServerOptions } from './identity-server.ts';

type Body = Record<string, unknown>;

const running: Array<{ close: () => Promise<void> }> = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function identity(options: Partial<IdentityServerOptions> = {}): Promise<IdentityServer> {
  const server = await startIdentityServer({ name: 'is', ...options });
  running.push(server);
  return server;
}

async function homeserver(): Promise<Homeserver> {
  const server = await startHomeserver({ name: 'alpha', users: ['alice', 'bob'] });
  running.push(server);
  return server;
}

/** Node does not resolve *.localhost everywhere. */
const local = (url: string) => url.replace(/\/\/[^/]+?:(?=\d)/, '//127.0.0.1:');

interface Init {
  token?: string;
  body?: unknown;
  form?: Record<string, string>;
  method?: string;
}

async function call(base: string, path: string, { token, body, form, method }: Init = {}) {
  const sent = form ? new URLSearchParams(form) : body === undefined ? null : JSON.stringify(body);
  const answer = await fetch(`${local(base)}/_matrix/${path}`, {
    method: method ?? (sent === null ? 'GET' : 'POST'),
    redirect: 'manual',
    headers: token ? { authorization: `Bearer ${token}` } : {},
    body: sent,
  });
  const text = await answer.text();
  const json: Body = text === '' ? {} : JSON.parse(text);
  return { status: answer.status, headers: answer.headers, json };
}

const outcome = ({ status, json }: { status: number; json: Body }) => [status, json.errcode];

const openId = (token: string) => ({
  access_token: token,
  token_type: 'Bearer',
  matrix_server_name: 'alpha.localhost',
  expires_in: 3600,
});

async function register(url: string, token = 'any'): Promise<string> {
  const { json } = await call(url, 'identity/v2/account/register', { body: openId(token) });
  return String(json.token);
}

const ALICE = '@alice:alpha.localhost';
const MAIL = { client_secret: 's1', email: 'Alice@Example.com', send_attempt: 1 };

describe('identity server accounts', () => {
  it('answers pings and versions under its prefix only, with CORS', async () => {
    const { url, idServer } = await identity({ prefix: '/is1' });
    expect(url).toBe(`http://${idServer}`);
    expect(idServer).toMatch(/^is\.localhost:\d+\/is1$/);
    for (const path of ['identity/v2', 'identity/api/v1']) {
      const { status, headers, json } = await call(url, path);
      expect([status, json, headers.get('access-control-allow-origin')]).toEqual([200, {}, '*']);
    }
    expect((await call(url, 'identity/versions')).json.versions).toContain('r0.3.0');
    expect((await call(url.replace('/is1', ''), 'identity/v2')).status).toBe(404);
    expect(outcome(await call(url, 'identity/v2/nothing'))).toEqual([404, 'M_UNRECOGNIZED']);
    expect(outcome(await call(url, 'identity/v2/account/register'))).toEqual([405, 'M_UNRECOGNIZED']);
  });

  it('exchanges the OpenID token of a homeserver for its own', async () => {
    const alpha = await homeserver();
    const { url, tokens, revoke } = await identity({ whoIs: alpha.openIdUser });
    const { access_token: token } = alpha.issue('alice');
    const path = `client/v3/user/${encodeURIComponent(ALICE)}/openid/request_token`;
    const { json: body } = await call(alpha.url, path, { token, body: {} });
    const issued = (await call(url, 'identity/v2/account/register', { body })).json;
    expect(tokens()).toEqual([issued.token]);
    const account = 'identity/v2/account';
    expect((await call(url, account, { token: tokens()[0] ?? '' })).json).toEqual({ user_id: ALICE });
    expect((await call(url, `${account}?access_token=${tokens()[0]}`)).status).toBe(200);
    revoke(tokens()[0] ?? '');
    for (const bad of [tokens()[0] ?? '', token, '']) {
      expect(outcome(await call(url, account, { token: bad }))).toEqual([401, 'M_UNAUTHORIZED']);
    }
    const refused = await call(url, 'identity/v2/account/register', { body: openId('other') });
    expect(outcome(refused)).toEqual([401, 'M_UNAUTHORIZED']);
    const incomplete = await call(url, 'identity/v2/account/register', { body: {} });
    expect(outcome(incomplete)).toEqual([400, 'M_MISSING_PARAMS']);
  });

  it('wants its terms accepted first, and ends tokens', async () => {
    const policy = { version: '1', name: 'Privacy', url: 'https://is/privacy' };
    const { url } = await identity({ terms: { privacy: policy } });
    const token = await register(url);
    for (const path of ['account', 'hash_details']) {
      expect(outcome(await call(url, `identity/v2/${path}`, { token }))).toEqual([403, 'M_TERMS_NOT_SIGNED']);
    }
    const { policies } = (await call(url, 'identity/v2/terms')).json;
    expect(policies).toEqual({ privacy: { version: '1', en: { name: policy.name, url: policy.url } } });
    await call(url, 'identity/v2/terms', { token, body: { user_accepts: [policy.url] } });
    expect((await call(url, 'identity/v2/account', { token })).status).toBe(200);
    expect((await call(url, 'identity/v2/account/logout', { token, body: {} })).status).toBe(200);
    const again = await call(url, 'identity/v2/account/logout', { token, body: {} });
    expect(outcome(again)).toEqual([401, 'M_UNKNOWN_TOKEN']);
  });
});

describe('identity server addresses', () => {
  it('finds bindings by hash, by text and without any token in version 1', async () => {
    const { url, bind } = await identity();
    bind('email', 'Alice@example.com', ALICE);
    const token = await register(url);
    const { lookup_pepper: pepper } = (await call(url, 'identity/v2/hash_details', { token })).json;
    const ask = (body: Body) => call(url, 'identity/v2/lookup', { token, body: { pepper, ...body } });
    const text = `alice@example.com email ${String(pepper)}`;
    const hash = createHash('sha256').update(text).digest('base64url');
    const hashed = await ask({ algorithm: 'sha256', addresses: [hash, 'other'] });
    expect(hashed.json).toEqual({ mappings: { [hash]: ALICE } });
    const plain = await ask({ algorithm: 'none', addresses: ['alice@example.com email', 'x@y email'] });
    expect(plain.json).toEqual({ mappings: { 'alice@example.com email': ALICE } });
    const stale = await ask({ algorithm: 'none', addresses: [], pepper: 'old' });
    expect(stale.json).toMatchObject({ errcode: 'M_INVALID_PEPPER', lookup_pepper: pepper });
    const one = 'identity/api/v1/lookup?medium=email&address=alice%40example.com';
    expect((await call(url, one)).json).toMatchObject({ mxid: ALICE, medium: 'email' });
    const threepids = [
      ['email', 'alice@example.com'],
      ['msisdn', '123'],
    ];
    const many = await call(url, 'identity/api/v1/bulk_lookup', { body: { threepids } });
    expect(many.json).toEqual({ threepids: [['email', 'alice@example.com', ALICE]] });
  });

  it('validates, binds and unbinds an address, JSON and forms', async () => {
    const { url, code, bindings, recorder } = await identity({ whoIs: () => ALICE });
    const token = await register(url);
    const start = 'identity/v2/validate/email/requestToken';
    expect(outcome(await call(url, start, { body: MAIL }))).toEqual([401, 'M_UNAUTHORIZED']);
    const { sid } = (await call(url, start, { token, body: MAIL })).json;
    const proof = { sid: String(sid), client_secret: 's1' };
    const publish = () => call(url, 'identity/v2/3pid/bind', { token, body: { ...proof, mxid: ALICE } });
    expect(outcome(await publish())).toEqual([400, 'M_SESSION_NOT_VALIDATED']);
    const submit = 'identity/v2/validate/email/submitToken';
    const wrong = await call(url, submit, { token, body: { ...proof, token: 'no' } });
    expect(wrong.json).toEqual({ success: false });
    const form = { ...proof, token: code(String(sid)) };
    expect((await call(url, submit, { token, form })).json).toEqual({ success: true });
    expect(recorder.all.at(-1)?.body).toBe(new URLSearchParams(form).toString());
    const validated = `identity/v2/3pid/getValidated3pid?sid=${String(sid)}&client_secret=s1`;
    expect((await call(url, validated, { token })).json).toMatchObject({ address: 'alice@example.com' });
    expect((await publish()).status).toBe(200);
    const bound = { medium: 'email', address: 'alice@example.com' };
    expect(bindings()).toEqual([{ ...bound, mxid: ALICE }]);
    await call(url, 'identity/v2/3pid/unbind', { token, body: { mxid: ALICE, threepid: bound } });
    expect(bindings()).toEqual([]);
  });

  it('validates phone numbers by a form and a link, in version 1', async () => {
    const { url, code } = await identity();
    const form = { client_secret: 's', country: 'GB', phone_number: '07700 900001', send_attempt: '1' };
    const link = { ...form, next_link: 'https://app/next' };
    const { sid } = (await call(url, 'identity/api/v1/validate/msisdn/requestToken', { form: link })).json;
    const query = new URLSearchParams({ sid: String(sid), client_secret: 's', token: code(String(sid)) });
    const opened = await call(url, `identity/api/v1/validate/msisdn/submitToken?${query.toString()}`);
    expect([opened.status, opened.headers.get('location')]).toEqual([302, 'https://app/next']);
    const bound = await call(url, 'identity/api/v1/3pid/bind', {
      form: { sid: String(sid), client_secret: 's', mxid: ALICE },
    });
    expect(bound.json).toMatchObject({ medium: 'msisdn', address: '447700900001', mxid: ALICE });
  });

  it('keeps invites and says which keys are its own', async () => {
    const { url, bind } = await identity();
    const token = await register(url);
    const invite = { medium: 'email', address: 'bob@example.com', room_id: '!r:x', sender: ALICE };
    const { json } = await call(url, 'identity/v2/store-invite', { token, body: invite });
    expect(json).toHaveProperty(['public_keys', 0, 'key_validity_url']);
    const { public_key: key } = (await call(url, 'identity/v2/pubkey/ed25519:0')).json;
    const valid = await call(url, `identity/v2/pubkey/isvalid?public_key=${encodeURIComponent(String(key))}`);
    expect(valid.json).toEqual({ valid: true });
    bind('email', 'bob@example.com', '@bob:x');
    const known = await call(url, 'identity/v2/store-invite', { token, body: invite });
    expect(known.json).toMatchObject({ errcode: 'M_THREEPID_IN_USE', mxid: '@bob:x' });
  });
});

const DATA = 'm.identity_server';
const is = (base: string) => ({ base_url: `https://${base}` });
const event = (content: Body) => ({ type: DATA, content });
const dataPath = `client/v3/user/${encodeURIComponent(ALICE)}/account_data/${DATA}`;

describe('homeserver account data', () => {
  it('is set and removed from outside, and refused to others', async () => {
    const { url, issue, accountData, setAccountData, recorder } = await homeserver();
    const { access_token: token } = issue('alice');
    expect(accountData('alice', DATA)).toBeUndefined();
    setAccountData('alice', DATA, is('a'));
    expect((await call(url, dataPath, { token })).json).toEqual(is('a'));
    await call(url, dataPath, { token, body: is('b'), method: 'PUT' });
    expect(accountData('alice', DATA)).toEqual(is('b'));
    const writes = recorder.requests(({ method }) => method === 'PUT');
    expect(writes.map(({ body }) => JSON.parse(body))).toEqual([is('b')]);
    setAccountData('alice', DATA, null);
    expect(accountData('alice', DATA)).toBeUndefined();
    expect(outcome(await call(url, dataPath, { token }))).toEqual([404, 'M_NOT_FOUND']);
    const { access_token: other } = issue('bob');
    expect(outcome(await call(url, dataPath, { token: other }))).toEqual([403, 'M_FORBIDDEN']);
  });

  it('wakes a waiting sync, and a later first sync does not show what is gone', async () => {
    const { url, issue, setAccountData } = await homeserver();
    const { access_token: token } = issue('alice');
    const sync = async (query = '') =>
      (await call(url, `client/v3/sync?timeout=20000${query}`, { token })).json;
    let { next_batch: since } = await sync();
    for (const content of [is('a'), null]) {
      setTimeout(() => setAccountData('alice', DATA, content), 20);
      const json = await sync(`&since=${String(since)}`);
      expect(json.account_data).toEqual({ events: [event(content ?? {})] });
      since = json.next_batch;
    }
    expect(JSON.stringify((await sync()).account_data)).not.toContain(DATA);
  });

  it('comes by sliding sync when that asks for it', async () => {
    const { url, issue, setAccountData } = await homeserver();
    const { access_token: token } = issue('alice');
    setAccountData('alice', DATA, is('a'));
    const body = { lists: { all: { ranges: [[0, 9]] } }, extensions: { account_data: { enabled: true } } };
    const path = 'client/unstable/org.matrix.simplified_msc3575/sync?timeout=20000';
    const first = (await call(url, path, { token, body })).json;
    expect(first).toMatchObject({ lists: { all: { count: 0 } }, rooms: {} });
    expect(first).toHaveProperty(['extensions', 'account_data', 'global', 0], event(is('a')));
    setTimeout(() => setAccountData('alice', DATA, is('b')), 20);
    const { json } = await call(url, `${path}&pos=${String(first.pos)}`, { token, body });
    expect(json.extensions).toEqual({ account_data: { global: [event(is('b'))], rooms: {} } });
    const silent = await call(url, path.replace('20000', '0'), { token, body: {} });
    expect(silent.json.extensions).toEqual({});
    expect(outcome(await call(url, `${path}&pos=x`, { token, body }))).toEqual([400, 'M_UNKNOWN_POS']);
  });

  it('comes by the deprecated streams', async () => {
    const { url, issue, setAccountData, createRoom, send } = await homeserver();
    const { access_token: token } = issue('alice');
    const room = createRoom('alice', 'Room');
    setAccountData('alice', DATA, is('a'));
    const first = (await call(url, 'client/api/v1/initialSync', { token })).json;
    expect(first.account_data).toContainEqual(event(is('a')));
    expect(first).toHaveProperty(['rooms', 0, 'room_id'], room);
    const events = (from: unknown) => `client/r0/events?from=${String(from)}&timeout=20000`;
    setTimeout(() => setAccountData('alice', DATA, is('b')), 20);
    const { json } = await call(url, events(first.end), { token });
    expect(json.chunk).toEqual([event(is('b'))]);
    send('alice', room, 'hello');
    const later = await call(url, events(json.end), { token });
    expect(later.json).toHaveProperty(['chunk', 0, 'room_id'], room);
  });
});

describe('homeserver third-party identifiers', () => {
  it('adds, lists and deletes addresses and records what bodies name', async () => {
    const { url, issue, setThreepids, recorder } = await homeserver();
    const { access_token: token } = issue('alice');
    const post = (path: string, body: unknown) => call(url, `client/v3/account/${path}`, { token, body });
    const list = async () => (await call(url, 'client/v3/account/3pid', { token })).json.threepids;
    setThreepids('alice', [{ medium: 'msisdn', address: '447700900001' }]);
    const named = { id_server: 'is:1/x', id_access_token: 'is_1' };
    const { sid } = (await post('3pid/email/requestToken', { ...MAIL, ...named })).json;
    expect(JSON.parse(recorder.all.at(-1)?.body ?? '')).toMatchObject(named);
    await post('3pid/add', { sid, client_secret: 's1' });
    expect(await list()).toMatchObject([{ medium: 'msisdn' }, { medium: 'email', address: MAIL.email }]);
    expect((await post('3pid/bind', { sid, client_secret: 's1', ...named })).json).toEqual({});
    expect(outcome(await post('3pid/bind', { sid }))).toEqual([400, 'M_MISSING_PARAM']);
    const address = { medium: 'email', address: MAIL.email };
    for (const path of ['3pid/unbind', '3pid/delete']) {
      expect((await post(path, { ...address, ...named })).json.id_server_unbind_result).toBe('success');
    }
    expect(await list()).toMatchObject([{ medium: 'msisdn' }]);
  });

  it('invites by address, with POST and once for each PUT', async () => {
    const { url, issue } = await homeserver();
    const { access_token: token } = issue('alice');
    const invite = { medium: 'email', address: 'x@y', id_server: 'is', id_access_token: 't' };
    const body = { invite_3pid: [invite] };
    const rooms: unknown[] = [];
    for (const method of ['POST', 'PUT', 'PUT']) {
      const path = method === 'POST' ? 'client/v3/createRoom' : 'client/v3/createRoom/t1';
      rooms.push((await call(url, path, { token, body, method })).json.room_id);
    }
    expect([rooms[1] === rooms[2], rooms[0] === rooms[1]]).toEqual([true, false]);
    const path = `client/v3/rooms/${String(rooms[0])}`;
    await call(url, `${path}/invite`, { token, body: invite });
    for (const _ of [1, 2]) await call(url, `${path}/invite/t1`, { token, body: invite, method: 'PUT' });
    const { chunk } = (await call(url, `${path}/messages?limit=50`, { token })).json;
    const types = Array.isArray(chunk) ? chunk.map((one: Body) => one.type) : [];
    expect(types.filter((type) => type === 'm.room.third_party_invite')).toHaveLength(3);
    const bare = await call(url, `${path}/invite`, { token, body: { medium: 'email', address: 'x@y' } });
    expect(outcome(bare)).toEqual([400, 'M_MISSING_PARAM']);
  });

  it('lets people prove themselves by an address', async () => {
    const { url, issue, setThreepids } = await homeserver();
    setThreepids('alice', [{ medium: 'email', address: MAIL.email }]);
    const { sid } = (await call(url, 'client/r0/account/password/email/requestToken', { body: MAIL })).json;
    const creds = { sid, client_secret: 's1', id_server: 'is' };
    const auth = { type: 'm.login.email.identity', threepidCreds: [creds] };
    const change = { new_password: 'new', auth };
    expect((await call(url, 'client/r0/account/password', { body: change })).status).toBe(200);
    const login = { type: 'm.login.password', user: 'alice', password: 'new' };
    expect((await call(url, 'client/r0/login', { body: login })).status).toBe(200);
    const { access_token: token } = issue('bob');
    const elsewhere = { type: 'm.login.email.identity', threepid_creds: { ...creds, sid: 'of-the-is' } };
    const body = { auth: elsewhere, id_server: 'is' };
    expect((await call(url, 'client/v3/account/deactivate', { body })).status).toBe(401);
    expect((await call(url, 'client/v3/account/deactivate', { token, body })).status).toBe(200);
    const { access_token: mine, device_id: device } = issue('alice');
    const gone = { token: mine, body: { auth: elsewhere }, method: 'DELETE' };
    expect((await call(url, `client/v3/devices/${device}`, gone)).status).toBe(200);
  });
});
