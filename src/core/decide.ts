/**
 * What happens to one request: the heart of Homeward. Pure, synchronous, total. Everything else is an adapter.
 *
 * Routing is by token: a request goes to the session that its token belongs to, and a request whose token is unknown
 * goes where the page sent it. A request without a token follows the session whose token this document used last.
 */
import { parseBaseUrl } from './base-url.ts';
import { classifyPlace, isUnder, locate, normaliseMethod, operationOf } from './endpoint.ts';
import type { Endpoint, Place } from './endpoint.ts';
import { isToken } from './login-response.ts';

/** What a document knows of a session. */
export interface Route {
  readonly id: string;
  readonly portal: string;
  /** Base URL to send to; null: the session is at its portal. */
  readonly target: string | null;
  /** The target was not checked yet: requests wait. */
  readonly pending: boolean;
}

/** What this document knows. */
export interface Known {
  /** The background has told this client's sessions, or was silent for too long. */
  readonly ready: boolean;
  /** The session of an access or refresh token; null: of none; undefined: not asked yet. */
  sessionOf(token: string): Route | null | undefined;
  /** The session whose token this document used last. */
  readonly last: Route | null;
  /** This document asked for login flows before it used any token. */
  readonly signedOut: boolean;
  /** The redirected sessions of this client, the most recently used first. */
  readonly recent: readonly Route[];
}

export interface Sketch {
  readonly method: string;
  /** Absolute or relative to the page. */
  readonly url: string;
  /** URL that relative ones are relative to. */
  readonly page: string;
  readonly token: string | null;
  /** Fields of the body that route a request; undefined until a verdict `read` asked for them. */
  readonly body: BodyFields | undefined;
  /** A synchronous XMLHttpRequest, which cannot wait. */
  readonly sync: boolean;
}

export interface BodyFields {
  readonly refreshToken: string | null;
  readonly loginType: string | null;
}

/** What to learn from the answer. */
export type Watch =
  | { readonly for: 'begin'; readonly portal: string }
  | { readonly for: 'refresh'; readonly route: Route }
  | { readonly for: 'end'; readonly route: Route; readonly all: boolean }
  /** Only whether the target says that the session is over. */
  | { readonly for: 'unknown-token'; readonly route: Route };

export type Verdict =
  | { readonly act: 'pass'; readonly watch: Watch | null; readonly uses: Route | null; readonly signsOut: boolean }
  | {
      readonly act: 'send';
      readonly url: string;
      /** The token stays behind: the request goes to a server that did not issue it. */
      readonly dropToken: boolean;
      readonly watch: Watch | null;
      readonly uses: Route | null;
      /** A GET without a token, which the portal may answer when the target cannot be reached. */
      readonly orPortal: boolean;
    }
  | { readonly act: 'hold'; readonly until: Until }
  /** The answer depends on the body: read it and ask again. */
  | { readonly act: 'read' }
  /** A synchronous request whose token nobody has named yet: not sent at all, rather than to a wrong server. */
  | { readonly act: 'refuse' };

export type Until =
  | { readonly for: 'ready' }
  | { readonly for: 'token'; readonly token: string }
  | { readonly for: 'target'; readonly route: Route };

/**
 * @param request what the page asks for
 * @param known what this document knows; only read
 */
export function decide(request: Sketch, known: Known): Verdict {
  const place = locate(request.url, request.page);
  const operation = place && operationOf(normaliseMethod(request.method), place);
  if (!operation) return PASS;
  const { token } = request;
  const owner = token === null || !isToken(token) ? null : known.sessionOf(token);
  if (owner === undefined) return ask(request, known, place, token ?? '');
  if (operation.kind === 'login' || operation.kind === 'register') return begin(request, place, owner);
  if (operation.kind === 'refresh') return refresh(request, known, place, owner);
  if (owner) return withToken(request, place, owner);
  return token === null ? withoutToken(request, known, place) : PASS;
}

/** A login or registration goes where the page sends it; only the token of a redirected session must not go along. */
function begin(request: Sketch, place: Place, owner: Route | null): Verdict {
  const watch = begins(place);
  if (!owner || owner.target === null || isUnder(place, owner.target)) return pass(watch);
  if (request.body === undefined) return { act: 'read' };
  // the credential of an application service is its token (spec, "Appservice login")
  if (request.body.loginType === 'm.login.application_service') return pass(watch);
  return stay(place, watch);
}

function withToken(request: Sketch, place: Place, route: Route): Verdict {
  const endpoint = classifyIn(request, place, route);
  const watch = watchOf(endpoint, route);
  if (endpoint.under === 'target') return pass(watch, route);
  if (endpoint.under !== 'portal') return PASS;
  if (route.target === null) return pass(watch, route);
  if (endpoint.route === 'portal' || endpoint.route === 'pass') return stay(place, null);
  if (route.pending && !request.sync) return hold({ for: 'target', route });
  return send(join(place, route.target), watch, route);
}

function withoutToken(request: Sketch, known: Known, place: Place): Verdict {
  const { kind, op, route: rule } = classifyIn(request, place, { portal: place.base, target: null });
  if (kind === 'login-flows') return { ...PASS, signsOut: known.last === null };
  if (rule === 'portal' || rule === 'pass' || op.startsWith('password')) return PASS;
  if (known.last) return follow(request, place, known.last);
  if (kind !== 'versions' || known.signedOut) return PASS;
  if (!known.ready && !request.sync) return hold({ for: 'ready' });
  const recent = known.recent.find((route) => isUnder(place, route.portal));
  return recent ? follow(request, place, recent) : PASS;
}

function follow(request: Sketch, place: Place, route: Route): Verdict {
  const endpoint = classifyIn(request, place, route);
  if (endpoint.under !== 'portal' || route.target === null) return PASS;
  if (route.pending && !request.sync) return hold({ for: 'target', route });
  const orPortal = /^(?:GET|HEAD)$/.test(normaliseMethod(request.method));
  return { ...send(join(place, route.target), null, null), orPortal };
}

/** Routed by the refresh token in the body, else by the document's session (MSC2918: it carries no access token). */
function refresh(request: Sketch, known: Known, place: Place, owner: Route | null): Verdict {
  if (request.body === undefined) return { act: 'read' };
  const { refreshToken } = request.body;
  const named = refreshToken === null || !isToken(refreshToken) ? null : known.sessionOf(refreshToken);
  if (named === undefined) return ask(request, known, place, refreshToken ?? '');
  const route = named ?? owner ?? known.last;
  if (!route) return PASS;
  const verdict = withToken(request, place, route);
  return 'watch' in verdict ? { ...verdict, watch: { for: 'refresh', route } } : verdict;
}

/** Stays at the portal, without the token of the session that lives elsewhere. */
function stay(place: Place, watch: Watch | null): Verdict {
  return { ...send(withoutTokenIn(place), watch, null), dropToken: true };
}

/** A token that this document has not asked about. What cannot wait may pass only where no session can be. */
function ask(request: Sketch, known: Known, place: Place, token: string): Verdict {
  if (!request.sync) return hold({ for: 'token', token });
  const free = known.ready && !known.recent.some((route) => isUnder(place, route.portal));
  return free ? PASS : { act: 'refuse' };
}

function watchOf({ kind, op }: Endpoint, route: Route): Watch {
  if (kind === 'logout' || op === 'deactivate') return { for: 'end', route, all: op !== 'logout' };
  return { for: 'unknown-token', route };
}

function begins(place: Place): Watch | null {
  const parsed = parseBaseUrl(place.base, { kind: 'homeserver', source: 'server', portal: place.url.origin });
  return parsed.ok ? { for: 'begin', portal: parsed.base } : null;
}

function classifyIn(request: Sketch, place: Place, { portal, target }: Pick<Route, 'portal' | 'target'>): Endpoint {
  return classifyPlace(request.method, place, { portal, target, page: request.page });
}

/** The same path and query at another base, byte for byte (url-rules.md A.13). */
function join({ url, path }: Place, target: string): string {
  const below = url.pathname.split('/').slice(-path.length - 1);
  return `${target}/${below.join('/')}${url.search}`;
}

function withoutTokenIn({ url }: Place): string {
  const kept = url.search
    .slice(1)
    .split('&')
    .filter((pair) => !/^access_token(?:=|$)/.test(pair))
    .join('&');
  return url.origin + url.pathname + (kept && `?${kept}`);
}

const PASS = { act: 'pass', watch: null, uses: null, signsOut: false } as const;

function pass(watch: Watch | null, uses: Route | null = null): Extract<Verdict, { act: 'pass' }> {
  return { ...PASS, watch, uses };
}

function send(url: string, watch: Watch | null, uses: Route | null): Extract<Verdict, { act: 'send' }> {
  return { act: 'send', url, dropToken: false, watch, uses, orPortal: false };
}

function hold(until: Until): Verdict {
  return { act: 'hold', until };
}
