/** The Identity Service API and the little of the Client-Server API that changing an account's identity server takes. */
import { ACCOUNT_DATA, accountDataPath } from '../core/identity.ts';
import { field, textOf } from '../core/json.ts';
import type { Problem } from '../wire/identity-popup.ts';
import { errorText, type Ask, type Reply } from './ask.ts';

/** An account at its homeserver. */
export interface Signed {
  /** Base URL. */
  readonly home: string;
  readonly user: string;
  readonly token: string;
}

export interface ThreePid {
  readonly medium: string;
  readonly address: string;
}

const CLIENT = '/_matrix/client/r0';
const IDENTITY = '/_matrix/identity/v2';

export function ping(ask: Ask, base: string): Promise<Reply> {
  return ask(base + IDENTITY);
}

/** A token of an identity server for an account (spec, "Authentication"), or who refused it. */
export async function register(
  ask: Ask,
  base: string,
  { home, user, token }: Signed,
): Promise<string | Problem> {
  const path = `${CLIENT}/user/${encodeURIComponent(user)}/openid/request_token`;
  const openId = await ask(home + path, { method: 'POST', token, body: {} });
  if (!openId.ok) return failed('homeserverRefused', openId);
  const reply = await ask(`${base}${IDENTITY}/account/register`, { method: 'POST', body: openId.body });
  const given = textOf(field(reply.body, 'token')) ?? textOf(field(reply.body, 'access_token'));
  return given ?? failed('identityRefused', reply);
}

/** What the user is told of a refusal. */
export function failed(key: string, reply: Reply): Problem {
  return { key, detail: errorText(reply) };
}

/** 403 `M_TERMS_NOT_SIGNED` where terms are to be accepted. */
export function checkAccount(ask: Ask, base: string, token: string): Promise<Reply> {
  return ask(`${base}${IDENTITY}/account`, { token });
}

export function readTerms(ask: Ask, base: string): Promise<Reply> {
  return ask(`${base}${IDENTITY}/terms`);
}

export function acceptTerms(ask: Ask, base: string, token: string, urls: readonly string[]): Promise<Reply> {
  return ask(`${base}${IDENTITY}/terms`, { method: 'POST', token, body: { user_accepts: urls } });
}

/** The addresses that the homeserver holds of the account; null if it does not say. */
export async function threePids(ask: Ask, { home, token }: Signed): Promise<ThreePid[] | null> {
  const { ok, body } = await ask(`${home}${CLIENT}/account/3pid`, { token });
  const list = field(body, 'threepids');
  if (!ok || !Array.isArray(list)) return null;
  return list.flatMap((each: unknown) => {
    const [medium, address] = [textOf(field(each, 'medium')), textOf(field(each, 'address'))];
    return medium !== null && address !== null ? [{ medium, address }] : [];
  });
}

/** Which addresses are published at an identity server; null if it does not say. */
export async function published(
  ask: Ask,
  base: string,
  token: string,
  addresses: readonly ThreePid[],
): Promise<string[] | null> {
  const details = await ask(`${base}${IDENTITY}/hash_details`, { token });
  const pepper = textOf(field(details.body, 'lookup_pepper'));
  if (!details.ok || pepper === null) return null;
  const hashes = await Promise.all(addresses.map((each) => hash(each, pepper)));
  const asked = { algorithm: 'sha256', pepper, addresses: hashes };
  const { ok, body } = await ask(`${base}${IDENTITY}/lookup`, { method: 'POST', token, body: asked });
  const mappings = field(body, 'mappings');
  if (!ok || typeof mappings !== 'object' || mappings === null) return null;
  return addresses.flatMap(({ address }, index) =>
    Object.hasOwn(mappings, hashes[index] ?? '') ? [address] : [],
  );
}

/** The account's `m.identity_server`: 404 `M_NOT_FOUND` where it has none. */
export function readSetting(ask: Ask, { home, user, token }: Signed): Promise<Reply> {
  return ask(home + accountDataPath(user, ACCOUNT_DATA), { token });
}

export function writeSetting(ask: Ask, { home, user, token }: Signed, content: object): Promise<Reply> {
  return ask(home + accountDataPath(user, ACCOUNT_DATA), { method: 'PUT', token, body: content });
}

/** Notes accepted terms with the account, as every client does (spec, "m.accepted_terms"). */
export async function noteAccepted(
  ask: Ask,
  { home, user, token }: Signed,
  urls: readonly string[],
): Promise<void> {
  const url = home + accountDataPath(user, 'm.accepted_terms');
  const { ok, status, body } = await ask(url, { token });
  if (!ok && status !== 404) return;
  const before = field(body, 'accepted');
  const accepted = [...new Set([...(Array.isArray(before) ? (before as unknown[]) : []), ...urls])];
  const others = ok && typeof body === 'object' ? body : {};
  await ask(url, { method: 'PUT', token, body: { ...others, accepted } });
}

/** Identity Service API, "Hashing algorithm" `sha256`: unpadded URL-safe base64. */
async function hash({ address, medium }: ThreePid, pepper: string): Promise<string> {
  const text = `${address.toLowerCase()} ${medium} ${pepper}`;
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
