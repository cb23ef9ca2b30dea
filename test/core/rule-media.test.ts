import { describe, expect, it } from 'vitest';
import { mediaOf } from '../../src/core/media.ts';
import { lostPrefix, placeOf, sideOf } from '../../src/core/place.ts';
import { planMedia, planStay } from '../../src/core/rule-media.ts';
import { isPlain, MAX_IN_REGEX, PRIORITY } from '../../src/core/rule-plan.ts';
import { ask, type Request } from './dnr.ts';
import {
  CLIENT,
  decided,
  inTabs,
  MARK,
  OPERATIONS,
  routeOf,
  rulesFor,
  rulesForAll,
  SITES,
  TAB,
  TOKEN,
  using,
  wired,
} from './rule-scene.ts';

const at = (url: string, extra: Partial<Request> = {}): Request => ({
  method: 'GET',
  url,
  type: 'image',
  tab: TAB,
  initiator: CLIENT,
  ...extra,
});
const WITH = { authorization: `Bearer ${TOKEN}` };
const [P, T] = ['https://portal.example', 'https://hs1.example'];

/** Below `/_matrix/`. */
const FILES = [
  'media/r0/download/x.example/AbC',
  'media/v1/download/x.example/AbC/name.png',
  'media/v3/download/x.example%3A8448/AbC?timeout_ms=1',
  'media/v3/download/x.example/AbC?allow_remote=false',
  'media/v3/download/x.example/AbC?allow_remote=false&allow_redirect=true',
  'media/v3/thumbnail/x.example/AbC?width=1&allow_redirect=true&height=2&allow_remote=false&method=crop',
  'media/r0/thumbnail/[::1]:8448/a-b_c.d~?width=96&height=96&method=scale',
  'client/v1/media/download/x.example/AbC',
  'client/v1/media/download/x.example/AbC/',
  'client/v1/media/thumbnail/x.example/AbC?width=1&height=1&animated=true&allow_redirect=true',
];
const OTHERS = [
  'media/v3/preview_url?url=https%3A%2F%2Fx%2Fmedia%2Fv3%2Fdownload%2Fa%2Fb',
  'media/v3/config',
  'media/v3/upload?filename=x',
  'media/v1/create',
  'media/v3/download/x.example',
  'media/v3/download/x.example/a%2fb',
  'media/v3/download/x.example/..%2f..%2fclient',
  'media/v3/download/x.example/a/b/c',
  'media/v3/download/x.example/a%20b.png',
  'media/v2/download/x.example/AbC',
  'client/v1/media/preview_url?url=https://x/_matrix/media/v3/download/a/b',
  'client/v1/media/config',
  'client/v3/media/download/x/y',
  'client/v3/account/whoami?x=/_matrix/client/v1/media/download/a/b',
  'client/v3/logout/all',
  'client/versions',
  'client/v3/sync?x=/_matrix/media/v3/download/x/y',
  'media/v3/download/x.example/AbC#x',
  `media/v3/preview_url?url=x#${'0'.repeat(32)}`,
  'media/v3/download/x.example/AbC?x#&allow_remote=false',
];
/** A portal with a path is not known by `decide` with a slash too many: rule-net.test.ts. */
const places = SITES.flatMap(([site, portal, target]) =>
  [portal, target, new URL(portal).origin, new URL(target).origin, isPlain(portal) ? `${portal}/` : portal]
    .filter((base, index, all) => all.indexOf(base) === index)
    .map((base) => ({ site, portal, target, base })),
);

describe('pictures', () => {
  it.each(places)('$site: $portal → $target: files at $base come from home, with the token', (row) => {
    const { portal, target, base } = row;
    const rules = rulesFor(inTabs(portal, target));
    const known = using(routeOf(portal, target));
    const wrong = FILES.flatMap((path) => {
      const url = `${base}/_matrix/${path}`;
      const place = placeOf(new URL(url));
      const side = place && sideOf(place, true, portal, target);
      // a URL of the new kind at the homeserver is the client's own: it knows that it needs a token there
      const isOurs = side === 'portal' || (side === 'target' && !path.startsWith('client/'));
      // the portal's path was lost, and what is left is the homeserver's: as good as asked there
      if (side === 'target' && !isOurs && place && lostPrefix(place, portal)) return [];
      const { urls, headers } = ask(rules, at(url));
      const expected = isOurs ? decided('GET', url, known) : wired(url);
      const isRight = wired(urls.at(-1) ?? '') === expected && 'authorization' in headers === isOurs;
      return isRight ? [] : [{ urls, headers, expected }];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  it.each(places)(
    '$site: $portal → $target: nothing else at $base has a token',
    ({ portal, target, base }) => {
      const rules = rulesFor(inTabs(portal, target));
      const asked = [
        ...OTHERS.map((path) => `/_matrix/${path}`),
        ...OPERATIONS.map(([, path]) => path),
      ].filter(
        (path) => !mediaOf(wired(`https://x${path}`).slice('https://x'.length))?.isFile || path.includes('#'),
      );
      const given = asked.flatMap((path) => {
        const { urls, headers } = ask(rules, at(base + path));
        return Object.keys(headers).length > 0 ? [urls] : [];
      });
      expect(given.slice(0, 3)).toEqual([]);
    },
  );

  it.each(SITES)('%s: %s → %s: no redirect of a rule leads to the same URL', (_, portal, target) => {
    const rules = rulesFor(inTabs(portal, target));
    const bases = [portal, `${portal}/`, new URL(portal).origin, target, new URL(target).origin];
    const looping = bases.flatMap((base) =>
      [...FILES, ...OTHERS].flatMap((path) => {
        const { urls } = ask(rules, at(`${base}/_matrix/${path}`));
        return new Set(urls).size === urls.length ? [] : [urls];
      }),
    );
    expect(looping.slice(0, 3)).toEqual([]);
  });
});

it.each([
  'media/v3/download/x.example/AbC#?allow_remote=false',
  'media/v3/config#?allow_remote=false',
  'media/v3/download/x.example/AbC#?x=y&allow_redirect=false',
])('a fragment that looks like a query is no loop: %s', (path) => {
  const { urls } = ask(rulesFor(inTabs(P, T)), at(`${P}/_matrix/${path}`));
  expect(new Set(urls).size).toBe(urls.length);
});

const FILE = `${P}/_matrix/media/v3/download/x/y`;
const THERE = `${T}/_matrix/client/v1/media/download/x/y`;
const GIVEN = ['image', 'media', 'font', 'imageset', 'other', 'csp_report', 'ping', 'web_manifest'];
const NOT_GIVEN = ['main_frame', 'sub_frame', 'object', 'script', 'stylesheet', 'xmlhttprequest'];

describe('the token', () => {
  const rules = rulesFor(inTabs(P, T));

  it.each(GIVEN)('is for %s', (type) => {
    expect(ask(rules, at(FILE, { type }))).toEqual({
      urls: [FILE, `${THERE}#${MARK}`],
      blocked: false,
      headers: WITH,
    });
  });

  it.each<[string, Partial<Request>]>([
    ...NOT_GIVEN.map((type): [string, Partial<Request>] => [type, { type }]),
    ['HEAD', { method: 'HEAD' }],
    ['POST', { method: 'POST' }],
    ['a preflight', { method: 'OPTIONS' }],
    ['another tab', { tab: TAB + 1 }],
    ['no tab', { tab: -1 }],
    ['no tab, a request of a worker', { tab: -1, type: 'xmlhttprequest' }],
    ['a frame of the client', { framed: true }],
    ['a frame of another client’s', { framed: true, initiator: 'https://widget.app.example' }],
    ['another site in the tab', { initiator: 'https://other.example' }],
    ['a site that ends so', { initiator: 'https://xapp.example' }],
    ['the user', { initiator: null }],
    ['the portal itself', { initiator: P }],
  ])('is not for %s', (_, extra) => {
    expect(ask(rules, at(FILE, extra)).headers).toEqual({});
    expect(ask(rules, at(`${THERE}#${MARK}`, { ...extra })).headers).toEqual({});
  });

  it.each([
    THERE,
    `${THERE}#`,
    `${THERE}#x${MARK}`,
    `${THERE}#${MARK}x`,
    `${THERE}#${MARK.toUpperCase()}`,
    `${THERE}?${MARK}`,
    `${T}/_matrix/client/v3/logout/all#${MARK}`,
    `${T}/_matrix/client/v1/account/whoami#${MARK}`,
    `${T}/_matrix/client/v1/mediax/y#${MARK}`,
    `${T}/x/_matrix/client/v1/media/download/x/y#${MARK}`,
    `https://hs1.example.evil.example/_matrix/client/v1/media/download/x/y#${MARK}`,
    `https://hs1xexample/_matrix/client/v1/media/download/x/y#${MARK}`,
    `http://hs1.example/_matrix/client/v1/media/download/x/y#${MARK}`,
    `https://hs1.example:8448/_matrix/client/v1/media/download/x/y#${MARK}`,
    `https://evil.example/?${T}/_matrix/client/v1/media/download/x/y#${MARK}`,
    `https://evil.example/_matrix/client/v1/media/download/x/y#${MARK}`,
  ])('is not on %s', (url) => expect(ask(rules, at(url)).headers).toEqual({}));

  it('is on the fragment that only rules know, and for no page’s request with a token of its own', () => {
    expect(ask(rules, at(`${THERE}#${MARK}`)).headers).toEqual(WITH);
    expect(MARK).toMatch(/^[\da-f]{32}$/);
  });
});

describe('a tab', () => {
  it('of several: each has its pictures', () => {
    const rules = rulesFor(inTabs(P, T, { tabs: [3, 8] }));
    expect([3, 8, 4].map((tab) => 'authorization' in ask(rules, at(FILE, { tab })).headers)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('less: no rule at all', () => expect(planMedia(inTabs(P, T, { tabs: [] }))).toEqual([]));

  it('with the client’s own service worker, whose requests have no tab', () => {
    const rules = rulesFor(inTabs(P, T, { controlled: true }));
    const worker = at(FILE, { tab: -1, type: 'xmlhttprequest' });
    expect(ask(rules, worker)).toMatchObject({ urls: [FILE, `${THERE}#${MARK}`], headers: WITH });
    expect(ask(rules, at(FILE)).headers).toEqual(WITH);
    for (const extra of [{ type: 'image' }, { tab: TAB }, { tab: 7 }, { method: 'POST' }, { initiator: P }]) {
      expect(ask(rules, { ...worker, ...extra }).headers).toEqual({});
    }
  });
});

describe('two accounts', () => {
  const other = { token: 'other-token', mark: 'f'.repeat(32), tabs: [8] };
  const OTHER = { authorization: 'Bearer other-token' };

  it('at two homeservers: each tab has its own', () => {
    const rules = rulesForAll([inTabs(P, T), inTabs(P, 'https://hs2.example', other)]);
    expect(ask(rules, at(FILE))).toMatchObject({ urls: [FILE, `${THERE}#${MARK}`], headers: WITH });
    expect(ask(rules, at(FILE, { tab: 8 }))).toMatchObject({
      urls: [FILE, `https://hs2.example/_matrix/client/v1/media/download/x/y#${other.mark}`],
      headers: OTHER,
    });
    // a third: by the net, to the session that was used last
    expect(ask(rules, at(FILE, { tab: 9 }))).toMatchObject({ urls: [FILE, FILE.replace(P, T)], headers: {} });
  });

  const stayed = inTabs(P, null, other);
  const both = rulesForAll([inTabs(P, T), stayed]);

  it('one at the portal: its pictures come from there, with its token or as they ever did', () => {
    const { urls, headers } = ask(both, at(FILE, { tab: 8 }));
    const asEver = { urls: [FILE], headers: {} };
    const given = { urls: [FILE, `${P}/_matrix/client/v1/media/download/x/y#${other.mark}`], headers: OTHER };
    expect([asEver, given]).toContainEqual({ urls, headers });
  });

  it.each([
    'client/v3/sync',
    'client/r0/profile/@a:b',
    'client/versions',
    'client/v1/rooms/x/hierarchy',
    'client/v1/media/config',
    'client/v1/media/download/x/y',
    'client/unstable/x.y/z',
    'client/api/v1/sync',
    'media/v3/config',
    'media/v3/upload',
    'media/v3/preview_url?url=x',
  ])('one at the portal: nothing of its tab is netted for the other: %s', (path) => {
    for (const base of [`${P}/`, `${P}//`]) {
      const url = `${base}_matrix/${path}`;
      expect(ask(both, at(url, { tab: 8, type: 'xmlhttprequest' })).urls).toEqual([url]);
    }
  });

  it('one at the portal: the other’s tab is as ever', () => {
    expect(ask(both, at(FILE))).toMatchObject({ urls: [FILE, `${THERE}#${MARK}`], headers: WITH });
    const url = `${P}/_matrix/client/v3/sync`;
    expect(ask(both, at(url, { type: 'xmlhttprequest' })).urls.at(-1)).toBe(`${T}/_matrix/client/v3/sync`);
  });

  it('whose homeserver is the other’s portal: a token is never at a third server', () => {
    const chained = rulesForAll([
      inTabs(P, T),
      { ...inTabs(T, 'https://hs2.example', other), client: CLIENT },
    ]);
    for (const tab of [TAB, 8, 9, -1]) {
      for (const base of [P, T]) {
        const { urls, headers } = ask(chained, at(FILE.replace(P, base), { tab }));
        const server = new URL(urls.at(-1) ?? '').origin;
        if (headers['authorization'] === WITH.authorization) expect([tab, server]).toEqual([TAB, T]);
        if (headers['authorization'] === OTHER.authorization)
          expect([tab, server]).toEqual([8, 'https://hs2.example']);
      }
    }
  });

  // not yet: the net of the second takes what rules have sent to the first's homeserver, without a token
  it.fails('whose homeserver is the other’s portal: each has its pictures', () => {
    const chained = rulesForAll([inTabs(P, T), inTabs(T, 'https://hs2.example', other)]);
    expect(ask(chained, at(FILE))).toMatchObject({ urls: [FILE, `${THERE}#${MARK}`], headers: WITH });
  });
});

describe('a session at its portal', () => {
  const rules = rulesFor(inTabs(P, null));
  const THERE_TOO = `${P}/_matrix/client/v1/media/download/x/y`;
  it('has its old pictures from there, with the token', () => {
    expect(ask(rules, at(FILE))).toMatchObject({ urls: [FILE, `${THERE_TOO}#${MARK}`], headers: WITH });
  });
  it('and nothing else is touched', () => {
    for (const url of [THERE_TOO, `${P}/_matrix/client/v3/sync`, `${P}/_matrix/media/v3/config`]) {
      expect(ask(rules, at(url))).toEqual({ urls: [url], blocked: false, headers: {} });
    }
  });
});

describe('the rules themselves', () => {
  it.each(SITES)('%s: %s → %s: a header is set for media alone, of one tab or none', (_, portal, target) => {
    const rules = planMedia(inTabs(portal, target, { controlled: true }));
    const headers = rules.filter(({ action }) => action.type === 'modifyHeaders');
    expect(headers).toHaveLength(2);
    for (const { priority, condition } of headers) {
      expect(priority).toBe(PRIORITY.HEADER);
      expect(condition.urlFilter).toBe(`|${target}/_matrix/client/v1/media/*#${MARK}|`);
    }
    for (const { action, condition } of rules) {
      expect(['redirect', 'modifyHeaders']).toContain(action.type);
      expect(condition).toMatchObject({
        requestMethods: ['get'],
        initiatorDomains: ['app.example'],
        isUrlFilterCaseSensitive: true,
      });
      expect([[TAB], [-1]]).toContainEqual(condition.tabIds);
      expect(condition.regexFilter ?? '').not.toMatch(/\(\?[=!<]|\\[1-9]/);
      if (condition.tabIds?.includes(-1)) expect(condition.resourceTypes).toEqual(['xmlhttprequest']);
      else expect(condition.excludedResourceTypes).toEqual(expect.arrayContaining(NOT_GIVEN));
    }
    expect(JSON.stringify(rules).split(TOKEN)).toHaveLength(headers.length + 1);
  });

  it.each<[string, string, string | null]>([
    ['a filter’s wildcard', P, 'https://hs1.example/a*b'],
    ['a filter’s separator', P, 'https://hs1.example/a^b'],
    ['a filter’s anchor', P, 'https://hs1.example/a|b'],
    ['a wildcard, at the portal', 'https://portal.example/a*', null],
    ['too long', P, `https://hs1.example/${'a'.repeat(MAX_IN_REGEX)}`],
    ['too long, the portal', `${P}/${'a'.repeat(MAX_IN_REGEX)}`, T],
  ])('there are none for a base URL with %s', (_, portal, target) => {
    expect(planMedia(inTabs(portal, target))).toEqual([]);
  });

  it('that let a tab stay set nothing', () => {
    const rules = planStay({ client: CLIENT, portal: P, tabs: [8] });
    expect(new Set(rules.map(({ action, priority }) => `${action.type} ${priority}`))).toEqual(
      new Set([`allow ${PRIORITY.PORTAL}`]),
    );
    expect(rules.every(({ condition }) => condition.tabIds?.join() === '8')).toBe(true);
  });
});
