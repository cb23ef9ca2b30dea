import type { Faults } from './front.ts';
import { fixed, route } from './homeserver-router.ts';
import type { Context, Route } from './homeserver-router.ts';
import { isObject, MatrixError, randomName, text } from './homeserver-store.ts';
import type { Json, Store, User } from './homeserver-store.ts';
import type { Session } from './homeserver-sessions.ts';

export type Names = 'well_known' | 'base_cs_url' | 'both' | 'neither';

export interface AuthOptions {
  names: Names;
  guests: boolean;
  faults: Faults;
  /** the base URL, known once the server listens */
  url: () => string;
}

const TOKEN_LIFE_MS = 300_000;

const FLOWS = { flows: [{ type: 'm.login.password' }, { type: 'm.login.token' }] };

function naming(names: Names, url: string): Json {
  return {
    // with the slash, as Synapse always ends its public_baseurl
    ...(names === 'well_known' || names === 'both'
      ? { well_known: { 'm.homeserver': { base_url: `${url}/` } } }
      : {}),
    ...(names === 'base_cs_url' || names === 'both' ? { base_cs_url: url } : {}),
  };
}

function tokens(session: Session): Json {
  const { token, refresh } = session;
  if (refresh === null) return { access_token: token };
  return { access_token: token, refresh_token: refresh, expires_in_ms: TOKEN_LIFE_MS };
}

function sessionBody(context: Context, session: Session): Json {
  const { user, device } = session;
  return {
    user_id: user.id,
    device_id: device.id,
    home_server: context.store.serverName,
    ...tokens(session),
  };
}

function openFor(context: Context, user: User, options: AuthOptions): Session {
  const body = context.body();
  const refresh = options.faults.refreshTokens && body.refresh_token === true;
  const displayName = text(body.initial_device_display_name);
  return context.sessions.open(user, text(body.device_id), displayName, refresh);
}

/** The user that a login body names, in the new form, the old one, or by a token `lt-USER`. */
export function loginUser(body: Json): string | null {
  if (body.type === 'm.login.token') return /^lt-(.+)$/.exec(text(body.token) ?? '')?.[1] ?? null;
  return (isObject(body.identifier) ? text(body.identifier.user) : null) ?? text(body.user);
}

function checkLogin(store: Store, body: Json): User {
  if (body.type !== 'm.login.password' && body.type !== 'm.login.token') {
    throw new MatrixError(400, 'M_UNKNOWN', `Unknown login type ${String(body.type)}`);
  }
  const name = loginUser(body);
  const user = name === null ? undefined : store.users.get(store.userId(name));
  const trusted = body.type === 'm.login.token' || user?.password === body.password;
  if (!user || !trusted) throw new MatrixError(403, 'M_FORBIDDEN', 'Invalid username or password');
  return user;
}

function login(context: Context, options: AuthOptions): unknown {
  const user = checkLogin(context.store, context.body());
  const session = openFor(context, user, options);
  const body = { ...sessionBody(context, session), ...naming(options.names, options.url()) };
  return options.faults.loginBody ? options.faults.loginBody(body) : body;
}

/** User-Interactive Auth with one stage: 401 with the flows until the stage is there. */
function interactive(context: Context, stage: string, good: (auth: Json) => boolean): void {
  const { auth } = context.body();
  const challenge = { flows: [{ stages: [stage] }], params: {}, completed: [], session: randomName() };
  if (!isObject(auth)) throw new UiaError(challenge);
  if (auth.type !== stage || !good(auth)) {
    throw new MatrixError(401, 'M_FORBIDDEN', 'Invalid authentication', challenge);
  }
}

/** The first answer of UIA has flows and no errcode. */
class UiaError extends MatrixError {
  override readonly body: Json;
  constructor(challenge: Json) {
    super(401, 'M_UNAUTHORIZED', 'Authentication needed');
    this.body = challenge;
  }
}

function withPassword(context: Context): void {
  const { user } = context.caller();
  interactive(context, 'm.login.password', (auth) => auth.password === user.password);
}

function register(context: Context, options: AuthOptions): Json {
  const { store } = context;
  const body = context.body();
  if (context.query.get('kind') === 'guest') {
    if (!options.guests) throw new MatrixError(403, 'M_GUEST_ACCESS_FORBIDDEN', 'Guest access is disabled');
    const guest = store.addUser(`guest${store.users.size}`, randomName(), true);
    return sessionBody(context, openFor(context, guest, options));
  }
  interactive(context, 'm.login.dummy', () => true);
  const name = text(body.username) ?? `user${store.users.size}`;
  if (store.users.has(store.userId(name)))
    throw new MatrixError(400, 'M_USER_IN_USE', 'User ID already taken.');
  const user = store.addUser(name, text(body.password) ?? randomName());
  if (body.inhibit_login === true) return { user_id: user.id, home_server: store.serverName };
  return sessionBody(context, openFor(context, user, options));
}

function renew(context: Context): Json {
  const token = text(context.body().refresh_token);
  if (token === null) throw new MatrixError(400, 'M_MISSING_PARAM', 'refresh_token is missing');
  return tokens(context.sessions.refresh(token));
}

function logoutAll(context: Context): Json {
  const { user } = context.caller();
  for (const session of context.sessions.of(user)) context.sessions.endDevice(user, session.device.id);
  return {};
}

function deactivate(context: Context): Json {
  withPassword(context);
  const { user } = context.caller();
  logoutAll(context);
  context.store.users.delete(user.id);
  return { id_server_unbind_result: 'no-support' };
}

function changePassword(context: Context): Json {
  withPassword(context);
  const { user, device } = context.caller();
  const body = context.body();
  user.password = text(body.new_password) ?? user.password;
  const others = body.logout_devices === false ? [] : context.sessions.of(user);
  for (const other of others) {
    if (other.device !== device) context.sessions.endDevice(user, other.device.id);
  }
  return {};
}

function logout(context: Context): Json {
  const { user, device } = context.caller();
  context.sessions.endDevice(user, device.id);
  return {};
}

function whoAmI(context: Context): Json {
  const { user, device } = context.caller();
  return { user_id: user.id, device_id: device.id, is_guest: user.guest };
}

export function authRoutes(options: AuthOptions): Route[] {
  return [
    ...fixed(['GET login'], () => FLOWS, 'none'),
    route('POST login', (context) => login(context, options), 'none'),
    route('POST register', (context) => register(context, options), 'none'),
    ...fixed(['GET register/available'], () => ({ available: true }), 'none'),
    ...fixed(
      ['POST register/:medium/requestToken', 'POST account/password/:medium/requestToken'],
      () => ({ sid: randomName() }),
      'none',
    ),
    route('POST refresh', renew, 'none'),
    route('POST logout', logout),
    route('POST logout/all', logoutAll),
    route('GET account/whoami', whoAmI),
    route('POST account/deactivate', deactivate),
    route('POST account/password', changePassword),
  ];
}
