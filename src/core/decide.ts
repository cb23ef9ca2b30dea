/**
 * What happens to one request: the heart of Homeward. Pure, synchronous, total. Everything else is an adapter.
 *
 * Routing is by token: a request goes to the session that its token belongs to, and a request whose token is unknown
 * goes where the page sent it. A request without a token follows the session whose token this document used last.
 */
import { isToken } from './json.ts';
import { locate, sideOf, type Place } from './place.ts';
import { BODYLESS, mayNameIdentity, roleOf, type Role } from './role.ts';
import { PASS, REFUSE, type Known, type Route, type Sketch, type Verdict, type Watch } from './verdict.ts';

/**
 * @param request what the page asks for
 * @param known what this document knows; only read
 */
export function decide(request: Sketch, known: Known): Verdict {
  const place = locate(request.url, request.page);
  if (place && /^identity(\/|$)/.test(place.path)) return toIdentity(request, known, place);
  const verb = request.method.toUpperCase();
  const role = place && roleOf(verb, place.path);
  if (!role) return PASS;
  const { token, sync } = request;
  const teaches = role === 'begin' || role === 'refresh';
  if (teaches && !known.awake && !sync) return READY;
  const owner = token === null || !isToken(token) ? null : known.sessionOf(token);
  if (owner === undefined) return ask(request, known, place, token ?? '');
  const carrier = !request.ruled && mayNameIdentity(verb, place.path);
  if (carrier && !owner && !known.ready && !sync) return READY;
  if (carrier && (owner || hasSession(known))) {
    if (!request.body) return { act: 'read' };
    if (request.body.namesIdentity) return rule(request, known, place, owner ?? known.last);
  }
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
  if (known.claimed && !request.sync) return claim(known.claimed, place);
  let route = known.last;
  if (!route && role === 'versions' && !known.signedOut) {
    if (!known.ready && !request.sync) return READY;
    route = recentAt(place, known);
  }
  const side = route?.target && sideOf(place, role === 'media', route.portal, route.target);
  return route && side === 'portal' ? toTarget(request, place, route, null) : PASS;
}

/** MSC2230: nothing before there is a session, and nothing in a document whose client has signed out. */
function toIdentity(request: Sketch, known: Known, place: Place): Verdict {
  if (request.ruled) return PASS;
  if (!known.ready) return request.sync ? REFUSE : READY;
  if (!hasSession(known)) return { ...PASS, turnsTo: place.home };
  // whose validation it goes on with is in its body
  if (!request.body && /(Token|bind)$/.test(place.path) && !BODYLESS.test(request.method))
    return { act: 'read' };
  return rule(request, known, place, known.last);
}

function rule({ sync }: Sketch, known: Known, place: Place, route: Route | null): Verdict {
  if (sync) return REFUSE;
  return known.claimed ? claim(known.claimed, place) : { act: 'rule', session: route && route.id };
}

function hasSession({ claimed, adopting, last, recent, signedOut }: Known): boolean {
  return claimed !== null || last !== null || (!signedOut && (adopting || recent.length > 0));
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
  if (!sync) return claim(token, place);
  return known.ready && !known.claimed && !recentAt(place, known) ? PASS : REFUSE;
}

function claim(token: string, { home }: Place): Verdict {
  return { act: 'hold', until: { for: 'token', token, base: home } };
}

/** The redirected session that was used last at this portal. */
function recentAt({ home }: Place, { recent }: Known): Route | null {
  return recent.find(({ portal, target }) => target !== null && portal === home) ?? null;
}

const READY = { act: 'hold', until: { for: 'ready' } } as const;

function pass(watch: Watch, uses: Route | null): Verdict {
  return { ...PASS, watch, uses };
}
