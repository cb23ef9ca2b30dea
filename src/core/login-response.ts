/**
 * What a login answer says: whose session it is and which homeserver it names (MSC1730: `base_cs_url` in the drafts,
 * `well_known` in the final text and in today's spec).
 */
import { parseBaseUrl, type BaseUrl } from './base-url.ts';
import { field, isToken, textOf } from './json.ts';
import { locate } from './place.ts';
import { roleOf } from './role.ts';

/** Which part of the answer named the homeserver; `final-url` = the login was redirected there. */
export type NamedBy = 'well_known' | 'base_cs_url' | 'final-url';

export type Naming = { readonly source: null } | ({ readonly source: NamedBy } & BaseUrl);

export interface Credentials {
  readonly user: string;
  readonly device: string | null;
  readonly access: string;
  readonly refresh: string | null;
}

/** Longest login answer that is read, in characters; longer ones pass unread. */
export const MAX_LOGIN_ANSWER = 256 * 1024;

/**
 * Which homeserver a login answer names.
 *
 * A named value that is unusable is not replaced by a weaker named one, unless the login was redirected: then the
 * server that answered issued the token and the portal cannot honour it. A value that names the portal names nothing.
 *
 * @param body the parsed JSON answer, any value
 * @param portal normalised base URL that the login was sent to
 * @param finalUrl URL of the answer after redirects, null when unknown
 */
export function readNaming(body: unknown, portal: string, finalUrl: string | null): Naming {
  const named = readNamed(body, portal);
  const redirected = readFinalUrl(finalUrl, portal);
  if (named.source !== null && (named.ok || redirected.source === null)) return named;
  return redirected.source === null ? named : redirected;
}

/** Whether the answer came from another base URL than the login was sent to. */
export function wasRedirected(portal: string, finalUrl: string | null): boolean {
  return readFinalUrl(finalUrl, portal).source !== null;
}

/** The session that an answer of `/login` or `/register` begins; null if it begins none. */
export function readCredentials(body: unknown): Credentials | null {
  const tokens = readTokens(body);
  const user = textOf(field(body, 'user_id'));
  if (!tokens || user === null) return null;
  const [access = '', refresh = null] = tokens;
  return { user, access, refresh, device: textOf(field(body, 'device_id')) };
}

/** The access token, and the refresh token if there is one, of an answer of `/login`, `/register` or `/refresh`. */
export function readTokens(body: unknown): string[] | null {
  const access = field(body, 'access_token');
  return isToken(access) ? [access, field(body, 'refresh_token')].filter(isToken) : null;
}

/** Whether an error answer says that the session is over: `M_UNKNOWN_TOKEN`, not a soft logout (spec, "Soft logout"). */
export function isHardLogout(status: number, body: unknown): boolean {
  return (
    status === 401 && field(body, 'errcode') === 'M_UNKNOWN_TOKEN' && field(body, 'soft_logout') !== true
  );
}

function readNamed(body: unknown, portal: string): Naming {
  const wellKnown = field(field(field(body, 'well_known'), 'm.homeserver'), 'base_url');
  const [first, second] = [
    name('well_known', wellKnown, portal),
    name('base_cs_url', field(body, 'base_cs_url'), portal),
  ];
  return first.source === null ? second : first;
}

function name(source: NamedBy, value: unknown, portal: string): Naming {
  if (value === undefined || value === null) return { source: null };
  const parsed = parseBaseUrl(value, { kind: 'homeserver', source: 'server', portal });
  return parsed.ok && parsed.same ? { source: null } : { source, ...parsed };
}

function readFinalUrl(finalUrl: string | null, portal: string): Naming {
  const place = finalUrl === null ? null : locate(finalUrl, portal);
  const begins = place && roleOf('POST', place.path) === 'begin';
  return begins ? name('final-url', place.base, portal) : { source: null };
}
