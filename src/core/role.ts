/**
 * What a request means for its route, from method and path alone. `operations` tells the same requests apart in more
 * detail; a test holds the two together.
 */

/**
 * `begin`: may begin a session. `flows`: what a signed-out client asks. `portal`: stays there. `pass`: not touched.
 * `password`: stays at the portal unless it carries a token. `end`, `end-all`: end sessions. `media`: may have lost the
 * path of its base URL. `sync`: its answer may tell of changed account data. `identity-data`: changes the account's
 * identity server. `session`: everything else of the client-server API.
 */
export type Role =
  | 'begin'
  | 'flows'
  | 'portal'
  | 'pass'
  | 'password'
  | 'refresh'
  | 'end'
  | 'end-all'
  | 'versions'
  | 'media'
  | 'sync'
  | 'identity-data'
  | 'session';

/** `api/v1`, `v2_alpha`, `rN`, `vN`, `unstable`, `unstable/vendor.prefix` (`api/r0` and `api/v2_alpha` are misprints) */
export const VERSION = /^(?:api\/(?:v1|r0|v2_alpha)|unstable(?:\/[^/]*\.[^/]*)?|[rv]\d+|v2_alpha)(?:\/|$)/;

/** Methods whose requests have no body. */
export const BODYLESS = /^(get|head)$/i;

/** On the method and the path below the version. */
const ROLES: readonly (readonly [Role, RegExp])[] = [
  ['begin', /^POST (login|register)$/],
  ['flows', /^GET login$/],
  ['portal', /^GET login\/(sso\/redirect(\/[^/]+)?|cas\/(redirect|ticket)|fallback)$/],
  ['portal', /^(GET register(\/[^/]+\/validity|\/available)?|POST register\/(email|msisdn)\/requestToken)$/],
  ['pass', / rendezvous(\/|$)/],
  ['password', /^POST account\/password(\/|$)/],
  ['refresh', /^POST (token)?refresh$/],
  ['end', /^POST logout$/],
  ['end-all', /^POST (logout\/all|account\/deactivate)$/],
  ['media', / media\//],
  ['sync', / (sync|events|initialSync)$/],
  ['identity-data', /^(PUT|DELETE) user\/[^/]+\/account_data\/m\.identity_server$/],
];

/** Whose bodies may name an identity server (`identityBodyIndex` in endpoints.json). */
const NAMES =
  /^(POST (login\/(get_)?token|register|keys\/device_signing\/upload|delete_devices|account\/(password|deactivate|3pid(\/(add|bind|delete|unbind))?)|(register|account\/(password|3pid))\/(email|msisdn)\/requestToken)|(POST|PUT) (createRoom|rooms\/[^/]+\/invite)(\/[^/]+)?|DELETE devices\/[^/]+)$/;

/**
 * @param verb upper-case
 * @param path decoded, below `/_matrix/`; slashes within a segment are escaped
 * @returns null for what is neither client-server API, media nor login page
 */
export function roleOf(verb: string, path: string): Role | null {
  const [, family, rest = ''] =
    /^(client|media|static\/client\/(?:login|register))(?:\/(.*?)\/?)?$/.exec(path) ?? [];
  if (family === 'media') return family;
  if (family !== 'client') return family ? 'portal' : null;
  const below = rest.replace(VERSION, '');
  const line = lineOf(verb, below);
  if (below === rest) return line === 'GET versions' ? 'versions' : 'session';
  return ROLES.find(([, rule]) => rule.test(line))?.[0] ?? 'session';
}

/** Whether a body may name an identity server. */
export function mayNameIdentity(verb: string, path: string): boolean {
  return NAMES.test(lineOf(verb, belowVersion(path)));
}

/** The path below the version of the client-server API. */
export function belowVersion(path: string): string {
  return path
    .replace(/^client\//, '')
    .replace(VERSION, '')
    .replace(/\/$/, '');
}

function lineOf(verb: string, path: string): string {
  return `${verb.replace('HEAD', 'GET')} ${path}`;
}
