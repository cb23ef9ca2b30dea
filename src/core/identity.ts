/**
 * The identity server that an account names: account data `m.identity_server` (MSC2230; Client-Server API, "Notes on
 * identity servers").
 */
import { parseBaseUrl, type BaseUrlReason } from './base-url.ts';
import { field } from './json.ts';

export const ACCOUNT_DATA = 'm.identity_server';

/**
 * `unknown`: not read yet. `absent`: the app's own choice counts. `disabled`: the user wants none (`base_url` is null).
 * `invalid`: the user chose something, but not what can be used; `raw` is it, as JSON.
 */
export type Identity =
  | { readonly is: 'unknown' }
  | { readonly is: 'absent' }
  | { readonly is: 'disabled' }
  | { readonly is: 'invalid'; readonly why: BaseUrlReason; readonly raw: string }
  | { readonly is: 'url'; readonly base: string };

/** Path of an account data event below a homeserver's base URL (r0: every server that has it knows that version). */
export function accountDataPath(user: string, type: string): string {
  return `/_matrix/client/r0/user/${encodeURIComponent(user)}/account_data/${type}`;
}

export const UNKNOWN: Identity = { is: 'unknown' };

/** The longest raw value that is kept, in characters. */
const MAX_RAW = 200;

/**
 * What the answer to `GET account_data/m.identity_server` says.
 *
 * @param body parsed JSON, null when it is none
 * @param homeserver base URL of the server that answered
 * @returns null when it decides nothing. Only 200 and 404 `M_NOT_FOUND` do: a 404 of another kind means that the
 *   endpoint or the server is the wrong one. A guest has no account data (403 `M_GUEST_ACCESS_FORBIDDEN`).
 */
export function readIdentity(status: number, body: unknown, homeserver: string): Identity | null {
  const isContent = typeof body === 'object' && body !== null && !Array.isArray(body);
  // something in between may answer 200 with anything
  if (status === 200) return isContent ? identityOf(body, homeserver) : null;
  const code = field(body, 'errcode');
  const isAbsent =
    (status === 404 && code === 'M_NOT_FOUND') || (status === 403 && code === 'M_GUEST_ACCESS_FORBIDDEN');
  return isAbsent ? { is: 'absent' } : null;
}

/** What the content of the account data event says. An empty address is Element's way of naming none. */
export function identityOf(content: unknown, homeserver: string): Identity {
  const value = field(content, 'base_url');
  if (value === undefined) return { is: 'absent' };
  if (value === null || value === '') return { is: 'disabled' };
  const parsed = parseBaseUrl(value, { kind: 'identity', source: 'server', portal: homeserver });
  if (parsed.ok) return { is: 'url', base: parsed.base };
  return { is: 'invalid', why: parsed.reason, raw: JSON.stringify(value).slice(0, MAX_RAW) };
}

/** The identity server that a login names as the client's default, above the app's own; null: none that can be used. */
export function suggestedIdentity(loginAnswer: unknown, homeserver: string): string | null {
  const named = identityOf(field(field(loginAnswer, 'well_known'), ACCOUNT_DATA), homeserver);
  return named.is === 'url' ? named.base : null;
}

/** What counts: the account's word, and where it says nothing the login's. */
export function effective(identity: Identity, suggested: string | null): Identity {
  return identity.is === 'absent' && suggested !== null ? { is: 'url', base: suggested } : identity;
}

export function sameIdentity(a: Identity, b: Identity): boolean {
  return a.is === b.is && valueOf(a) === valueOf(b);
}

/** `host[:port][/path]`, as request bodies name an identity server: the base URL without its scheme. */
export function idServerOf(base: string): string {
  return base.replace(/^[a-z]+:\/\//, '');
}

function valueOf(identity: Identity): string | null {
  return identity.is === 'url' ? identity.base : identity.is === 'invalid' ? identity.raw : null;
}
