/**
 * What happens to one request: the heart of Homeward. Pure, synchronous, total. Everything else is an adapter.
 *
 * Routing is by token: a request goes to the session that its token belongs to, and a request whose token is unknown
 * goes where the page sent it. A request without a token follows the session whose token this document used last.
 */
import { isToken } from './json.ts';
import { AUTHENTICATED, mediaOf } from './media.ts';
import { isMatrix, locate, PASSED, placeOf, sideOf, type Place } from './place.ts';
import { BODYLESS, mayNameIdentity, roleOf, type Role } from './role.ts';
import { PASS, REFUSE, type Known, type Route, type Sketch, type Verdict, type Watch } from './verdict.ts';

/**
 * @param request what the page asks for
 * @param known what this document knows; only read
 */
export function decide(request: Sketch, known: Known): Verdict {
  const place = locate(request.url, request.page);
  const verdict = decideAt(request, known, place);
  if (!place || (verdict.act !== 'pass' && verdict.act !== 'send')) return verdict;
  if (verdict.act === 'pass') {
    return isSeenLater(place, known) ? { ...verdict, marked: marked(place.url.href) } : verdict;
  }
  const there = placeOf(new URL(verdict.url));
  return there && isSeenLater(there, known) ? { ...verdict, url: marked(verdict.url) } : verdict;
}

/** Whether the net would take a request home, which knows no tokens, only where requests go; or a page worker would act. */
function isSeenLater(place: Place, { recent, marksAll }: Known): boolean {
  if (marksAll) return isMatrix(place.path);
  const isMedia = /^(media|client\/v1\/media)\//.test(place.path);
  if (!isMedia && !place.path.startsWith('client/')) return false;
  return recent.some(
    ({ portal, target }) => target !== null && sideOf(place, isMedia, portal, null) === 'portal',
  );
}

function marked(url: string): string {
  return url.replace(/#.*/, '') + PASSED;
}

function decideAt(request: Sketch, known: Known, place: Place | null): Verdict {
  if (place && /^identity(\/|$)/.test(place.path)) return toIdentity(request, known, place);
  const verb = request.method.toUpperCase();
  const role = place && roleOf(verb, place.path);
  if (!role) return PASS;
  const { token, sync } = request;
  const teaches = role === 'begin' || role === 'refresh';
  // a login works without us; without its new token, a session at home would be taken to the portal
  if (teaches && !known.awake && !sync) return role === 'refresh' ? AWAKE : READY;
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
  if (owner) return withToken(request, known, place, role, owner);
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
  return route ? withToken(request, known, place, 'refresh', route) : PASS;
}

function withToken(
  request: Sketch,
  known: Known,
  place: Place,
  role: Exclude<Role, 'begin'>,
  route: Route,
): Verdict {
  const side = sideOf(place, role === 'media', route.portal, route.target);
  if (!side) return PASS;
  const watch: Watch = { for: role, route, token: request.token };
  if (side === 'target' || route.target === null)
    return media(request, known, place, route, watch) ?? pass(watch, route);
  if (role === 'portal' || role === 'pass' || role === 'flows') return stay(place, null);
  return media(request, known, place, route, watch) ?? toTarget(request, place, route, watch);
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
  const side = route && sideOf(place, role === 'media', route.portal, route.target);
  if (!route || !side) return PASS;
  const asMedia = media(request, known, place, route, null);
  if (asMedia) return asMedia;
  return side === 'portal' && route.target !== null ? toTarget(request, place, route, null) : PASS;
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

/** Media of a homeserver that wants a token for it (MSC3916), asked for at a path, or in a way, from before. */
function media(
  request: Sketch,
  known: Known,
  place: Place,
  route: Route,
  watch: Watch | null,
): Verdict | null {
  const { target, portal, pending } = route;
  const found = route.media && !pending && /^get$/i.test(request.method) ? mediaOf(place.rest) : null;
  if (!found) return null;
  const url = (target ?? portal) + found.rest;
  const addToken = request.token === null && found.isFile ? known.tokenOf(route) : null;
  // who asks the homeserver itself for authenticated media knows what it does
  if (place.home === (target ?? portal) && place.path.startsWith(AUTHENTICATED)) return null;
  return { act: 'send', url, dropToken: false, addToken, watch, uses: watch && route, orPortal: null };
}

/** `watch` only for what carries a token. */
function toTarget(
  { sync, method }: Sketch,
  { rest, url }: Place,
  route: Route,
  watch: Watch | null,
): Verdict {
  if (route.pending && !sync) return { act: 'hold', until: { for: 'target', route } };
  const mayReturn = !watch && BODYLESS.test(method) && route.target !== null;
  const orPortal = mayReturn ? { target: route.target, url: marked(url.href) } : null;
  return {
    act: 'send',
    url: route.target + rest,
    dropToken: false,
    addToken: null,
    watch,
    uses: watch && route,
    orPortal,
  };
}

/** Stays at the portal, without the token of the session that lives elsewhere. */
function stay({ url }: Place, watch: Watch | null): Verdict {
  const kept = url.search
    .slice(1)
    .split('&')
    .filter((pair) => !new URLSearchParams(pair).has('access_token'))
    .join('&');
  const here = url.origin + url.pathname + (kept && `?${kept}`);
  return { act: 'send', url: here, dropToken: true, addToken: null, watch, uses: null, orPortal: null };
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
const AWAKE = { act: 'hold', until: { for: 'ready', must: true } } as const;

function pass(watch: Watch, uses: Route | null): Verdict {
  return { ...PASS, watch, uses };
}
