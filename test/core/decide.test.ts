import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import { PASSED } from '../../src/core/place.ts';
import type { BodyFields, Known, Route, Sketch } from '../../src/core/verdict.ts';

const P = 'https://portal.example';
const T = 'https://hs1.example/base';
const home: Route = { id: 'home', portal: P, target: T, pending: false, media: false };
const second: Route = {
  id: 'second',
  portal: P,
  target: 'https://hs2.example',
  pending: false,
  media: false,
};
const pending: Route = { id: 'pending', portal: P, target: T, pending: true, media: false };
const stayed: Route = { id: 'stayed', portal: P, target: null, pending: false, media: false };
const prefixed: Route = { ...home, id: 'prefixed', portal: `${P}/foo` };

const tokens: Record<string, Route | null> = {
  tHome: home,
  tSecond: second,
  tPending: pending,
  tStayed: stayed,
  tPrefixed: prefixed,
  rHome: home,
  rPending: pending,
  guest: null,
  oauth: null,
};

const fresh: Known = {
  ready: true,
  awake: true,
  sessionOf: (token) => tokens[token],
  tokenOf: () => null,
  last: null,
  signedOut: false,
  claimed: null,
  adopting: false,
  marksAll: false,
  recent: [home],
};
const used: Known = { ...fresh, last: home };
const cs = '/_matrix/client/v3';
const body = (fields: Partial<BodyFields>): BodyFields => ({
  refreshToken: null,
  loginType: null,
  namesIdentity: false,
  ...fields,
});
const password = body({ loginType: 'm.login.password' });
const appservice = body({ loginType: 'm.login.application_service' });

const to = (path: string, extra = {}): object => ({ act: 'send', url: T + path, dropToken: false, ...extra });
const pass = { act: 'pass' };
const stays = (path: string): object => ({ act: 'send', url: P + path + PASSED, dropToken: true });
const holdToken = (token: string): object => ({ act: 'hold', until: { for: 'token', token } });
const holdTarget = { act: 'hold', until: { for: 'target', route: pending } };
const begin = { act: 'pass', watch: { for: 'begin', portal: P } };
const refuse = { act: 'refuse' };
const read = { act: 'read' };
const IS = 'https://is.example/pre/_matrix/identity';
const rule = (session: string | null): object => ({ act: 'rule', session });
const nobody: Known = { ...fresh, recent: [] };
const names = body({ namesIdentity: true });

/** what, request line with the token behind `|`, what the document knows, body or `sync`, verdict */
type Row = [string, string, Known, BodyFields | 'sync' | null, object];

const rows: Row[] = [
  // with a token: to the session of the token, whatever the document did before
  ['goes home', `GET ${P}${cs}/sync?since=1|tHome`, fresh, null, to(`${cs}/sync?since=1`, { uses: home })],
  ['each to its own', `GET ${P}${cs}/sync|tSecond`, used, null, { url: `https://hs2.example${cs}/sync` }],
  [
    'token in the query',
    `GET ${P}${cs}/sync?access_token=tHome&x=%2F|tHome`,
    fresh,
    null,
    to(`${cs}/sync?access_token=tHome&x=%2F`),
  ],
  [
    'versions with a token',
    `GET ${P}/_matrix/client/versions|tHome`,
    fresh,
    null,
    to('/_matrix/client/versions'),
  ],
  [
    'path bytes kept',
    `PUT ${P}${cs}/rooms/!a%2Fb%3Ax/send/m/1|tHome`,
    fresh,
    null,
    to(`${cs}/rooms/!a%2Fb%3Ax/send/m/1`),
  ],
  [
    'encoded path is no login',
    `POST ${P}${cs}/rooms/..%2F..%2Flogin|tHome`,
    fresh,
    null,
    to(`${cs}/rooms/..%2F..%2Flogin`),
  ],
  ['leading slashes dropped', `GET ${P}//_matrix/client/v3/sync|tHome`, fresh, null, to(`${cs}/sync`)],
  [
    'an unknown endpoint',
    `PATCH ${P}/_matrix/client/v99/new|tHome`,
    fresh,
    null,
    to('/_matrix/client/v99/new'),
  ],
  ['upload', `POST ${P}/_matrix/media/r0/upload|tHome`, fresh, null, to('/_matrix/media/r0/upload')],
  ['portal with a prefix', `GET ${P}/foo${cs}/sync|tPrefixed`, fresh, null, to(`${cs}/sync`)],
  [
    'media that lost the prefix',
    `GET ${P}/_matrix/media/r0/download/x/y|tPrefixed`,
    fresh,
    null,
    to('/_matrix/media/r0/download/x/y'),
  ],
  ['not below the prefix', `GET ${P}${cs}/sync|tPrefixed`, fresh, null, pass],
  ['already at the target', `GET ${T}${cs}/sync|tHome`, fresh, null, { act: 'pass', uses: home }],
  ['another server', `GET https://other.example${cs}/sync|tHome`, fresh, null, pass],
  ['http twin of the portal', `GET http://portal.example${cs}/sync|tHome`, fresh, null, pass],
  ['a session at the portal', `GET ${P}${cs}/sync|tStayed`, fresh, null, { act: 'pass', uses: stayed }],
  ['a guest', `GET ${P}${cs}/sync|guest`, used, null, pass],
  ['an OAuth session', `GET ${P}${cs}/sync|oauth`, used, null, pass],
  ['a guest asks versions', `GET ${P}/_matrix/client/versions|guest`, used, null, pass],
  ['not asked yet', `GET ${P}${cs}/sync|new`, fresh, null, holdToken('new')],
  [
    'not asked yet, signed out',
    `GET ${P}${cs}/sync|new`,
    { ...fresh, signedOut: true },
    null,
    holdToken('new'),
  ],
  ['a token that cannot be one', `GET ${P}${cs}/sync|a b`, used, null, pass],
  ['pending', `GET ${P}${cs}/sync|tPending`, fresh, null, holdTarget],
  ['pending, at the target itself', `GET ${T}${cs}/sync|tPending`, fresh, null, pass],
  [
    'rendezvous never takes the token along',
    `POST ${P}/_matrix/client/unstable/org.matrix.msc4108/rendezvous|tHome`,
    used,
    null,
    { act: 'send', dropToken: true },
  ],
  [
    'SSO by fetch never takes it along',
    `GET ${P}${cs}/login/sso/redirect?redirectUrl=x&access_token=tHome|tHome`,
    used,
    null,
    stays(`${cs}/login/sso/redirect?redirectUrl=x`),
  ],
  ['login flows never take it along', `GET ${P}${cs}/login|tHome`, used, null, stays(`${cs}/login`)],

  // what is not ours
  ['no Matrix', `GET ${P}/index.html|tHome`, used, null, pass],
  ['well-known', `GET ${P}/.well-known/matrix/client|tHome`, used, null, pass],
  ['Synapse admin', `GET ${P}/_synapse/admin/v1/x|tHome`, used, null, pass],
  ['federation', `GET ${P}/_matrix/federation/v1/version|tHome`, used, null, pass],
  ['a blob', 'GET blob:https://portal.example/1|tHome', used, null, pass],

  // without a token: the session whose token this document used last
  [
    'after use',
    `GET ${P}/_matrix/client/versions`,
    used,
    null,
    to('/_matrix/client/versions', { orPortal: { target: T } }),
  ],
  [
    'profile after use',
    `GET ${P}${cs}/profile/@a:x`,
    used,
    null,
    to(`${cs}/profile/@a:x`, { orPortal: { target: T } }),
  ],
  [
    'POST after use: no second try',
    `POST ${P}${cs}/publicRooms`,
    used,
    null,
    to(`${cs}/publicRooms`, { orPortal: null }),
  ],
  [
    '3pid requestToken after use',
    `POST ${P}${cs}/account/3pid/email/requestToken`,
    used,
    body({}),
    to(`${cs}/account/3pid/email/requestToken`),
  ],
  ['password reset stays', `POST ${P}${cs}/account/password/email/requestToken`, used, body({}), pass],
  ['password change stays', `POST ${P}${cs}/account/password`, used, body({}), pass],
  [
    'auth metadata after use',
    `GET ${P}/_matrix/client/v1/auth_metadata`,
    used,
    null,
    to('/_matrix/client/v1/auth_metadata'),
  ],
  ['auth metadata before use', `GET ${P}/_matrix/client/v1/auth_metadata`, fresh, null, pass],
  ['profile before use', `GET ${P}${cs}/profile/@a:x`, fresh, null, pass],
  [
    'versions before use: the recent session',
    `GET ${P}/_matrix/client/versions`,
    fresh,
    null,
    to('/_matrix/client/versions', { orPortal: { target: T } }),
  ],
  [
    'versions before the sessions are known',
    `GET ${P}/_matrix/client/versions`,
    { ...fresh, ready: false },
    null,
    { act: 'hold', until: { for: 'ready' } },
  ],
  ['versions, no session', `GET ${P}/_matrix/client/versions`, { ...fresh, recent: [] }, null, pass],
  ['versions of another server', `GET https://other.example/_matrix/client/versions`, fresh, null, pass],
  ['versions after sign-out', `GET ${P}/_matrix/client/versions`, { ...fresh, signedOut: true }, null, pass],
  ['login flows sign the document out', `GET ${P}${cs}/login`, fresh, null, { act: 'pass', signsOut: true }],
  [
    'login flows in a document with a session',
    `GET ${P}${cs}/login`,
    used,
    null,
    { act: 'pass', signsOut: false },
  ],
  [
    'last session is pending',
    `GET ${P}/_matrix/client/versions`,
    { ...fresh, last: pending },
    null,
    holdTarget,
  ],
  [
    'last session is at the portal',
    `GET ${P}/_matrix/client/versions`,
    { ...fresh, last: stayed },
    null,
    pass,
  ],
  [
    'right after a login answer',
    `GET ${P}/_matrix/client/versions`,
    { ...fresh, signedOut: true, claimed: 'new' },
    null,
    holdToken('new'),
  ],
  [
    'right after a login answer, sync',
    `GET ${P}/_matrix/client/versions`,
    { ...fresh, signedOut: true, claimed: 'new' },
    'sync',
    pass,
  ],
  ['login flows right after a login answer', `GET ${P}${cs}/login`, { ...fresh, claimed: 'new' }, null, pass],
  ['register flows', `GET ${P}/_matrix/client/api/v1/register`, used, null, pass],
  [
    'UIA fallback after use',
    `GET ${P}${cs}/auth/m.login.sso/fallback/web?session=x`,
    used,
    null,
    to(`${cs}/auth/m.login.sso/fallback/web?session=x`),
  ],

  // login and registration
  [
    'login while the background may sleep',
    `POST ${P}${cs}/login`,
    { ...fresh, awake: false },
    null,
    { act: 'hold', until: { for: 'ready' } },
  ],
  [
    'refresh while the background may sleep',
    `POST ${P}${cs}/refresh`,
    { ...used, awake: false },
    null,
    { act: 'hold', until: { for: 'ready', must: true } },
  ],
  [
    'sync login while the background may sleep',
    `POST ${P}${cs}/login`,
    { ...fresh, awake: false },
    'sync',
    begin,
  ],
  [
    'anything else while the background may sleep',
    `GET ${P}${cs}/sync|tHome`,
    { ...fresh, awake: false },
    null,
    to(`${cs}/sync`),
  ],
  ['login', `POST ${P}${cs}/login`, fresh, null, begin],
  ['login in a document with a session', `POST ${P}${cs}/login`, used, null, begin],
  [
    'login below a prefix',
    `POST ${P}/foo/_matrix/client/r0/login`,
    fresh,
    null,
    { watch: { for: 'begin', portal: `${P}/foo` } },
  ],
  ['login with a target’s token', `POST ${P}${cs}/login|tHome`, used, null, { act: 'read' }],
  [
    '… loses it',
    `POST ${P}${cs}/login|tHome`,
    used,
    password,
    { ...stays(`${cs}/login`), watch: begin.watch },
  ],
  [
    '… in the query too',
    `POST ${P}${cs}/login?a=1&access_token=tHome|tHome`,
    used,
    password,
    stays(`${cs}/login?a=1`),
  ],
  [
    '… twice in the query',
    `POST ${P}${cs}/login?access_token=tHome&access_token=tHome&b|tHome`,
    used,
    password,
    stays(`${cs}/login?b`),
  ],
  [
    '… with an encoded name',
    `POST ${P}${cs}/login?%61ccess_token=tHome|tHome`,
    used,
    password,
    stays(`${cs}/login`),
  ],
  ['… but not an application service', `POST ${P}${cs}/login|tHome`, used, appservice, begin],
  ['login with a portal’s token', `POST ${P}${cs}/login|tStayed`, used, null, begin],
  ['login with a token not asked yet', `POST ${P}${cs}/login|new`, used, null, holdToken('new')],
  [
    'login at another portal loses it too',
    `POST https://p2.example${cs}/login|tHome`,
    used,
    password,
    { act: 'send', dropToken: true },
  ],
  [
    'login at the target',
    `POST ${T}${cs}/login|tHome`,
    used,
    null,
    { act: 'pass', watch: { for: 'begin', portal: T } },
  ],
  ['register', `POST ${P}${cs}/register?kind=guest`, used, body({}), begin],
  ['register with a guest’s token', `POST ${P}${cs}/register|guest`, used, body({}), begin],
  [
    'register with a target’s token',
    `POST ${P}${cs}/register|tHome`,
    used,
    password,
    stays(`${cs}/register`),
  ],

  // refresh
  ['refresh needs its body', `POST ${P}${cs}/refresh`, used, null, { act: 'read' }],
  [
    'refresh by its token',
    `POST ${P}${cs}/refresh`,
    fresh,
    body({ refreshToken: 'rHome' }),
    to(`${cs}/refresh`, { watch: { for: 'refresh', route: home } }),
  ],
  [
    'refresh not asked yet',
    `POST ${P}${cs}/refresh`,
    fresh,
    body({ refreshToken: 'rNew' }),
    holdToken('rNew'),
  ],
  [
    'refresh of a pending session',
    `POST ${P}${cs}/refresh`,
    fresh,
    body({ refreshToken: 'rPending' }),
    holdTarget,
  ],
  [
    'refresh of nobody, in a document with a session',
    `POST ${P}${cs}/refresh`,
    used,
    body({ refreshToken: 'guest' }),
    to(`${cs}/refresh`),
  ],
  ['refresh of nobody', `POST ${P}${cs}/refresh`, fresh, body({ refreshToken: 'guest' }), pass],
  [
    'refresh at the target',
    `POST ${T}${cs}/refresh`,
    fresh,
    body({ refreshToken: 'rHome' }),
    { act: 'pass', watch: { for: 'refresh', route: home } },
  ],

  // ends
  [
    'logout',
    `POST ${P}${cs}/logout|tHome`,
    used,
    null,
    to(`${cs}/logout`, { watch: { for: 'end', route: home } }),
  ],
  [
    'logout everywhere',
    `POST ${P}${cs}/logout/all|tHome`,
    used,
    null,
    to(`${cs}/logout/all`, { watch: { for: 'end-all', route: home } }),
  ],
  [
    'deactivate',
    `POST ${P}${cs}/account/deactivate|tHome`,
    used,
    body({}),
    to(`${cs}/account/deactivate`, { watch: { for: 'end-all', route: home } }),
  ],
  [
    'logout at the target',
    `POST ${T}${cs}/logout|tHome`,
    used,
    null,
    { act: 'pass', watch: { for: 'end', route: home } },
  ],

  // a synchronous XMLHttpRequest is never held
  ['sync, known', `GET ${P}${cs}/sync|tHome`, fresh, 'sync', to(`${cs}/sync`)],
  ['sync, pending: to the target', `GET ${P}${cs}/sync|tPending`, fresh, 'sync', to(`${cs}/sync`)],
  ['sync, not asked, a session at this portal', `GET ${P}${cs}/sync|new`, fresh, 'sync', refuse],
  [
    'sync, not asked, sessions not known',
    `GET ${P}${cs}/sync|new`,
    { ...fresh, ready: false, recent: [] },
    'sync',
    refuse,
  ],
  [
    'sync, not asked, right after a login answer',
    `GET ${P}${cs}/sync|new`,
    { ...fresh, claimed: 'new', recent: [] },
    'sync',
    refuse,
  ],
  ['sync, not asked, no session here', `GET ${P}${cs}/sync|new`, { ...fresh, recent: [] }, 'sync', pass],
  [
    'sync versions before the sessions are known',
    `GET ${P}/_matrix/client/versions`,
    { ...fresh, ready: false, recent: [] },
    'sync',
    pass,
  ],
];

rows.push(
  // identity servers (MSC2230): nothing before there is a session, then whoever knows the account rules
  [
    'before any session',
    `GET ${IS}/v2|isToken`,
    nobody,
    null,
    { act: 'pass', turnsTo: 'https://is.example/pre' },
  ],
  [
    'before anything is known',
    `GET ${IS}/v2`,
    { ...fresh, ready: false },
    null,
    { act: 'hold', until: { for: 'ready' } },
  ],
  ['during a login', `GET ${IS}/v2`, { ...nobody, claimed: 'new' }, null, holdToken('new')],
  ['during an adoption', `GET ${IS}/v2`, { ...nobody, adopting: true }, null, rule(null)],
  ['at a page start', `GET ${IS}/v2`, fresh, null, rule(null)],
  ['after use', `POST ${IS}/v2/lookup|isToken`, used, null, rule('home')],
  ['v1', `GET ${IS}/api/v1`, used, null, rule('home')],
  ['versions', `GET ${IS}/versions`, used, null, rule('home')],
  ['whose validation it goes on with', `POST ${IS}/api/v1/validate/email/submitToken`, used, null, read],
  ['its body is known', `POST ${IS}/api/v1/validate/email/submitToken`, used, body({}), rule('home')],
  ['signed out', `GET ${IS}/v2`, { ...fresh, signedOut: true }, null, pass],
  ['sync', `GET ${IS}/v2`, used, 'sync', refuse],
  ['sync before any session', `GET ${IS}/v2`, nobody, 'sync', pass],
  ['sync before anything is known', `GET ${IS}/v2`, { ...nobody, ready: false }, 'sync', refuse],
  // bodies that name one
  ['an invitation', `POST ${P}${cs}/rooms/!r/invite|tHome`, used, null, read],
  ['an invitation by e-mail', `POST ${P}${cs}/rooms/!r/invite|tSecond`, used, names, rule('second')],
  [
    'an invitation by user id',
    `POST ${P}${cs}/rooms/!r/invite|tHome`,
    used,
    body({}),
    to(`${cs}/rooms/!r/invite`),
  ],
  ['old createRoom', `PUT ${P}/_matrix/client/api/v1/createRoom/1|tHome`, used, names, rule('home')],
  ['a device', `DELETE ${P}${cs}/devices/D|tHome`, used, names, rule('home')],
  ['without a token', `POST ${P}${cs}/account/password`, used, names, rule('home')],
  [
    'before anything is known',
    `POST ${P}${cs}/account/password`,
    { ...nobody, ready: false },
    null,
    { act: 'hold', until: { for: 'ready' } },
  ],
  ['before any session', `POST ${P}${cs}/register`, nobody, null, begin],
  [
    'a message',
    `PUT ${P}${cs}/rooms/!r/send/m.room.message/1|tHome`,
    used,
    null,
    to(`${cs}/rooms/!r/send/m.room.message/1`),
  ],
  ['what is seen of syncs', `GET ${P}${cs}/sync|tHome`, used, null, { watch: { for: 'sync' } }],
  [
    'and of writing it',
    `PUT ${P}${cs}/user/@a:b/account_data/m.identity_server|tHome`,
    used,
    null,
    { watch: { for: 'identity-data' } },
  ],
);

describe('decide', () => {
  it.each(rows)('%s: %s', (_, line, known, extra, expected) => {
    const [request = '', token = null] = line.split('|');
    const [method = '', url = ''] = request.split(/ (.*)/);
    const sketch: Sketch = {
      method,
      url,
      page: 'https://app.example/',
      token,
      body: extra === null || extra === 'sync' ? undefined : extra,
      sync: extra === 'sync',
      ruled: false,
    };
    expect(decide(sketch, known)).toMatchObject(expected);
  });
});
