/**
 * The operations that are routed in a way of their own, of every version of the client-server API and of its unstable
 * names. Whatever is not here is a generic client-server request: it follows the session too, future endpoints included.
 */
import type { Kind, RouteOf } from './endpoint.ts';

export interface Operation {
  readonly kind: Kind;
  readonly op: string;
  readonly route: RouteOf;
  readonly mayCarryIdentity?: boolean;
}

/** methods, path below the version (`*` one segment, `**` the rest), kind, op, route, body may name an identity server */
type Row = readonly [string, string, Kind, string, RouteOf, boolean?];

const PORTAL = 'portal';
const TARGET = 'target';
const SESSION = 'target-if-session';

const CLIENT: readonly Row[] = [
  ['GET', 'login', 'login-flows', 'flows', PORTAL],
  ['POST', 'login', 'login', 'login', PORTAL],
  ['GET', 'login/sso/redirect', 'sso-navigation', 'redirect', PORTAL],
  ['GET', 'login/sso/redirect/*', 'sso-navigation', 'redirect', PORTAL],
  ['GET', 'login/cas/redirect', 'sso-navigation', 'redirect', PORTAL],
  ['GET', 'login/cas/ticket', 'sso-navigation', 'cas-ticket', PORTAL],
  ['GET', 'login/fallback', 'sso-navigation', 'login-fallback-v1', PORTAL],
  ['POST', 'login/get_token', 'login-token', 'get_token', TARGET, true],
  ['POST', 'login/token', 'login-token', 'get_token-unstable', TARGET, true],
  ['GET', 'register', 'register-aux', 'flows', PORTAL],
  ['POST', 'register', 'register', 'register', PORTAL, true],
  ['GET', 'register/available', 'register-aux', 'available', PORTAL],
  ['POST', 'register/email/requestToken', 'register-aux', 'requestToken', PORTAL, true],
  ['POST', 'register/msisdn/requestToken', 'register-aux', 'requestToken', PORTAL, true],
  ['GET', 'register/*/validity', 'register-aux', 'token-validity', PORTAL],
  ['POST', 'refresh', 'refresh', 'refresh', TARGET],
  ['POST', 'tokenrefresh', 'refresh', 'tokenrefresh', TARGET],
  ['POST', 'logout', 'logout', 'logout', TARGET],
  ['POST', 'logout/all', 'logout', 'logout-all', TARGET],
  ['GET POST', 'auth/*/fallback/web', 'uia-fallback', 'fallback', SESSION],
  ['POST', 'account/deactivate', 'account-change', 'deactivate', SESSION, true],
  ['POST', 'account/password', 'account-change', 'password', SESSION, true],
  ['POST', 'account/password/email/requestToken', 'cs-identity', 'password-requestToken', SESSION, true],
  ['POST', 'account/password/msisdn/requestToken', 'cs-identity', 'password-requestToken', SESSION, true],
  ['POST', 'delete_devices', 'account-change', 'delete_devices', TARGET, true],
  ['DELETE', 'devices/*', 'account-change', 'delete_device', TARGET, true],
  ['POST', 'account/3pid', 'cs-identity', '3pid', TARGET, true],
  ['POST', 'account/3pid/add', 'cs-identity', '3pid', TARGET, true],
  ['POST', 'account/3pid/bind', 'cs-identity', '3pid', TARGET, true],
  ['POST', 'account/3pid/delete', 'cs-identity', '3pid', TARGET, true],
  ['POST', 'account/3pid/unbind', 'cs-identity', '3pid', TARGET, true],
  ['POST', 'account/3pid/email/requestToken', 'cs-identity', '3pid-requestToken', SESSION, true],
  ['POST', 'account/3pid/msisdn/requestToken', 'cs-identity', '3pid-requestToken', SESSION, true],
  ['POST', 'createRoom', 'cs-identity', 'createRoom', TARGET, true],
  ['PUT', 'createRoom/*', 'cs-identity', 'createRoom-txn', TARGET, true],
  ['POST', 'rooms/*/invite', 'cs-identity', 'invite', TARGET, true],
  ['PUT', 'rooms/*/invite/*', 'cs-identity', 'invite-txn', TARGET, true],
  ['POST', 'keys/device_signing/upload', 'cs', 'device_signing', TARGET, true],
  ['GET PUT DELETE', 'user/*/account_data/m.identity_server', 'account-data-is', 'account_data', TARGET],
  ['POST', 'user/*/openid/request_token', 'openid', 'openid', TARGET],
  ['GET POST', 'sync', 'sync', 'sync', TARGET],
  ['GET', 'events', 'sync', 'events', TARGET],
  ['GET', 'initialSync', 'sync', 'initialSync', TARGET],
  ['GET', 'auth_metadata', 'auth-metadata', 'auth_metadata', SESSION],
  ['GET', 'auth_issuer', 'auth-metadata', 'auth_issuer', SESSION],
  ['GET PUT POST DELETE', 'rendezvous', 'cs', 'rendezvous', 'pass'],
  ['GET PUT POST DELETE', 'rendezvous/**', 'cs', 'rendezvous', 'pass'],
  ['GET', 'media/download/*/*', 'media-authed', 'get', SESSION],
  ['GET', 'media/download/*/*/*', 'media-authed', 'get', SESSION],
  ['GET', 'media/thumbnail/*/*', 'media-authed', 'get', SESSION],
  ['GET', 'media/preview_url', 'media-authed', 'aux', SESSION],
  ['GET', 'media/config', 'media-authed', 'aux', SESSION],
];

const MEDIA: readonly Row[] = [
  ['GET', 'download/*/*', 'media', 'download', SESSION],
  ['GET', 'download/*/*/*', 'media', 'download', SESSION],
  ['GET', 'thumbnail/*/*', 'media', 'thumbnail', SESSION],
  ['GET', 'preview_url', 'media-aux', 'preview_url', SESSION],
  ['GET', 'config', 'media-aux', 'config', SESSION],
  ['POST', 'upload', 'media-upload', 'upload', SESSION],
  ['PUT', 'upload/*/*', 'media-upload', 'upload', SESSION],
  ['POST', 'create', 'media-upload', 'create', SESSION],
];

/** @param segments the decoded path below `/_matrix/client` */
export function clientOperation(verb: string, segments: readonly string[]): Operation {
  const path = withoutTrailingSlash(segments);
  if (path.length === 1 && path[0] === 'versions' && (verb === 'GET' || verb === 'HEAD')) {
    return { kind: 'versions', op: 'versions', route: SESSION };
  }
  const version = versionLength(path);
  if (version === 0) return { kind: 'cs', op: 'unknown', route: SESSION };
  return lookUp(CLIENT, verb, path.slice(version)) ?? { kind: 'cs', op: 'generic', route: SESSION };
}

/** @param segments the decoded path below `/_matrix/media` */
export function mediaOperation(verb: string, segments: readonly string[]): Operation {
  const path = withoutTrailingSlash(segments).slice(1);
  return lookUp(MEDIA, verb, path) ?? { kind: 'media-aux', op: 'generic', route: SESSION };
}

/** How many segments the API version takes: `api/v1`, `v2_alpha`, `rN`, `vN`, `unstable`, `unstable/vendor.prefix`; 0 = none. */
function versionLength([first = '', second = '']: readonly string[]): number {
  if (first === 'api') return /^(?:v1|r0|v2_alpha)$/.test(second) ? 2 : 0;
  if (first === 'unstable') return second.includes('.') ? 2 : 1;
  return /^(?:[rv]\d+|v2_alpha)$/.test(first) ? 1 : 0;
}

function withoutTrailingSlash(segments: readonly string[]): readonly string[] {
  return segments.at(-1) === '' ? segments.slice(0, -1) : segments;
}

function lookUp(rows: readonly Row[], verb: string, path: readonly string[]): Operation | null {
  const wanted = verb === 'HEAD' ? 'GET' : verb;
  const matching = rows.filter(([, pattern]) => matches(pattern.split('/'), path));
  const row = matching.find(([methods]) => methods.split(' ').includes(wanted));
  if (!row) return matching.length > 0 ? { kind: 'cs', op: 'other-method', route: SESSION } : null;
  const [, , kind, op, route, mayCarryIdentity] = row;
  return { kind, op, route, ...(mayCarryIdentity && { mayCarryIdentity }) };
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const open = pattern.at(-1) === '**';
  if (open ? path.length < pattern.length : path.length !== pattern.length) return false;
  return pattern.every((part, index) => part === '*' || part === '**' || part === path[index]);
}
