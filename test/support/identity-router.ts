import type { Exchange } from './front.ts';
import { sendJson } from './http.ts';
import { parseBody, patternOf } from './homeserver-router.ts';
import { MatrixError, text } from './homeserver-store.ts';
import type { Json } from './homeserver-store.ts';
import type { IdentityStore } from './identity-store.ts';

/** 'terms': a token whose user has accepted the policies. In API v1 there are neither. */
export type IdentityAuth = 'terms' | 'token' | 'none';

/** One request to an identity server. */
export interface IdentityCall {
  store: IdentityStore;
  exchange: Exchange;
  version: 'v1' | 'v2';
  token: string | null;
  /** whose the token is; null in a call without one */
  user: string | null;
  /** of the query, or of the body: JSON or a form */
  params: Json;
  /** a part of the path by its name in the route */
  part: (name: string) => string;
  /** string parameters; 400 when one is missing */
  need: <Name extends string>(...names: Name[]) => Record<Name, string>;
}

type Handler = (call: IdentityCall) => unknown;

export interface IdentityRoute {
  method: string;
  /** null: both */
  version: 'v1' | 'v2' | null;
  pattern: RegExp;
  auth: IdentityAuth;
  handle: Handler;
}

/** `'GET lookup'` for both versions of the API, `'v1 GET lookup'` for one. */
export function identityRoute(spec: string, handle: Handler, auth: IdentityAuth = 'terms'): IdentityRoute {
  const [, version, method = '', path = ''] = /^(?:(v[12]) )?(\w+) ?(.*)$/.exec(spec) ?? [];
  const only = version === 'v1' || version === 'v2' ? version : null;
  return { method, version: only, pattern: patternOf(path), auth, handle };
}

/** Clients of before 2019 send forms; numbers are strings in them. */
function paramsOf({ request, raw, search }: Exchange): Json {
  if (request.method === 'GET') return Object.fromEntries(new URLSearchParams(search));
  const form = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
  return form ? Object.fromEntries(new URLSearchParams(raw.toString('utf8'))) : parseBody(raw);
}

function need<Name extends string>(params: Json, names: Name[]): Record<Name, string> {
  const missing = names.filter((name) => text(params[name]) === null);
  if (missing.length > 0) {
    throw new MatrixError(400, 'M_MISSING_PARAMS', `Missing parameters: ${missing.join(', ')}`);
  }
  return Object.fromEntries(names.map((name) => [name, params[name]])) as Record<Name, string>;
}

function authorize(store: IdentityStore, auth: IdentityAuth, token: string | null): string | null {
  if (auth === 'none') return null;
  const user = store.userOf(token);
  if (user === null) throw new MatrixError(401, 'M_UNAUTHORIZED', 'Unauthorized');
  if (auth === 'terms' && !store.hasAccepted(user)) {
    throw new MatrixError(403, 'M_TERMS_NOT_SIGNED', 'The terms of service are not accepted');
  }
  return user;
}

interface Found {
  route: IdentityRoute;
  match: RegExpExecArray;
}

function fitting(routes: IdentityRoute[], version: 'v1' | 'v2', path: string): Found[] {
  return routes.flatMap((route) => {
    const match = route.version === null || route.version === version ? route.pattern.exec(path) : null;
    return match ? [{ route, match }] : [];
  });
}

function choose(found: Found[], method: string | undefined): Found {
  const chosen = found.find(({ route }) => route.method === method);
  if (chosen) return chosen;
  throw new MatrixError(found.length > 0 ? 405 : 404, 'M_UNRECOGNIZED', 'Unrecognized request');
}

/** `path` is what follows the version. */
function answer(
  routes: IdentityRoute[],
  store: IdentityStore,
  exchange: Exchange,
  version: 'v1' | 'v2',
  path: string,
): unknown {
  const { route, match } = choose(fitting(routes, version, path), exchange.request.method);
  const { token } = exchange.recorded;
  const user = authorize(store, version === 'v1' ? 'none' : route.auth, token);
  const params = paramsOf(exchange);
  return route.handle({
    store,
    exchange,
    version,
    token,
    user,
    params,
    part: (name) => decodeURIComponent(match.groups?.[name] ?? ''),
    need: (...names) => need(params, names),
  });
}

const VERSIONS = [
  'r0.1.0',
  'r0.2.0',
  'r0.2.1',
  'r0.3.0',
  ...Array.from({ length: 11 }, (_, i) => `v1.${i + 1}`),
];

function located(routes: IdentityRoute[], store: IdentityStore, exchange: Exchange): unknown {
  const { path, request } = exchange;
  if (path === '/_matrix/identity/versions' && request.method === 'GET') return { versions: VERSIONS };
  const [, version, rest = ''] = /^\/_matrix\/identity\/(api\/v1|v2)(?:\/(.*))?$/.exec(path) ?? [];
  if (version === undefined) throw new MatrixError(404, 'M_UNRECOGNIZED', 'Unrecognized request');
  return answer(routes, store, exchange, version === 'v2' ? 'v2' : 'v1', rest);
}

/** Answers with what the route returns, unless that has answered by itself (a redirection). */
export function dispatchIdentity(routes: IdentityRoute[], store: IdentityStore, exchange: Exchange): void {
  const { response } = exchange;
  try {
    const body = located(routes, store, exchange);
    if (!response.headersSent && !response.destroyed) sendJson(response, 200, body);
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    sendJson(response, error.status, error.body);
  }
}
