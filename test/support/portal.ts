import { forward, relay } from './forward.ts';
import { newFaults, startFront } from './front.ts';
import type { Exchange, Faults } from './front.ts';
import { sendJson } from './http.ts';
import type { Tls } from './http.ts';
import { VERSIONS } from './homeserver-account.ts';
import { loginUser } from './homeserver-auth.ts';
import { isObject } from './homeserver-store.ts';
import { Recorder } from './recorder.ts';

type Body = Record<string, unknown>;
export type RouteLogin = (user: string | null, body: Body) => string;
export type EditLogin = (body: Body, target: string) => unknown;

export interface PortalOptions {
  /** default 'portal' -> http://portal.localhost:PORT */
  name?: string;
  host?: string;
  listenHost?: string;
  /** default: a free one */
  port?: number;
  prefix?: string;
  mode: 'proxy' | 'redirect';
  /** which homeserver base URL takes this user (the local part); may be round-robin */
  route: RouteLogin;
  /** edits the login answer that the homeserver gave (proxy mode, 2xx only); default as is */
  editLogin?: EditLogin;
  /**
   * strict: 401 to every client-server and media request that is not the portal's own (GET and POST login,
   * register*, SSO, login fallback, versions without a token). Not strict: all that goes to `fallback`.
   */
  strict: boolean;
  /** homeserver for registrations and, if not strict, for the rest; default the target of `route(null)` */
  fallback?: string;
  /** default: its own */
  recorder?: Recorder;
  tls?: Tls;
}

export interface Portal {
  url: string;
  recorder: Recorder;
  faults: Faults;
  setRoute: (route: RouteLogin) => void;
  close: () => Promise<void>;
}

function without(body: Body): Body {
  const { well_known: _wellKnown, base_cs_url: _baseUrl, ...rest } = body;
  return rest;
}

/** Ready `editLogin` functions; each first removes what the homeserver itself said. */
export const naming = {
  /** with the trailing slash that Synapse has */
  well_known: (body: Body, target: string): Body => ({
    ...without(body),
    well_known: { 'm.homeserver': { base_url: `${target}/` } },
  }),
  base_cs_url: (body: Body, target: string): Body => ({ ...without(body), base_cs_url: target }),
  both: (body: Body, target: string): Body => ({
    ...naming.well_known(body, target),
    base_cs_url: target,
  }),
  neither: (body: Body): Body => without(body),
};

const FLOWS = { flows: [{ type: 'm.login.password' }, { type: 'm.login.token' }] };

const CLIENT = String.raw`^\/_matrix\/client\/(?:api\/v1|r0|v\d+|unstable)`;
const LOGIN = new RegExp(`${CLIENT}/login$`);
const OWN = new RegExp(`${CLIENT}/(?:login/sso|login/cas|register)(?:/|$)|^/_matrix/static/client/login`);

function parse(raw: Buffer): Body {
  try {
    const value: unknown = JSON.parse(raw.toString('utf8'));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function localPart(user: string | null): string | null {
  return user === null ? null : (/^@([^:]+):/.exec(user)?.[1] ?? user);
}

/** Like any reverse proxy, it answers 502 when the server behind it is gone. */
async function pass(exchange: Exchange, target: string, edit?: (body: Body) => unknown): Promise<void> {
  const answer = await forward(exchange, target).catch(() => null);
  if (exchange.response.destroyed) return;
  if (answer === null) {
    sendJson(exchange.response, 502, { errcode: 'M_UNKNOWN', error: 'Bad gateway' });
  } else if (edit && answer.status < 300) {
    sendJson(exchange.response, answer.status, edit(parse(answer.body)));
  } else relay(exchange, answer);
}

async function login(exchange: Exchange, options: PortalOptions, route: RouteLogin, faults: Faults) {
  const body = parse(exchange.raw);
  const target = route(localPart(loginUser(body)), body).replace(/\/$/, '');
  if (options.mode === 'redirect') {
    exchange.response.writeHead(307, { location: target + exchange.path + exchange.search }).end();
    return;
  }
  await pass(exchange, target, (answered) => {
    const edited = options.editLogin ? options.editLogin(answered, target) : answered;
    return faults.loginBody && isObject(edited) ? faults.loginBody(edited) : edited;
  });
}

/** A server that only logs people in: who keeps talking to it afterwards is refused, if it is strict. */
export async function startPortal(options: PortalOptions): Promise<Portal> {
  const recorder = options.recorder ?? new Recorder();
  const faults = newFaults();
  let { route } = options;
  const handle = async (exchange: Exchange) => {
    const { response, path, recorded } = exchange;
    const target = () => options.fallback ?? route(null, {});
    if (LOGIN.test(path) && recorded.method === 'POST') await login(exchange, options, route, faults);
    else if (LOGIN.test(path) && recorded.method === 'GET') sendJson(response, 200, FLOWS);
    else if (path === '/_matrix/client/versions' && recorded.token === null)
      sendJson(response, 200, VERSIONS);
    else if (OWN.test(path)) await pass(exchange, target());
    else if (!/^\/_matrix\/(?:client|media)\//.test(path)) {
      sendJson(response, 404, { errcode: 'M_UNRECOGNIZED', error: 'Unrecognized request' });
    } else if (options.strict) {
      sendJson(response, 401, { errcode: 'M_UNKNOWN_TOKEN', error: 'The portal has no sessions' });
    } else await pass(exchange, target());
  };
  const name = options.name ?? 'portal';
  const { url, close } = await startFront({ ...options, name, recorder, faults, handle });
  const setRoute = (next: RouteLogin) => {
    route = next;
  };
  return { url, recorder, faults, setRoute, close };
}
