/**
 * The operations that are routed in a way of their own, of every version of the client-server API and of its unstable
 * names. Whatever is not here is a generic client-server request: it follows the session too, future endpoints included.
 * `test/core/operations.test.ts` compares this with the full list in endpoints.json.
 */
import { VERSION } from './role.ts';

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

export interface Operation {
  readonly kind: Kind;
  readonly op: string;
  readonly route: RouteOf;
  readonly mayCarryIdentity?: boolean;
}

const SESSION = 'target-if-session';

/**
 * kind, op, route (`if` = target-if-session; `+`: the body may name an identity server), methods, path: below
 * `client/VERSION/` or, with a leading slash, below `media/VERSION`; `*` is one segment, the rest a regular expression.
 */
const TABLE = `
login-flows flows portal GET login
login login portal POST login
sso-navigation redirect portal GET login/(sso/redirect(/*)?|cas/redirect)
sso-navigation cas-ticket portal GET login/cas/ticket
sso-navigation login-fallback-v1 portal GET login/fallback
login-token get_token target+ POST login/get_token
login-token get_token-unstable target+ POST login/token
register-aux flows portal GET register
register register portal+ POST register
register-aux available portal GET register/available
register-aux requestToken portal+ POST register/(email|msisdn)/requestToken
register-aux token-validity portal GET register/*/validity
refresh refresh target POST refresh
refresh tokenrefresh target POST tokenrefresh
logout logout target POST logout
logout logout-all target POST logout/all
uia-fallback fallback if GET|POST auth/*/fallback/web
account-change deactivate if+ POST account/deactivate
account-change password if+ POST account/password
account-change delete_devices target+ POST delete_devices
account-change delete_device target+ DELETE devices/*
cs-identity password-requestToken if+ POST account/password/(email|msisdn)/requestToken
cs-identity 3pid-requestToken if+ POST account/3pid/(email|msisdn)/requestToken
cs-identity 3pid target+ POST account/3pid(/(add|bind|delete|unbind))?
cs-identity createRoom target+ POST createRoom
cs-identity createRoom-txn target+ PUT createRoom/*
cs-identity invite target+ POST rooms/*/invite
cs-identity invite-txn target+ PUT rooms/*/invite/*
cs device_signing target+ POST keys/device_signing/upload
account-data-is account_data target GET|PUT|DELETE user/*/account_data/m.identity_server
openid openid target POST user/*/openid/request_token
sync sync target GET|POST sync
sync events target GET events
sync initialSync target GET initialSync
auth-metadata auth_metadata if GET auth_metadata
auth-metadata auth_issuer if GET auth_issuer
cs rendezvous pass GET|PUT|POST|DELETE rendezvous(/.+)?
media-authed get if GET media/(thumbnail/*/*|download/*/*(/*)?)
media-authed aux if GET media/(preview_url|config)
media download if GET /download/*/*(/*)?
media thumbnail if GET /thumbnail/*/*
media-aux preview_url if GET /preview_url
media-aux config if GET /config
media-upload upload if POST /upload
media-upload upload if PUT /upload/*/*
media-upload create if POST /create`;

interface Row {
  readonly methods: readonly string[];
  readonly path: RegExp;
  readonly operation: Operation;
}

const ROWS: readonly Row[] = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [kind, op = '', route = '', methods = '', path = ''] = line.split(' ');
    const where = route.replace('+', '');
    return {
      methods: methods.split('|'),
      path: new RegExp(`^${path.replaceAll('*', '[^/]+')}$`),
      operation: {
        kind: kind as Kind,
        op,
        route: (where === 'if' ? SESSION : where) as RouteOf,
        ...(where !== route && { mayCarryIdentity: true }),
      },
    };
  });

/**
 * @param verb upper-case
 * @param path decoded, below `/_matrix/`; slashes within a segment are escaped
 * @returns null for what is neither client-server API, media nor login page
 */
export function operationAt(verb: string, path: string): Operation | null {
  const method = verb === 'HEAD' ? 'GET' : verb;
  const [, family, rest = ''] = /^(client|media|static\/client)(?:\/(.*?)\/?)?$/.exec(path) ?? [];
  if (family === 'client') return clientOperation(method, rest);
  if (family === 'media') return lookUp(method, rest.replace(/^[^/]*/, '')) ?? generic('media-aux');
  const [, page] = /^(login|register)(?:\/|$)/.exec(rest) ?? [];
  return family && page ? { kind: 'login-fallback', op: page, route: 'portal' } : null;
}

function clientOperation(method: string, path: string): Operation {
  if (path === 'versions' && method === 'GET') return { kind: 'versions', op: path, route: SESSION };
  const version = VERSION.exec(path);
  if (!version) return { ...generic('cs'), op: 'unknown' };
  return lookUp(method, path.slice(version[0].length)) ?? generic('cs');
}

function lookUp(method: string, path: string): Operation | null {
  const matching = ROWS.filter((row) => row.path.test(path));
  const row = matching.find(({ methods }) => methods.includes(method));
  return row?.operation ?? (matching[0] ? { ...generic('cs'), op: 'other-method' } : null);
}

function generic(kind: Kind): Operation {
  return { kind, op: 'generic', route: SESSION };
}
