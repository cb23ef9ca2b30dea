/** The operations whose bodies name identity servers, and what becomes of each (identity-account-data.md, section 9). */

export interface Names {
  /** As the client names its own. */
  readonly app: string;
  /** As the account names its. */
  readonly named: string;
  /** Tokens of the account's, and of the client's own. */
  readonly token: string;
  readonly foreign: string;
  /** Of a validation that the account's began. */
  readonly sid: string;
}

export type Json = Record<string, unknown>;

/** `same`: byte for byte. `hold`: until it is known, in vain. A code: refused with it. Else the body that arrives. */
export type Fate = 'same' | 'hold' | 'ORG.MATRIX.JSSDK_MISSING_PARAM' | 'M_SERVER_NOT_TRUSTED' | Json;

export interface Row {
  readonly method: string;
  readonly path: string;
  readonly body: Json | string;
  readonly disabled: Fate;
  readonly url: Fate;
  readonly unknown: Fate;
}

const ADDRESS = { medium: 'email', address: 'bob@example.org' };
const ROOM = 'rooms/!room:alpha.localhost';

export function rows({ app, named, token, foreign, sid }: Names): Row[] {
  const I = { id_server: app, id_access_token: token };
  const X = { id_server: named, id_access_token: token };
  const validation = { sid, client_secret: 's3cret' };
  const email = { client_secret: 'another', email: 'a@example.org', send_attempt: 1 };

  const row = (line: string, body: Json | string, disabled: Fate, url: Fate, unknown: Fate): Row => {
    const [method = '', path = ''] = line.split(' ');
    return { method, path, body, disabled, url, unknown };
  };
  const same = (line: string, body: Json | string): Row => row(line, body, 'same', 'same', 'same');
  const invite = (line: string): Row =>
    row(line, { ...ADDRESS, ...I }, 'ORG.MATRIX.JSSDK_MISSING_PARAM', { ...ADDRESS, ...X }, 'hold');
  const createRoom = (line: string): Row => {
    const body = (holder: Json): Json => {
      const second = { medium: 'email', address: 'c@example.org', ...holder };
      return { name: 'r', invite_3pid: [{ ...ADDRESS, ...holder }, second] };
    };
    return row(line, body(I), 'M_SERVER_NOT_TRUSTED', body(X), 'hold');
  };
  const leave = (line: string): Row =>
    row(line, { ...ADDRESS, id_server: app, x: 1 }, { ...ADDRESS, x: 1 }, 'same', { ...ADDRESS, x: 1 });
  const requestToken = (line: string): Row[] => [
    row(line, { ...email, ...I }, email, { ...email, ...X }, email),
    row(line, { ...email, ...I, id_access_token: foreign }, email, email, email),
    row(line, { ...email, id_server: app }, email, email, email),
    same(line, email),
  ];
  const uia = (line: string, wrap: (holder: Json) => Json): Row => {
    const bare = wrap(validation);
    return row(line, wrap({ ...validation, ...I }), bare, wrap({ ...validation, ...X }), bare);
  };
  const auth =
    (key: string, list = false) =>
    (holder: Json): Json => ({
      x: 'y',
      auth: { type: 'm.login.email.identity', session: 'z', [key]: list ? [holder] : holder },
    });
  const add = (key: string, bind: boolean): Row => {
    const body = (holder: Json): Json => ({ [key]: { ...validation, ...holder }, bind });
    return row('POST account/3pid', body(I), bind ? 'M_SERVER_NOT_TRUSTED' : body({}), body(X), 'hold');
  };

  return [
    invite(`POST ${ROOM}/invite`),
    invite(`PUT ${ROOM}/invite/t1`),
    invite(`POST /_matrix/client/api/v1/${ROOM}/invite`),
    invite(`POST /_matrix/client/r0/${ROOM}/invite`),
    same(`POST ${ROOM}/invite`, { user_id: '@bob:alpha.localhost', reason: 'a "sid", creds and 3pid' }),
    same(`POST ${ROOM}/invite`, '{"user_id":"@bob:alpha.localhost","n":12345678901234567890,"n":1.0}'),
    same(`POST ${ROOM}/invite`, '{"id_server":'),
    createRoom('POST createRoom'),
    createRoom('PUT createRoom/t2'),
    same('POST createRoom', { name: 'the id_server of \\u0041', invite_3pid: [] }),
    same(`PUT ${ROOM}/send/m.room.message/t3`, { id_server: app, id_access_token: token }),
    row(
      'POST account/3pid/bind',
      { ...validation, ...I },
      'M_SERVER_NOT_TRUSTED',
      { ...validation, ...X },
      'hold',
    ),
    leave('POST account/3pid/unbind'),
    leave('POST account/3pid/delete'),
    leave('POST account/deactivate'),
    ...requestToken('POST account/3pid/email/requestToken'),
    ...requestToken('POST account/3pid/msisdn/requestToken'),
    ...requestToken('POST account/password/email/requestToken'),
    ...requestToken('POST register/email/requestToken'),
    uia('POST account/3pid/add', auth('threepid_creds')),
    uia('POST account/password', auth('threepid_creds')),
    uia('POST account/password', auth('threepidCreds', true)),
    uia('POST account/password', auth('threepidCreds')),
    uia('POST account/deactivate', auth('threepid_creds')),
    uia('POST delete_devices', auth('threepid_creds')),
    uia('DELETE devices/NOBODYS', auth('threepid_creds')),
    uia('POST keys/device_signing/upload', auth('threepid_creds')),
    uia('POST login/get_token', auth('threepid_creds')),
    uia('POST register', auth('threepid_creds')),
    add('three_pid_creds', true),
    add('three_pid_creds', false),
    add('threePidCreds', true),
    row(
      'POST account/3pid',
      { threePidCreds: { ...validation, idServer: app, id_access_token: token }, bind: true },
      'M_SERVER_NOT_TRUSTED',
      { threePidCreds: { ...validation, idServer: named, id_access_token: token }, bind: true },
      'hold',
    ),
    row(
      'POST account/password',
      auth('threepidCreds', true)({ ...validation, idServer: app }),
      auth('threepidCreds', true)(validation),
      auth('threepidCreds', true)({ ...validation, idServer: named }),
      auth('threepidCreds', true)(validation),
    ),
  ];
}
