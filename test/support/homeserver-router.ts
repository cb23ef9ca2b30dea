import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from './front.ts';
import { sendJson } from './http.ts';
import { isObject, MatrixError } from './homeserver-store.ts';
import type { Json, Store } from './homeserver-store.ts';
import type { Session, Sessions } from './homeserver-sessions.ts';

/** 'optional': works without a token, but a wrong one is refused, as Synapse's /versions does. */
export type Auth = 'required' | 'optional' | 'none';

export interface Context {
  store: Store;
  sessions: Sessions;
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  raw: Buffer;
  token: string | null;
  /** a part of the path by its name in the route, decoded */
  param: (name: string) => string;
  body: () => Json;
  /** who asks; throws 401 in a route without a session */
  caller: () => Session;
}

export type RouteHandler = (context: Context) => unknown;

export interface Route {
  method: string;
  pattern: RegExp;
  auth: Auth;
  handle: RouteHandler;
}

/** `'PUT rooms/:room/send/:type/:txn'`; `:name*` takes the rest of the path, which may be empty. */
export function route(spec: string, handle: RouteHandler, auth: Auth = 'required'): Route {
  const [method = '', path = ''] = spec.split(' ');
  return { method, pattern: patternOf(path), auth, handle };
}

/** What a path with names in it matches. */
export function patternOf(path: string): RegExp {
  const source = path
    .replaceAll('.', '\\.')
    .replace(/\/:(\w+)\*/, '(?:/(?<$1>.*))?')
    .replaceAll(/:(\w+)/g, '(?<$1>[^/]+)');
  return new RegExp(`^${source}/?$`);
}

/** The same answer for each of the given routes. */
export function fixed(specs: string[], answer: () => unknown, auth: Auth = 'required'): Route[] {
  return specs.map((spec) => route(spec, answer, auth));
}

export function parseBody(raw: Buffer): Json {
  if (raw.length === 0) return {};
  try {
    const value: unknown = JSON.parse(raw.toString('utf8'));
    // vector-web logs out with the body `null`
    return isObject(value) ? value : {};
  } catch {
    throw new MatrixError(400, 'M_NOT_JSON', 'Content not JSON.');
  }
}

function makeContext(store: Store, sessions: Sessions, exchange: Exchange, match: RegExpExecArray): Context {
  const { request, response, raw, recorded } = exchange;
  return {
    store,
    sessions,
    request,
    response,
    raw,
    token: recorded.token,
    query: new URLSearchParams(exchange.search),
    param: (name) => decodeURIComponent(match.groups?.[name] ?? ''),
    body: () => parseBody(raw),
    caller: () => sessions.require(recorded.token),
  };
}

async function run(found: Route, context: Context): Promise<unknown> {
  const wanted = found.auth === 'required' || (found.auth === 'optional' && context.token !== null);
  if (wanted) context.caller();
  return found.handle(context);
}

/** Answers with what the first route that fits returns, unless that has answered by itself (media). */
export async function dispatch(
  routes: Route[],
  store: Store,
  sessions: Sessions,
  exchange: Exchange,
  path: string,
): Promise<void> {
  const { request, response } = exchange;
  try {
    for (const candidate of routes) {
      const match = candidate.method === request.method ? candidate.pattern.exec(path) : null;
      if (!match) continue;
      const answer = await run(candidate, makeContext(store, sessions, exchange, match));
      if (!response.headersSent && !response.destroyed) sendJson(response, 200, answer);
      return;
    }
    throw new MatrixError(404, 'M_UNRECOGNIZED', 'Unrecognized request');
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    sendJson(response, error.status, error.body);
  }
}
