/** What a request is, from its method and URL alone (url-rules.md, section B). */
import { identityOperation } from './identity-endpoint.ts';
import { operationAt, type Kind, type RouteOf } from './operations.ts';
import { lostPrefix, placeOf, sideOf, type Place } from './place.ts';
import { roleOf } from './role.ts';

export interface Endpoint {
  readonly kind: Kind;
  readonly op: string;
  readonly route: RouteOf;
  readonly under: 'portal' | 'target' | 'identity' | 'none';
  /** The body may name an identity server (MSC2230). */
  readonly mayCarryIdentity?: boolean;
  /** A media URL that lost the path of its base URL. */
  readonly prefixDropped?: boolean;
  readonly doubleSlash?: boolean;
  /** Identity requests: everything before `/_matrix`, and the API (`v1`, `v2`) or null. */
  readonly base?: string;
  readonly api?: string | null;
  readonly why?: 'scheme' | 'unparsable';
}

/** Base URLs of the session in play, normalised, and the page that relative URLs are relative to. */
export interface Bases {
  readonly portal: string;
  readonly target: string | null;
  readonly page: string;
}

/**
 * Classifies one request.
 *
 * @param method as the page gave it
 * @param href as the page gave it
 */
export function classify(method: string, href: string, bases: Bases): Endpoint {
  let url: URL;
  try {
    url = new URL(href, bases.page);
  } catch {
    return { ...NOT_MATRIX, why: 'unparsable' };
  }
  if (!/^https?:$/.test(url.protocol)) return { ...NOT_MATRIX, why: 'scheme' };
  const wellKnown = /^\/\.well-known\/matrix\/(.+)$/.exec(url.pathname);
  if (wellKnown) {
    return passing(wellKnown[1] === 'client' ? 'well-known-client' : 'well-known-other', '', 'none');
  }
  const place = placeOf(url);
  return place ? classifyPlace(method, place, bases) : NOT_MATRIX;
}

function classifyPlace(method: string, place: Place, { portal, target }: Bases): Endpoint {
  const verb = normaliseMethod(method);
  const [family = '', ...rest] = place.path.split('/');
  if (family === 'identity') {
    const { op, api } = identityOperation(verb, rest);
    return { kind: 'identity', op, api, base: place.base, route: 'identity', under: 'identity' };
  }
  const operation = operationAt(verb, place.path);
  const isMedia = roleOf(verb, place.path) === 'media';
  const under = sideOf(place, isMedia, portal, target) ?? 'none';
  if (!operation) return passing('other-matrix', family, under);
  if (under === 'none') return passing('cs-foreign', operation.op, under);
  return {
    ...operation,
    route: under === 'target' ? 'pass' : operation.route,
    under,
    ...(isMedia && lostPrefix(place, portal) && { prefixDropped: true }),
    ...(place.home !== place.base && { doubleSlash: true }),
  };
}

/** Upper-cases what `fetch` and XMLHttpRequest upper-case. */
function normaliseMethod(method: string): string {
  return /^(?:delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : method;
}

const NOT_MATRIX: Endpoint = { kind: 'not-matrix', op: '', route: 'pass', under: 'none' };

function passing(kind: Kind, op: string, under: Endpoint['under']): Endpoint {
  return { kind, op, route: 'pass', under };
}
