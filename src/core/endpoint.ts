/**
 * What a request is, from its method and URL alone (url-rules.md, section B). Operations come from every version of the
 * client-server API; `test/core/endpoint.test.ts` compares the table here with the full list in endpoints.json.
 */
import { identityOperation } from './identity-endpoint.ts';
import { clientOperation, mediaOperation, type Operation } from './operations.ts';

export type Kind =
  | 'login-flows'
  | 'login'
  | 'sso-navigation'
  | 'login-fallback'
  | 'uia-fallback'
  | 'login-token'
  | 'register'
  | 'register-aux'
  | 'refresh'
  | 'logout'
  | 'account-change'
  | 'cs-identity'
  | 'account-data-is'
  | 'openid'
  | 'sync'
  | 'auth-metadata'
  | 'versions'
  | 'cs'
  | 'cs-foreign'
  | 'media'
  | 'media-aux'
  | 'media-upload'
  | 'media-authed'
  | 'identity'
  | 'well-known-client'
  | 'well-known-other'
  | 'other-matrix'
  | 'not-matrix';

/**
 * `portal`: stays there. `target`: needs the session's token. `target-if-session`: follows the session in play.
 * `identity`: identity rules. `pass`: not touched.
 */
export type RouteOf = 'portal' | 'target' | 'target-if-session' | 'identity' | 'pass';

export interface Endpoint {
  readonly kind: Kind;
  readonly op: string;
  readonly route: RouteOf;
  readonly under: 'portal' | 'target' | 'identity' | 'none';
  /** The body may name an identity server (MSC2230). */
  readonly mayCarryIdentity?: boolean;
  /** matrix-js-sdk's `new URL('/_matrix/…', base)` lost the base URL's path (content-repo.ts). */
  readonly prefixDropped?: boolean;
  readonly doubleSlash?: boolean;
  /** Identity requests: everything before `/_matrix`, and the API (`v1`, `v2`) or null. */
  readonly base?: string;
  readonly api?: string | null;
  readonly why?: 'scheme' | 'unparsable';
}

/** A URL taken apart at its first `_matrix` segment. */
export interface Place {
  readonly url: URL;
  /** Everything before `/_matrix`, as written. */
  readonly base: string;
  /** Path segments before `_matrix`, without leading empty ones. */
  readonly prefix: readonly string[];
  readonly doubleSlash: boolean;
  /** Segments after `_matrix`, percent-decoded once for comparison; an encoded slash never makes a boundary. */
  readonly path: readonly string[];
}

/** Base URLs of the session in play, normalised, and the page that relative URLs are relative to. */
export interface Bases {
  readonly portal: string;
  readonly target: string | null;
  readonly page: string;
}

/** Upper-cases what `fetch` and XMLHttpRequest upper-case. */
export function normaliseMethod(method: string): string {
  return /^(?:delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : method;
}

/** Takes an absolute or page-relative URL apart; null when it has no `_matrix` segment or is no http(s) URL. */
export function locate(href: string, page: string): Place | null {
  const url = parseUrl(href, page);
  return url && isHttp(url) ? placeOf(url) : null;
}

/**
 * Classifies one request.
 *
 * @param method as the page gave it
 * @param href as the page gave it
 */
export function classify(method: string, href: string, bases: Bases): Endpoint {
  const url = parseUrl(href, bases.page);
  if (!url) return { ...NOT_MATRIX, why: 'unparsable' };
  if (!isHttp(url)) return { ...NOT_MATRIX, why: 'scheme' };
  const wellKnown = /^\/\.well-known\/matrix\/(.+)$/.exec(url.pathname);
  if (wellKnown) {
    return passing(wellKnown[1] === 'client' ? 'well-known-client' : 'well-known-other', '', 'none');
  }
  const place = placeOf(url);
  return place ? classifyPlace(method, place, bases) : NOT_MATRIX;
}

/** The same for a URL that is already taken apart. */
export function classifyPlace(method: string, place: Place, bases: Bases): Endpoint {
  const verb = normaliseMethod(method);
  const [family = ''] = place.path;
  if (family === 'identity') {
    const { op, api } = identityOperation(verb, place.path.slice(1));
    return { kind: 'identity', op, api, base: place.base, route: 'identity', under: 'identity' };
  }
  const under = whoseIs(place, bases);
  const operation = operationOf(verb, place);
  if (operation && under === 'none') {
    return droppedPrefix(operation, place, bases) ?? passing('cs-foreign', operation.op, 'none');
  }
  if (!operation) return passing('other-matrix', family, under);
  const route = under === 'target' ? 'pass' : operation.route;
  return { ...operation, route, under, ...(place.doubleSlash && { doubleSlash: true }) };
}

/** The operation that a path names, whatever server it is at; null for what is not client-server, media or login. */
export function operationOf(verb: string, { path }: Place): Operation | null {
  const [family = '', ...rest] = path;
  if (family === 'client') return clientOperation(verb, rest);
  if (family === 'media') return mediaOperation(verb, rest);
  const [api, page] = rest;
  const isLoginPage = family === 'static' && api === 'client' && (page === 'login' || page === 'register');
  return isLoginPage ? { kind: 'login-fallback', op: page, route: 'portal' } : null;
}

/** Whether the place is the very base URL (origin equal, path prefix equal segment by segment) plus `/_matrix`. */
export function isUnder(place: Place, base: string): boolean {
  const { origin, pathname } = new URL(base);
  return place.url.origin === origin && sameSegments(place.prefix, segmentsOf(pathname));
}

const NOT_MATRIX: Endpoint = { kind: 'not-matrix', op: '', route: 'pass', under: 'none' };

function passing(kind: Kind, op: string, under: Endpoint['under']): Endpoint {
  return { kind, op, route: 'pass', under };
}

function parseUrl(href: string, page: string): URL | null {
  try {
    return new URL(href, page);
  } catch {
    return null;
  }
}

function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

function placeOf(url: URL): Place | null {
  const raw = url.pathname.split('/').slice(1);
  const at = raw.findIndex((segment) => decode(segment) === '_matrix');
  if (at < 0) return null;
  const before = raw.slice(0, at);
  const leading = before.findIndex((segment) => segment !== '');
  const prefix = before.slice(leading < 0 ? at : leading);
  return {
    url,
    base: url.origin + before.map((segment) => `/${segment}`).join(''),
    prefix,
    doubleSlash: prefix.length < before.length,
    path: raw.slice(at + 1).map(decode),
  };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function whoseIs(place: Place, { portal, target }: Bases): 'target' | 'portal' | 'none' {
  if (target !== null && isUnder(place, target)) return 'target';
  return isUnder(place, portal) ? 'portal' : 'none';
}

/** Media at the root of a known base's origin. The portal first: the client was configured with that one. */
function droppedPrefix(operation: Operation, place: Place, { portal, target }: Bases): Endpoint | null {
  if (!operation.kind.startsWith('media') || place.prefix.length > 0) return null;
  const { origin } = place.url;
  if (new URL(portal).origin === origin) return { ...operation, under: 'portal', prefixDropped: true };
  if (target === null || new URL(target).origin !== origin) return null;
  return { ...operation, route: 'pass', under: 'target', prefixDropped: true };
}

function segmentsOf(pathname: string): string[] {
  return pathname.split('/').filter((segment) => segment !== '');
}

function sameSegments(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((segment, index) => segment === b[index]);
}
