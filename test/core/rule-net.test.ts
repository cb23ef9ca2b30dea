import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import { PASSED } from '../../src/core/place.ts';
import { planNet } from '../../src/core/rule-net.ts';
import { isPlain, MAX_IN_REGEX, PRIORITY } from '../../src/core/rule-plan.ts';
import { ask, type Request } from './dnr.ts';
import { CLIENT, decided, OPERATIONS, routeOf, SITES, sketchOf, urlOf, using, wired } from './rule-scene.ts';

const at = (url: string, extra: Partial<Request> = {}): Request => ({
  method: 'GET',
  url,
  type: 'xmlhttprequest',
  tab: 9,
  initiator: CLIENT,
  ...extra,
});
const TYPES = ['xmlhttprequest', 'image', 'ping', 'sub_frame', 'script', 'other'];

/** Written below a base URL, or (matrix-js-sdk, for media) without its path. */
const WAYS: readonly [string, (base: string) => string][] = [
  ['as it is', (base) => base],
  ['without its path', (base) => new URL(base).origin],
];

/**
 * What a request that no hook has seen does otherwise, and may: the hook lets it pass at the portal (and marks it), the
 * net knows no more than that a session lives elsewhere. Without a token neither does any harm there.
 */
const BY_HOOK_ONLY = /\/account\/password(\/|$)|\/rendezvous(\/|$)/;

/** Has rows of its own below. */
const NEW_MEDIA = /\/client\/v1\/media\//;
const GET_TOKEN = /\/login\/get_token$/;

const rows = SITES.flatMap(([site, portal, target]) =>
  WAYS.filter(([, way], index) => WAYS.findIndex(([, other]) => other(portal) === way(portal)) === index).map(
    ([how, way]): [string, string, string, string, string] => [site, how, portal, target, way(portal)],
  ),
);

describe('what no hook has seen goes where the hook would send it', () => {
  it.each(rows)('%s, %s: %s → %s, asked at %s', (_site, _how, portal, target, base) => {
    const rules = planNet({ client: CLIENT, portal, target });
    // without a token for media: that is another plan
    const known = using(routeOf(portal, target, false));
    const asked = OPERATIONS.filter(
      ([, path]) => !BY_HOOK_ONLY.test(path) && !(base !== portal && NEW_MEDIA.test(path)),
    );
    const wrong = asked.flatMap(([method, path]) => {
      const url = base + path;
      const { urls, blocked, headers } = ask(rules, at(url, { method }));
      const there = wired(urls.at(-1) ?? '');
      const expected = decided(method, url, known);
      return !blocked && there === expected && Object.keys(headers).length === 0
        ? []
        : [{ method, url, there, expected }];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  it.each(SITES)('%s: %s → %s: each kind of request alike, from any tab', (_, portal, target) => {
    const rules = planNet({ client: CLIENT, portal, target });
    const url = `${portal}/_matrix/client/v3/sync?since=a%2Fb&x=1`;
    const outcomes = TYPES.flatMap((type) =>
      [-1, 5].map((tab) => ask(rules, at(url, { type, tab })).urls.at(-1)),
    );
    expect(new Set(outcomes)).toEqual(new Set([`${target}/_matrix/client/v3/sync?since=a%2Fb&x=1`]));
  });

  it.each(SITES)('%s: %s → %s: what is at the homeserver, or not Matrix’s, stays', (_, portal, target) => {
    const rules = planNet({ client: CLIENT, portal, target });
    const urls = [
      `${target}/_matrix/client/v3/sync`,
      `${target}/_matrix/media/v3/download/x/y`,
      `${portal}/_matrix/identity/v2/lookup`,
      `${portal}/_matrix/federation/v1/version`,
      `${portal}/_matrix/key/v2/server`,
      `${portal}/_synapse/admin/v1/x`,
      `${portal}/.well-known/matrix/client`,
      `${portal}/index.html?x=/_matrix/client/v3/sync`,
      `${portal}x/_matrix/client/v3/sync`,
      `${portal}/x/_matrix/client/v3/sync`,
      `https://other.example/_matrix/client/v3/sync`,
      `https://other.example/?x=${portal}/_matrix/client/v3/sync`,
      `${portal.replace('://', '://x')}/_matrix/client/v3/sync`,
      `${portal.replace(/^https?/, 'ftp')}/_matrix/client/v3/sync`,
      `${portal.replace(/:\/\/[^./:]*/, '$&x')}/_matrix/client/v3/sync`,
      `${portal}/_MATRIX/client/v3/sync`,
    ];
    const moved = urls.filter((url) => ask(rules, at(url)).urls.length > 1);
    expect(moved).toEqual([]);
  });

  it.each(SITES)('%s: %s → %s: only from the client', (_, portal, target) => {
    const rules = planNet({ client: CLIENT, portal, target });
    const url = `${portal}/_matrix/client/v3/sync`;
    const initiators = [null, 'https://other.example', 'https://example', 'https://xapp.example', portal];
    for (const initiator of initiators) expect(ask(rules, at(url, { initiator })).urls).toEqual([url]);
  });
});

/** What a document knows, and with which token it asks. */
const hooks = (portal: string, target: string): [string, Parameters<typeof decide>[1], string | null][] => {
  const home = routeOf(portal, target, false);
  const stayed = routeOf(portal, null, false);
  const tokens = (token: string): typeof home | null =>
    token === 'home' ? home : token === 'stayed' ? stayed : null;
  const known = using(home, { sessionOf: tokens });
  return [
    ['without a token', known, null],
    ['with its token', known, 'home'],
    ['a guest', known, 'guest'],
    ['a second account, at the portal', { ...known, last: stayed }, 'stayed'],
    ['… without a token', { ...known, last: stayed }, null],
    ['at a page start', { ...known, last: null }, null],
    ['signed out', { ...known, last: null, signedOut: true }, null],
  ];
};

const documents = SITES.flatMap(([site, portal, target]) =>
  hooks(portal, target).map(([what, known, token]) => ({ site, what, portal, target, known, token })),
);

describe('no rule takes elsewhere what the hook has sent on its way', () => {
  it.each(documents)('$site: $portal → $target: $what', ({ portal, target, known, token }) => {
    const rules = planNet({ client: CLIENT, portal, target });
    const bases = [portal, new URL(portal).origin, target, new URL(target).origin];
    if (isPlain(portal)) bases.push(`${portal}/`);
    const moved = bases.flatMap((base) =>
      OPERATIONS.filter(
        ([, path]) => !GET_TOKEN.test(path) && !(base !== portal && NEW_MEDIA.test(path)),
      ).flatMap(([method, path]) => {
        const url = urlOf(decide(sketchOf(method, base + path, token), known), base + path);
        const { urls, blocked } = ask(rules, at(url, { method }));
        return urls.length === 1 && !blocked ? [] : [{ method, path, urls, blocked }];
      }),
    );
    expect(moved.slice(0, 3)).toEqual([]);
  });

  const [portal, target] = ['https://portal.example', 'https://hs1.example'];
  it.each(hooks(portal, target))('a login token at the portal: %s', (_, known, token) => {
    const url = `${portal}/_matrix/client/v1/login/get_token`;
    const sent = urlOf(decide(sketchOf('POST', url, token), known), url);
    expect(ask(planNet({ client: CLIENT, portal, target }), at(sent, { method: 'POST' })).urls).toEqual([
      sent,
    ]);
  });
});

describe('media at the authenticated path, which lost the portal’s path', () => {
  const [portal, target] = ['https://portal.example/foo', 'https://hs1.example/base'];
  const url = 'https://portal.example/_matrix/client/v1/media/download/x/y';
  const rules = planNet({ client: CLIENT, portal, target });

  it('go home', () => {
    const there = `${target}/_matrix/client/v1/media/download/x/y`;
    expect(decided('GET', url, using(routeOf(portal, target, false)))).toBe(there);
    expect(ask(rules, at(url)).urls.at(-1)).toBe(there);
  });

  it.each(hooks(portal, target))('are where the hook has sent them: %s', (_, known, token) => {
    const sent = urlOf(decide(sketchOf('GET', url, token), known), url);
    expect(ask(rules, at(sent)).urls).toEqual([sent]);
  });
});

describe('a client that was given a base URL with a slash too many', () => {
  const paths = ['client/v3/sync', 'media/v3/download/x/y'];
  const slashes = SITES.flatMap(([site, portal, target]) =>
    paths.map((path) => ({ site, portal, target, path })),
  ).filter(({ site }) =>
    ['hosts', 'both with a path', 'a target with a path', 'side by side'].includes(site),
  );

  // a transform cannot take the slash away, and regular expressions cost every request: a server may answer 404
  it.each(slashes)('the net takes it home, with its slashes: $portal//_matrix/$path → $target', (row) => {
    const rules = planNet({ client: CLIENT, portal: row.portal, target: row.target });
    const { urls } = ask(rules, at(`${row.portal}//_matrix/${row.path}`));
    expect(urls.at(-1)?.replace('//_matrix', '/_matrix')).toBe(`${row.target}/_matrix/${row.path}`);
  });

  it.each(slashes)('so does the hook, with the token: $portal//_matrix/$path → $target', (row) => {
    const home = routeOf(row.portal, row.target, false);
    const url = `${row.portal}//_matrix/${row.path}`;
    const verdict = decide(sketchOf('GET', url, 'home'), using(home, { sessionOf: () => home }));
    expect(urlOf(verdict, url)).toBe(`${row.target}/_matrix/${row.path}`);
  });
});

describe('at the portal stays', () => {
  const stays = [
    'r0/login',
    'v3/login',
    'v1/login',
    'api/v1/login',
    'unstable/login',
    'v2_alpha/login',
    'v3/login?x=1',
    'v3/login/',
    'v3/login/sso/redirect?redirectUrl=https://app.example/',
    'v3/login/sso/redirect/idp',
    'r0/login/cas/redirect',
    'r0/login/cas/ticket?ticket=x',
    'v3/login/fallback',
    'v3/register',
    'v3/register?kind=guest',
    'v3/register/available?username=x',
    'v3/register/email/requestToken',
    'v1/register/m.login.registration_token/validity?token=x',
  ];
  const goes = [
    'v1/login/get_token',
    'v3/logins',
    'v3/login_x',
    'v3/registered',
    'v3/rooms/login',
    'v3/rooms/x/login/y',
    'v99/sync',
    'versions',
    'v3/refresh',
    'v3/logout',
  ];
  const both = SITES.flatMap(([, portal, target]) =>
    [portal, `${portal}/`].map((base): [string, string, string] => [base, portal, target]),
  );

  it.each(both)('%s (portal %s, target %s)', (base, portal, target) => {
    const rules = planNet({ client: CLIENT, portal, target });
    const asked = (path: string): string =>
      ask(rules, at(`${base}/_matrix/client/${path}`)).urls.at(-1) ?? '';
    expect(stays.filter((path) => asked(path) !== `${base}/_matrix/client/${path}`)).toEqual([]);
    expect(goes.filter((path) => !asked(path).startsWith(target + '/'))).toEqual([]);
  });

  it.each(both)(`what the hook has marked, and nothing that only looks so: %s`, (base, portal, target) => {
    const rules = planNet({ client: CLIENT, portal, target });
    const moves = (rest: string): boolean => ask(rules, at(`${base}/_matrix/${rest}`)).urls.length > 1;
    expect(moves(`client/v3/sync${PASSED}`)).toBe(false);
    expect(moves(`client/v3/sync?a=b${PASSED}`)).toBe(false);
    expect(moves(`media/v3/download/x/y${PASSED}`)).toBe(false);
    const others = [`${PASSED}x`, `#x${PASSED.slice(1)}`, PASSED.toUpperCase(), `?x=${PASSED.slice(1)}`, '#'];
    expect(others.filter((end) => !moves(`client/v3/sync${end}`))).toEqual([]);
  });
});

describe('navigations of a whole tab', () => {
  const page = (url: string): Request => at(url, { type: 'main_frame' });
  it.each(SITES)('%s: %s → %s', (_, portal, target) => {
    const rules = planNet({ client: CLIENT, portal, target });
    const end = (path: string): string => ask(rules, page(`${portal}${path}`)).urls.at(-1) ?? '';
    const home = [
      '/_matrix/client/v3/auth/m.login.sso/fallback/web?session=x',
      '/_matrix/client/r0/auth/m.login.recaptcha/fallback/web?session=x',
      '/_matrix/client/unstable/auth/org.matrix.x/fallback/web',
      '/_matrix/media/v3/download/x/y',
      '/_matrix/media/r0/download/x/y/name.pdf',
    ];
    expect(home.map(end)).toEqual(home.map((path) => target + path));
    const stays = [
      '/_matrix/client/v3/login/sso/redirect?redirectUrl=https://app.example/',
      '/_matrix/client/v3/login/sso/redirect/idp?redirectUrl=x',
      '/_matrix/client/v3/login/cas/ticket?ticket=x',
      '/_matrix/client/v3/login/fallback/',
      '/_matrix/static/client/login/',
      '/_matrix/client/v3/sync',
      '/_matrix/client/versions',
      '/_matrix/client/v3/auth/m.login.sso',
      '/',
      '/index.html',
    ];
    expect(stays.map(end)).toEqual(stays.map((path) => portal + path));
  });

  it.each(SITES)('%s: %s → %s: typed by the user they stay', (_, portal, target) => {
    const url = `${portal}/_matrix/client/v3/auth/m.login.sso/fallback/web?session=x`;
    const rules = planNet({ client: CLIENT, portal, target });
    expect(ask(rules, { ...page(url), initiator: null }).urls).toEqual([url]);
  });
});

const long = (base: string): string => `${base}/${'a'.repeat(MAX_IN_REGEX)}`;

describe('base URLs that are too long for a rule', () => {
  it.each<[string, string]>([
    ['https://portal.example', long('https://hs1.example')],
    [long('https://portal.example'), 'https://hs1.example'],
    [long('https://portal.example'), long('https://hs1.example')],
  ])('nothing reaches the portal but what the hook let pass: %s → %s', (portal, target) => {
    const rules = planNet({ client: CLIENT, portal, target });
    for (const path of [
      'client/v3/sync',
      'client/v3/login',
      'media/v3/download/x/y',
      'client/v1/media/config',
    ]) {
      for (const base of [portal, `${portal}/`]) {
        expect(ask(rules, at(`${base}/_matrix/${path}`))).toMatchObject({ blocked: true });
        expect(ask(rules, at(`${base}/_matrix/${path}${PASSED}`))).toMatchObject({ blocked: false });
      }
    }
    expect(ask(rules, at(`${portal}/_matrix/client/v3/login`, { type: 'main_frame' }))).toMatchObject({
      blocked: false,
    });
  });

  it('the longest that is not has a rule', () => {
    const target = `https://hs1.example/${'a'.repeat(MAX_IN_REGEX - 'https://hs1.example/'.length)}`;
    const rules = planNet({ client: CLIENT, portal: 'https://portal.example', target });
    expect(rules.every(({ action }) => action.type !== 'block')).toBe(true);
  });
});

describe('the rules themselves', () => {
  it.each(SITES)('%s: %s → %s', (_, portal, target) => {
    const rules = planNet({ client: CLIENT, portal, target });
    for (const { priority, action, condition } of rules) {
      expect(['allow', 'redirect']).toContain(action.type);
      expect(Object.values(PRIORITY)).toContain(priority);
      expect(condition).toMatchObject({ isUrlFilterCaseSensitive: true, initiatorDomains: ['app.example'] });
      // lookarounds and backreferences are not RE2's; upper case in a domain refuses the whole update in Firefox
      expect(condition.regexFilter ?? '').not.toMatch(/\(\?[=!<]|\\[1-9]/);
      // one of both, and never an empty one
      expect([condition.urlFilter, condition.regexFilter].filter(Boolean)).toHaveLength(1);
    }
  });

  it('are filters alone where no base URL has a path', () => {
    const plain = SITES.filter(([, ...bases]) => bases.every((base) => new URL(base).pathname === '/'));
    expect(plain.length).toBeGreaterThan(5);
    for (const [, portal, target] of plain) {
      const rules = planNet({ client: CLIENT, portal, target });
      expect(rules.filter(({ condition }) => condition.regexFilter)).toEqual([]);
    }
  });

  it('of a client at an address or a port name its host alone', () => {
    const domains = (client: string): unknown =>
      planNet({ client, portal: 'https://p.example', target: 'https://t.example' })[0]?.condition
        .initiatorDomains;
    expect(domains('http://localhost:8080')).toEqual(['localhost']);
    expect(domains('http://[::1]:8080')).toEqual(['[::1]']);
  });
});
