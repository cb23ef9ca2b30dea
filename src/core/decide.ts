/**
 * What happens to one request: the heart of Homeward. Pure, synchronous, total. Everything else is an adapter.
 *
 * Routing is by token: a request goes to the session that its token belongs to, and a request whose token is unknown
 * goes where the page sent it. A request without a token follows the session whose token this document used last.
 */
import { isToken } from './json.ts';
import { locate, sideOf, type Place } from './place.ts';
import { BODYLESS, roleOf, type Role } from './role.ts';

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
  /**
   * It did so in this very turn, so it runs. Chromium drops a message to a sleeping service worker when the page goes
   * away before the worker has started: what the answer to a login teaches would be lost.
   */
  readonly awake: boolean;
  /** The session of an access or refresh token; null: of none; undefined: not asked yet. */
  sessionOf(token: string): Route | null | undefined;
  /** The token of a login answer that the background was told of and has not named a session for yet. */
  readonly claimed: string | null;
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
  /** A session may begin. `portal`: the base URL that was asked, as the page wrote it. */
  | { readonly for: 'begin'; readonly portal: string }
  /** New tokens, an end, or only whether the server says that the session of this token is over. */
  | { readonly for: Exclude<Role, 'begin'>; readonly route: Route; readonly token: string | null };

export type Verdict =
  | {
      readonly act: 'pass';
      readonly watch: Watch | null;
      readonly uses: Route | null;
      readonly signsOut: boolean;
    }
  | {
      readonly act: 'send';
      readonly url: string;
      /** The token stays behind: the request goes to a server that did not issue it. */
      readonly dropToken: boolean;
      readonly watch: Watch | null;
      readonly uses: Route | null;
      /** The target's base URL, for a GET without a token: the portal may answer it when the target is not reached. */
      readonly orPortal: string | null;
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
  const role = place && roleOf(request.method.toUpperCase(), place.path);
  if (!role) return PASS;
  const { token, sync } = request;
  const teaches = role === 'begin' || role === 'refresh';
  if (teaches && !known.awake && !sync) return READY;
  const owner = token === null || !isToken(token) ? null : known.sessionOf(token);
  if (owner === undefined) return ask(request, known, place, token ?? '');
  if (role === 'begin') return begin(request, place, owner);
  if (role === 'refresh') return refresh(request, known, place, owner);
  if (owner) return withToken(request, place, role, owner);
  return token === null ? withoutToken(request, known, place, role) : PASS;
}

/** A login or registration goes where the page sends it; only the token of a redirected session must not go along. */
function begin({ body }: Sketch, place: Place, owner: Route | null): Verdict {
  const watch: Watch = { for: 'begin', portal: place.base };
  if (!owner || owner.target === null || place.home === owner.target) return pass(watch, null);
  if (!body) return { act: 'read' };
  // the credential of an application service is its token (spec, "Appservice login")
  return body.loginType === 'm.login.application_service' ? pass(watch, null) : stay(place, watch);
}

/** Routed by the refresh token in the body, else by the document's session (MSC2918: it carries no access token). */
function refresh(request: Sketch, known: Known, place: Place, owner: Route | null): Verdict {
  if (!request.body) return { act: 'read' };
  const token = request.body.refreshToken ?? '';
  const named = isToken(token) ? known.sessionOf(token) : null;
  if (named === undefined) return ask(request, known, place, token);
  const route = named ?? owner ?? known.last;
  return route ? withToken(request, place, 'refresh', route) : PASS;
}

function withToken(request: Sketch, place: Place, role: Exclude<Role, 'begin'>, route: Route): Verdict {
  const side = sideOf(place, role === 'media', route.portal, route.target);
  if (!side) return PASS;
  const watch: Watch = { for: role, route, token: request.token };
  if (side === 'target' || route.target === null) return pass(watch, route);
  if (role === 'portal' || role === 'pass' || role === 'flows') return stay(place, null);
  return toTarget(request, place, route, watch);
}

function withoutToken(request: Sketch, known: Known, place: Place, role: Role): Verdict {
  if (role === 'flows') return { ...PASS, signsOut: !known.last };
  if (role === 'portal' || role === 'pass' || role === 'password') return PASS;
  if (known.claimed && !request.sync) return { act: 'hold', until: { for: 'token', token: known.claimed } };
  let route = known.last;
  if (!route && role === 'versions' && !known.signedOut) {
    if (!known.ready && !request.sync) return READY;
    route = recentAt(place, known);
  }
  const side = route?.target && sideOf(place, role === 'media', route.portal, route.target);
  return route && side === 'portal' ? toTarget(request, place, route, null) : PASS;
}

/** `watch` only for what carries a token. */
function toTarget({ sync, method }: Sketch, { rest }: Place, route: Route, watch: Watch | null): Verdict {
  if (route.pending && !sync) return { act: 'hold', until: { for: 'target', route } };
  const orPortal = watch || !BODYLESS.test(method) ? null : route.target;
  return { act: 'send', url: route.target + rest, dropToken: false, watch, uses: watch && route, orPortal };
}

/** Stays at the portal, without the token of the session that lives elsewhere. */
function stay({ url }: Place, watch: Watch | null): Verdict {
  const kept = url.search
    .slice(1)
    .split('&')
    .filter((pair) => !new URLSearchParams(pair).has('access_token'))
    .join('&');
  const here = url.origin + url.pathname + (kept && `?${kept}`);
  return { act: 'send', url: here, dropToken: true, watch, uses: null, orPortal: null };
}

/** A token that this document has not asked about. What cannot wait may pass only where no session can be. */
function ask({ sync }: Sketch, known: Known, place: Place, token: string): Verdict {
  if (!sync) return { act: 'hold', until: { for: 'token', token } };
  return known.ready && !known.claimed && !recentAt(place, known) ? PASS : REFUSE;
}

function recentAt({ home }: Place, { recent }: Known): Route | null {
  return recent.find(({ portal }) => portal === home) ?? null;
}

export const PASS: Extract<Verdict, { act: 'pass' }> = {
  act: 'pass',
  watch: null,
  uses: null,
  signsOut: false,
};
const READY = { act: 'hold', until: { for: 'ready' } } as const;
export const REFUSE = { act: 'refuse' } as const;

function pass(watch: Watch, uses: Route | null): Verdict {
  return { ...PASS, watch, uses };
}
