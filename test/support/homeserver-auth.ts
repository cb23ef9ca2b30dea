import type { Faults } from './front.ts';
import { fixed, route } from './homeserver-router.ts';
import type { Context, Route } from './homeserver-router.ts';
import { ownerOf } from './homeserver-threepids.ts';
import { isObject, MatrixError, randomName, text } from './homeserver-store.ts';
import type { Device, Json, Store, User } from './homeserver-store.ts';
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

/** Whose account it is: proven by the password, or by an address, which needs no token. */
function confirmed(context: Context): User {
  const { auth } = context.body();
  const owner = isObject(auth) ? ownerOf(context, auth) : null;
  if (owner) return owner;
  const { user } = context.caller();
  interactive(context, 'm.login.password', (given) => given.password === user.password);
  return user;
}

function endSessions(context: Context, user: User, except: Device | null): void {
  for (const { device } of context.sessions.of(user)) {
    if (device !== except) context.sessions.endDevice(user, device.id);
  }
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
  endSessions(context, context.caller().user, null);
  return {};
}

function deactivate(context: Context): Json {
  const user = confirmed(context);
  endSessions(context, user, null);
  context.store.users.delete(user.id);
  return { id_server_unbind_result: 'no-support' };
}

function changePassword(context: Context): Json {
  const user = confirmed(context);
  const body = context.body();
  user.password = text(body.new_password) ?? user.password;
  const own = context.token === null ? null : context.caller().device;
  if (body.logout_devices !== false) endSessions(context, user, own);
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
    route('POST refresh', renew, 'none'),
    route('POST logout', logout),
    route('POST logout/all', logoutAll),
    route('GET account/whoami', whoAmI),
    route('POST account/deactivate', deactivate, 'optional'),
    route('POST account/password', changePassword, 'optional'),
  ];
}
