import { describe, expect, it } from 'vitest';
import {
  ACCOUNT_DATA,
  accountDataPath,
  effective,
  idServerOf,
  identityOf,
  readIdentity,
  sameIdentity,
  suggestedIdentity,
  UNKNOWN,
  type Identity,
} from '../../src/core/identity.ts';
import cases from '../data/url-cases.json' with { type: 'json' };

const HS = 'https://hs1.example';
const absent: Identity = { is: 'absent' };
const disabled: Identity = { is: 'disabled' };
const url = (base: string): Identity => ({ is: 'url', base });
const invalid = (raw: string): Identity => ({ is: 'invalid', why: 'not-a-string', raw });
const X = 'https://is.example';

interface Expected {
  state: string;
  base?: string;
  idServer?: string;
  why?: string;
}

describe('the content of the account data', () => {
  it.each(cases.identityContent)('$content: $expect.state', ({ content, hsBase, expect: expected }) => {
    const { state, base, idServer, why } = expected as Expected;
    const read =
      content === '<absent>'
        ? readIdentity(404, { errcode: 'M_NOT_FOUND', error: 'none' }, hsBase)
        : identityOf(content, hsBase);
    expect(read).toMatchObject({
      is: { default: 'absent', use: 'url' }[state] ?? state,
      ...(base !== undefined && { base }),
      ...(why !== undefined && { why }),
    });
    if (idServer !== undefined && read?.is === 'url') expect(idServerOf(read.base)).toBe(idServer);
  });

  it.each<[unknown, Identity]>([
    [[], absent],
    [null, absent],
    [{ base_url: undefined }, absent],
    [{ 'other.key': null }, absent],
    [{ base_url: null, 'other.key': 1 }, disabled],
    [{ base_url: 'https://IS.example:443//' }, url(X)],
    [{ base_url: { a: 1 } }, invalid('{"a":1}')],
    [{ base_url: [X] }, invalid(`["${X}"]`)],
    [{ base_url: 0 }, invalid('0')],
  ])('%j', (content, expected) => {
    expect(identityOf(content, HS)).toEqual(expected);
  });

  it.each([
    ['http://127.0.0.1:8090', 'http://127.0.0.1:8008', 'url'],
    ['http://127.0.0.1:8090', HS, 'invalid'],
    ['https://user@is.example', HS, 'invalid'],
    ['https://is.example?x', HS, 'invalid'],
    ['javascript:0', HS, 'invalid'],
    ['https://is.example/_matrix/identity', HS, 'invalid'],
  ])('%s for an account at %s: %s', (base, homeserver, expected) => {
    expect(identityOf({ base_url: base }, homeserver).is).toBe(expected);
  });

  it('is kept as written where it is invalid, but not without end', () => {
    expect(identityOf({ base_url: 'is.example' }, HS)).toMatchObject({ raw: '"is.example"' });
    const long = identityOf({ base_url: `x${'y'.repeat(99_999)}` }, HS);
    expect(JSON.stringify(long).length).toBeLessThan(1000);
  });
});

describe('the answer to the GET', () => {
  it.each<[number, unknown, Identity | null]>([
    [200, { base_url: null }, disabled],
    [404, { errcode: 'M_NOT_FOUND' }, absent],
    // a guest has no account data
    [403, { errcode: 'M_GUEST_ACCESS_FORBIDDEN' }, absent],
    // wrong host or endpoint, not absence
    [404, { errcode: 'M_UNRECOGNIZED' }, null],
    [405, { errcode: 'M_UNRECOGNIZED' }, null],
    [404, null, null],
    [404, '<html>', null],
    [404, {}, null],
    [404, { errcode: ['M_NOT_FOUND'] }, null],
    // another user's; a dead token; a server in trouble
    [403, { errcode: 'M_FORBIDDEN' }, null],
    [401, { errcode: 'M_UNKNOWN_TOKEN' }, null],
    [401, { errcode: 'M_NOT_FOUND' }, null],
    [429, { errcode: 'M_LIMIT_EXCEEDED' }, null],
    [500, { base_url: null }, null],
    [502, null, null],
    [204, null, null],
    [0, null, null],
  ])('%i %j', (status, body, expected) => {
    expect(readIdentity(status, body, HS)).toEqual(expected);
  });

  it('is asked of the path that every version has', () => {
    expect(accountDataPath('@a/b?c:hs1.example', ACCOUNT_DATA)).toBe(
      '/_matrix/client/r0/user/%40a%2Fb%3Fc%3Ahs1.example/account_data/m.identity_server',
    );
  });
});

describe('the name in request bodies', () => {
  it.each([
    ['https://is.example/', 'is.example'],
    ['https://is.example:8090', 'is.example:8090'],
    ['https://is.example:443/pre/fix/', 'is.example/pre/fix'],
    ['https://[2001:db8::1]:8448/', '[2001:db8::1]:8448'],
    ['https://IS.Example/Path', 'is.example/Path'],
  ])('of %s is %s', (base, expected) => {
    const read = identityOf({ base_url: base }, HS);
    expect(read.is === 'url' && idServerOf(read.base)).toBe(expected);
  });
});

describe('the identity server that the login names', () => {
  const login = (content: unknown): unknown => ({ well_known: { 'm.identity_server': content } });

  it.each<[string, unknown, string | null]>([
    ['a usable one', login({ base_url: `${X}/` }), X],
    ['null', login({ base_url: null }), null],
    ['one without a scheme', login({ base_url: 'is.example' }), null],
    ['one in clear', login({ base_url: 'http://is.example' }), null],
    ['none', { well_known: { 'm.homeserver': { base_url: HS } } }, null],
    ['no well_known', { user_id: '@a:x' }, null],
    ['nonsense', 'x', null],
  ])('%s', (_, answer, expected) => {
    expect(suggestedIdentity(answer, HS)).toBe(expected);
  });

  it.each<[Identity, string | null, Identity]>([
    [absent, null, absent],
    [absent, X, url(X)],
    [disabled, X, disabled],
    [invalid('7'), X, invalid('7')],
    [UNKNOWN, X, UNKNOWN],
    [url('https://other.example'), X, url('https://other.example')],
  ])('$is with %s', (identity, suggested, expected) => {
    expect(effective(identity, suggested)).toEqual(expected);
  });
});

describe('the same value', () => {
  const all: Identity[] = [UNKNOWN, absent, disabled, url(X), url(`${X}/a`), invalid('7'), invalid('8')];

  it.each(all.map((identity, at) => ({ identity, at })))('$identity', ({ identity, at }) => {
    expect(all.map((each) => sameIdentity({ ...each }, identity))).toEqual(all.map((_, i) => i === at));
  });
});

describe('an answer of 200 that holds no object', () => {
  it.each([null, [], 'x', 7])('decides nothing: %j', (body) => {
    expect(readIdentity(200, body, 'https://hs1.example')).toBeNull();
  });
});
