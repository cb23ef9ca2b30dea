/** Section 9 of the design's identity-account-data.md: what becomes of each body. */

/** What the client names, and what the account names. */
const D = 'default.example';
const X = 'is.example/pre';
/** Tokens, and the secrets of validations, by their issuer. */
const ISSUERS: Record<string, string> = { tD: D, tX: X, 'cD 1': D, 'cX 1': X, 'cH 1': '' };
export const issuerOf = (secret: string): string | null => ISSUERS[secret] ?? null;

const email = { medium: 'email', address: 'a@mail.example' };
const from = (server: string, token: string, rest: object = {}): object => ({
  ...rest,
  id_server: server,
  id_access_token: token,
});
const proof = (secret: string): object => ({ sid: '1', client_secret: secret });
const uia = (creds: object, rest: object = {}): object => ({
  ...rest,
  auth: { type: 'm.login.email.identity', threepid_creds: creds, session: 's' },
});
const legacy = (creds: object, rest: object = {}): object => ({ three_pid_creds: creds, ...rest });
const ask = { client_secret: 'c', email: 'a@mail.example', send_attempt: 1 };
const room = (...invites: object[]): object => ({ preset: 'private_chat', invite_3pid: invites });
const leaving = { ...email, id_server: D };

/** The new body, or: as it was, held and refused in the end, refused with a code. */
export type Outcome = object | 'as is' | 'hold' | 'no invite' | 'not trusted';
type Row = [what: string, path: string, body: object, disabled: Outcome, url: Outcome, unknown: Outcome];

export const table: Row[] = [
  ['an invitation', 'rooms/!r:x/invite', from(D, 'tX', email), 'no invite', from(X, 'tX', email), 'hold'],
  ['one without a token', 'rooms/!r:x/invite', leaving, 'no invite', { ...email, id_server: X }, 'hold'],
  ['one with a foreign token', 'rooms/!r:x/invite', from(D, 'tD', email), 'no invite', 'not trusted', 'hold'],
  ['one as it must be', 'rooms/!r:x/invite', from(X, 'tX', email), 'no invite', 'as is', 'hold'],
  ['one with a transaction', 'rooms/!r:x/invite/t', leaving, 'no invite', { ...email, id_server: X }, 'hold'],
  ['an invited user', 'rooms/!r:x/invite', { user_id: '@b:x', reason: 'r' }, 'as is', 'as is', 'as is'],
  [
    'a room',
    'createRoom',
    room(from(D, 'tX', email), from(X, 'tX', email), { ...leaving }),
    'not trusted',
    room(from(X, 'tX', email), from(X, 'tX', email), { ...email, id_server: X }),
    'hold',
  ],
  ['a room, foreign token', 'createRoom/t', room(from(D, 'tD', email)), 'not trusted', 'not trusted', 'hold'],
  ['a room without e-mail', 'createRoom', room(), 'as is', 'as is', 'as is'],
  [
    'bind',
    'account/3pid/bind',
    from(D, 'tX', proof('cX')),
    'not trusted',
    from(X, 'tX', proof('cX')),
    'hold',
  ],
  [
    'bind, foreign token',
    'account/3pid/bind',
    from(D, 'tD', proof('cX')),
    'not trusted',
    'not trusted',
    'hold',
  ],
  [
    'bind, foreign sid',
    'account/3pid/bind',
    from(D, 'tX', proof('cD')),
    'not trusted',
    'not trusted',
    'hold',
  ],
  ['unbind', 'account/3pid/unbind', leaving, email, 'as is', email],
  ['delete', 'account/3pid/delete', leaving, email, 'as is', email],
  [
    'deactivate',
    'account/deactivate',
    { erase: true, id_server: D },
    { erase: true },
    'as is',
    { erase: true },
  ],
  ['requestToken', 'account/3pid/email/requestToken', from(D, 'tX', ask), ask, from(X, 'tX', ask), ask],
  ['its foreign token', 'account/3pid/msisdn/requestToken', from(D, 'tD', ask), ask, ask, ask],
  ['its foreign token beside ours', 'account/password/email/requestToken', from(X, 'tD', ask), ask, ask, ask],
  ['no token', 'register/email/requestToken', { ...ask, id_server: D }, ask, ask, ask],
  ['a token nobody knows', 'account/password/msisdn/requestToken', from(D, 't?', ask), ask, ask, ask],
  // interactive-auth.ts of matrix-js-sdk names the host alone
  [
    'a host alone',
    'register/msisdn/requestToken',
    from('is.example', 'tX', ask),
    ask,
    from(X, 'tX', ask),
    ask,
  ],
  ['no server', 'account/3pid/email/requestToken', ask, 'as is', 'as is', 'as is'],
  [
    'credentials of ours',
    'account/3pid/add',
    uia(from('is.example', 'tX', proof('cX'))),
    uia(proof('cX')),
    uia(from(X, 'tX', proof('cX'))),
    uia(proof('cX')),
  ],
  [
    'credentials of the homeserver',
    'account/password',
    uia(from(D, 'tX', proof('cH')), { new_password: 'p' }),
    uia(proof('cH'), { new_password: 'p' }),
    uia(proof('cH'), { new_password: 'p' }),
    uia(proof('cH'), { new_password: 'p' }),
  ],
  [
    'credentials of another',
    'devices/D',
    uia(from(D, 'tD', proof('cD'))),
    uia(proof('cD')),
    'as is',
    uia(proof('cD')),
  ],
  [
    'deactivate with credentials',
    'account/deactivate',
    uia(from(D, 'tD', proof('cD')), { id_server: D }),
    uia(proof('cD')),
    'as is',
    uia(proof('cD')),
  ],
  ['no credentials', 'delete_devices', { auth: { type: 'm.login.password' } }, 'as is', 'as is', 'as is'],
  [
    'adding',
    'account/3pid',
    legacy(from(D, 'tX', proof('cX'))),
    legacy(proof('cX')),
    legacy(from(X, 'tX', proof('cX'))),
    'hold',
  ],
  [
    'adding and not binding',
    'account/3pid',
    legacy(from(D, 'tX', proof('cX')), { bind: false }),
    legacy(proof('cX'), { bind: false }),
    legacy(from(X, 'tX', proof('cX')), { bind: false }),
    'hold',
  ],
  [
    'adding and binding',
    'account/3pid',
    legacy(from(D, 'tX', proof('cX')), { bind: true }),
    'not trusted',
    legacy(from(X, 'tX', proof('cX')), { bind: true }),
    'hold',
  ],
];
