import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import { PASSED } from '../../src/core/place.ts';
import type { Known, Route, Verdict } from '../../src/core/verdict.ts';
import { sketchOf } from './rule-scene.ts';

const P = 'https://portal.example';
const T = 'https://hs1.example/base';
const T2 = 'https://hs2.example';
const route = (id: string, extra: Partial<Route> = {}): Route => ({
  id,
  portal: P,
  target: T,
  pending: false,
  media: true,
  ...extra,
});
const home = route('home');
const old = route('old', { media: false });
const pending = route('pending', { pending: true });
const second = route('second', { target: T2, media: false });
const stayed = route('stayed', { target: null });
const stayedOld = route('stayedOld', { target: null, media: false });
const prefixed = route('prefixed', { portal: `${P}/foo` });
const routes: readonly Route[] = [home, old, pending, second, stayed, stayedOld, prefixed];

/** Each session's token is its id; `guest` is nobody's. */
const base: Known = {
  ready: true,
  awake: true,
  sessionOf: (token) => routes.find(({ id }) => id === token) ?? null,
  tokenOf: () => null,
  last: null,
  signedOut: false,
  claimed: null,
  adopting: false,
  marksAll: false,
  recent: [home],
};
/** A document that has used this session, and no other. */
const uses = (last: Route, extra: Partial<Known> = {}): Known => ({
  ...base,
  last,
  tokenOf: ({ id }) => (id === last.id ? id : null),
  recent: [last],
  ...extra,
});

function verdictOf(line: string, known: Known, sync = false): Verdict {
  const [request = '', token = null] = line.split('|');
  const [method = '', url = ''] = request.split(/ (.*)/);
  return decide({ ...sketchOf(method, url, token), sync }, known);
}

const FILE = '/_matrix/media/v3/download/x.example/AbC';
const THERE = '/_matrix/client/v1/media/download/x.example/AbC';
const PREVIEW = 'preview_url?url=https%3A%2F%2Fx&ts=1';
const given = (url: string, token: string): object => ({
  act: 'send',
  url,
  addToken: token,
  dropToken: false,
  watch: null,
  uses: null,
  orPortal: null,
});
const bare = (url: string): object => ({ act: 'send', url, addToken: null, dropToken: false });
const own = (url: string, of: Route): object => ({
  ...bare(url),
  uses: of,
  watch: { for: 'media', route: of, token: of.id },
});

type Row = [what: string, line: string, known: Known, expected: object];

const files: Row[] = [
  ['a picture', `GET ${P}${FILE}`, uses(home), given(T + THERE, 'home')],
  ['a method in small letters', `get ${P}${FILE}`, uses(home), given(T + THERE, 'home')],
  [
    'a thumbnail, without what is not known there',
    `GET ${P}/_matrix/media/r0/thumbnail/x/y?allow_remote=false&width=1&allow_redirect=true`,
    uses(home),
    given(`${T}/_matrix/client/v1/media/thumbnail/x/y?width=1`, 'home'),
  ],
  [
    'the new path at the portal',
    `GET ${P}${THERE}?timeout_ms=1`,
    uses(home),
    given(`${T}${THERE}?timeout_ms=1`, 'home'),
  ],
  ['a slash too many', `GET ${P}/${FILE}`, uses(home), given(T + THERE, 'home')],
  ['the old path at the homeserver', `GET ${T}${FILE}`, uses(home), given(T + THERE, 'home')],
  ['… which lost its path', `GET https://hs1.example${FILE}`, uses(home), given(T + THERE, 'home')],
  ['the portal lost its path', `GET ${P}${FILE}`, uses(prefixed), given(T + THERE, 'prefixed')],
  ['a session at its portal', `GET ${P}${FILE}`, uses(stayed), given(P + THERE, 'stayed')],
  ['with a fragment', `GET ${P}${FILE}#x`, uses(home), given(T + THERE, 'home')],

  // who has a token of its own keeps it
  ['with its own token', `GET ${P}${FILE}|home`, uses(home), own(T + THERE, home)],
  ['… in a document that has not used it', `GET ${P}${FILE}|home`, base, own(T + THERE, home)],
  ['… in a document of another', `GET ${P}${FILE}|home`, uses(second), own(T + THERE, home)],
  ['… at the old path at the homeserver', `GET ${T}${FILE}|home`, uses(home), own(T + THERE, home)],
  [
    '… in the query',
    `GET ${P}${FILE}?access_token=home|home`,
    uses(home),
    own(`${T}${THERE}?access_token=home`, home),
  ],
  ['another’s token', `GET ${P}${FILE}|second`, uses(home), own(T2 + FILE, second)],
  ['a guest’s token', `GET ${P}${FILE}|guest`, uses(home), { act: 'pass', marked: P + FILE + PASSED }],

  // no token is added
  ['a document that has used none', `GET ${P}${FILE}`, base, { act: 'pass', marked: P + FILE + PASSED }],
  [
    'a session whose token is not known here',
    `GET ${P}${FILE}`,
    uses(home, { tokenOf: () => null }),
    bare(T + THERE),
  ],
  ['the new path at the homeserver itself', `GET ${T}${THERE}`, uses(home), { act: 'pass', marked: null }],
  ['… with its own token', `GET ${T}${THERE}|home`, uses(home), { act: 'pass', uses: home, marked: null }],
  ['another server', `GET https://other.example${FILE}`, uses(home), { act: 'pass', marked: null }],
  ['the portal by http', `GET http://portal.example${FILE}`, uses(home), { act: 'pass', marked: null }],
  ['HEAD', `HEAD ${P}${FILE}`, uses(home), bare(T + FILE)],
  ['POST', `POST ${P}${FILE}`, uses(home), bare(T + FILE)],
  ['no file, an encoded slash', `GET ${P}${FILE}%2f..`, uses(home), bare(`${T}${FILE}%2f..`)],
  ['no file, a segment too many', `GET ${P}${FILE}/n/x`, uses(home), bare(`${T}${FILE}/n/x`)],
  [
    'no file, out of the repository',
    `GET ${P}/_matrix/media/v3/download/../../../client/v3/account/whoami`,
    uses(home),
    bare(`${T}/_matrix/client/v3/account/whoami`),
  ],
  [
    'no file, out of the repository to a preview',
    `GET ${P}/_matrix/media/v3/download/../preview_url?url=x`,
    uses(home),
    {
      act: 'send',
      addToken: null,
    },
  ],

  // a homeserver without authenticated media
  [
    'an old homeserver',
    `GET ${P}${FILE}?allow_remote=false`,
    uses(old),
    bare(`${T}${FILE}?allow_remote=false`),
  ],
  ['… with a token', `GET ${P}${FILE}|old`, uses(old), own(T + FILE, old)],
  ['… at itself', `GET ${T}${FILE}`, uses(old), { act: 'pass', marked: null }],
  ['an old portal', `GET ${P}${FILE}`, uses(stayedOld), { act: 'pass', marked: null }],

  // not yet
  [
    'a session that is not checked yet',
    `GET ${P}${FILE}`,
    uses(pending),
    { act: 'hold', until: { for: 'target' } },
  ],
  [
    '… with its token',
    `GET ${P}${FILE}|pending`,
    base,
    { act: 'hold', until: { for: 'target', route: pending } },
  ],
  [
    'right after a login answer',
    `GET ${P}${FILE}`,
    uses(home, { claimed: 'new' }),
    { act: 'hold', until: { for: 'token', token: 'new' } },
  ],
];

const others: Row[] = [
  [
    'a preview',
    `GET ${P}/_matrix/media/v3/${PREVIEW}|home`,
    uses(home),
    own(`${T}/_matrix/client/v1/media/${PREVIEW}`, home),
  ],
  [
    'settings',
    `GET ${P}/_matrix/media/r0/config|home`,
    uses(home),
    own(`${T}/_matrix/client/v1/media/config`, home),
  ],
  [
    '… at the homeserver',
    `GET ${T}/_matrix/media/r0/config|home`,
    uses(home),
    own(`${T}/_matrix/client/v1/media/config`, home),
  ],
  [
    '… of an old homeserver',
    `GET ${P}/_matrix/media/r0/config|old`,
    uses(old),
    own(`${T}/_matrix/media/r0/config`, old),
  ],
  [
    '… of a session at its portal',
    `GET ${P}/_matrix/media/r0/config|stayed`,
    uses(stayed),
    own(`${P}/_matrix/client/v1/media/config`, stayed),
  ],
  [
    '… in v1, which never was',
    `GET ${P}/_matrix/media/v1/config|home`,
    uses(home),
    own(`${T}/_matrix/media/v1/config`, home),
  ],
  [
    'the new settings',
    `GET ${P}/_matrix/client/v1/media/config|home`,
    uses(home),
    own(`${T}/_matrix/client/v1/media/config`, home),
  ],
  [
    'an upload',
    `POST ${P}/_matrix/media/v3/upload?filename=x|home`,
    uses(home),
    own(`${T}/_matrix/media/v3/upload?filename=x`, home),
  ],
  [
    'an upload to come',
    `POST ${P}/_matrix/media/v1/create|home`,
    uses(home),
    own(`${T}/_matrix/media/v1/create`, home),
  ],
  [
    'its content',
    `PUT ${P}/_matrix/media/v3/upload/x/y|home`,
    uses(home),
    own(`${T}/_matrix/media/v3/upload/x/y`, home),
  ],
  [
    'somebody who GETs it',
    `GET ${P}/_matrix/media/v3/upload|home`,
    uses(home),
    own(`${T}/_matrix/media/v3/upload`, home),
  ],
];

describe('media', () => {
  it.each([...files, ...others])('%s: %s', (_, line, known, expected) => {
    expect(verdictOf(line, known)).toMatchObject(expected);
  });

  it.each(files.filter(([, , , expected]) => (expected as { act: string }).act === 'send'))(
    '%s, by a synchronous request: %s',
    (_, line, known, expected) => expect(verdictOf(line, known, true)).toMatchObject(expected),
  );

  it.each([PREVIEW, 'config', 'upload', 'create', 'x'])('nothing but a file is given a token: %s', (path) => {
    for (const family of ['media/v3', 'media/r0', 'media/v1', 'client/v1/media', 'client/v3/media']) {
      for (const at of [P, T]) {
        const verdict = verdictOf(`GET ${at}/_matrix/${family}/${path}`, uses(home));
        expect((verdict as { addToken?: string }).addToken ?? null).toBeNull();
      }
    }
  });

  it('goes to no server but its session’s', () => {
    for (const [, line, known] of [...files, ...others]) {
      const verdict = verdictOf(line, known);
      if (verdict.act !== 'send' || !verdict.addToken) continue;
      const of = routes.find(({ id }) => id === verdict.addToken);
      expect(verdict.url.startsWith(`${of?.target ?? of?.portal}/_matrix/client/v1/media/`)).toBe(true);
    }
  });
});

const cs = '/_matrix/client/v3';
const marked = (url: string): object => ({ act: 'pass', marked: url + PASSED });
const unmarked = { act: 'pass', marked: null };
const both = [home, route('chained', { portal: T2, target: 'https://hs3.example' })];

const marks: Row[] = [
  ['a guest', `GET ${P}${cs}/sync?a=b|guest`, uses(home), marked(`${P}${cs}/sync?a=b`)],
  ['a slash too many', `GET ${P}/${cs}/sync|guest`, uses(home), marked(`${P}/${cs}/sync`)],
  ['a second account, at the portal', `GET ${P}${cs}/sync|stayed`, uses(home), marked(`${P}${cs}/sync`)],
  [
    '… without a token',
    `GET ${P}${cs}/profile/@a:b`,
    uses(stayed, { recent: [stayed, home] }),
    marked(`${P}${cs}/profile/@a:b`),
  ],
  ['a document that has used none', `GET ${P}${cs}/profile/@a:b`, base, marked(`${P}${cs}/profile/@a:b`)],
  [
    'a document that is signed out',
    `GET ${P}/_matrix/client/versions`,
    { ...base, signedOut: true },
    marked(`${P}/_matrix/client/versions`),
  ],
  ['login flows', `GET ${P}${cs}/login`, base, marked(`${P}${cs}/login`)],
  [
    'a login',
    `POST ${P}${cs}/login`,
    uses(home),
    { ...marked(`${P}${cs}/login`), watch: { for: 'begin', portal: P } },
  ],
  ['a password reset', `POST ${P}${cs}/account/password`, uses(home), marked(`${P}${cs}/account/password`)],
  [
    'a login token of a second account',
    `POST ${P}/_matrix/client/v1/login/get_token|stayed`,
    uses(home),
    marked(`${P}/_matrix/client/v1/login/get_token`),
  ],
  ['in place of the page’s fragment', `GET ${P}${cs}/sync#a#b|guest`, uses(home), marked(`${P}${cs}/sync`)],
  [
    'media that lost the portal’s path',
    `GET ${P}/_matrix/media/v3/config|guest`,
    uses(prefixed),
    marked(`${P}/_matrix/media/v3/config`),
  ],
  [
    'a file of a second account, at the portal',
    `GET ${P}${FILE}`,
    uses(stayed, { recent: [stayed, home] }),
    given(P + THERE + PASSED, 'stayed'),
  ],
  [
    'a file of a second account, with its token',
    `GET ${P}${FILE}|stayed`,
    uses(home),
    own(P + THERE + PASSED, stayed),
  ],

  // where the net is not
  ['no session', `GET ${P}${cs}/sync|guest`, { ...base, recent: [] }, unmarked],
  ['all are at the portal', `GET ${P}${cs}/sync|guest`, { ...base, recent: [stayed, stayedOld] }, unmarked],
  ['at another portal', `GET https://p2.example${cs}/sync|guest`, uses(home), unmarked],
  ['below another path', `GET ${P}/foo${cs}/sync|guest`, uses(home), unmarked],
  ['above its path', `GET ${P}${cs}/sync|guest`, uses(prefixed), unmarked],
  ['by http', `GET http://portal.example${cs}/sync|guest`, uses(home), unmarked],
  ['at the homeserver', `GET ${T}${cs}/sync|home`, uses(home), unmarked],
  ['pages of the portal', `GET ${P}/_matrix/static/client/login/`, uses(home), unmarked],
  ['federation', `GET ${P}/_matrix/federation/v1/version`, uses(home), unmarked],
  ['identity', `GET ${P}/_matrix/identity/v2|x`, { ...base, signedOut: true }, unmarked],
  ['not Matrix', `GET ${P}/index.html#x`, uses(home), unmarked],

  // what is sent
  ['home', `GET ${P}${cs}/sync|home`, uses(home), { act: 'send', url: `${T}${cs}/sync` }],
  [
    'home, which is another’s portal',
    `GET ${P}${cs}/sync|second`,
    uses(second, { recent: both }),
    { act: 'send', url: `${T2}${cs}/sync${PASSED}` },
  ],
  [
    'home, by its own URL',
    `GET ${T2}${cs}/sync|second`,
    uses(second, { recent: both }),
    marked(`${T2}${cs}/sync`),
  ],
  [
    'a second try at the portal',
    `GET ${P}${cs}/profile/@a:b#x`,
    uses(home),
    { act: 'send', orPortal: { target: T, url: `${P}${cs}/profile/@a:b${PASSED}` } },
  ],
  ['none for a POST', `POST ${P}${cs}/publicRooms`, uses(home), { act: 'send', orPortal: null }],
  ['none with a token', `GET ${P}${cs}/sync|home`, uses(home), { act: 'send', orPortal: null }],
];

describe('marks for the net', () => {
  it.each(marks)('%s: %s', (_, line, known, expected) => {
    expect(verdictOf(line, known)).toMatchObject(expected);
  });

  it('are on nothing that waits or is refused', () => {
    const line = `GET ${P}${cs}/sync|new`;
    const known = { ...base, sessionOf: () => undefined };
    expect(verdictOf(line, known)).toEqual({ act: 'hold', until: { for: 'token', token: 'new', base: P } });
    expect(verdictOf(line, known, true)).toEqual({ act: 'refuse' });
  });
});
