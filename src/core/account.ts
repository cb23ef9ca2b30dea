/**
 * What is known of accounts and their identity servers: the background owns it, every change is an event.
 *
 *   unknown ──read──► absent · disabled · invalid · url ──read, another answer──► the new one, and what it was before
 *
 * Tokens and validation ids are here as SHA-256 digests only.
 */
import { sameIdentity, UNKNOWN, type Identity } from './identity.ts';

/** An account as one client uses it: a homeserver's word counts for its own user only. */
export interface AccountKey {
  /** Origin of the client's page. */
  readonly client: string;
  /** Base URL of the homeserver. */
  readonly home: string;
  readonly user: string;
}

export interface Account extends AccountKey {
  readonly identity: Identity;
  /** When the request began whose answer `identity` is, in milliseconds since the epoch. */
  readonly readAt: number;
  /** The client's default as its login named it (`well_known`), above the app's own. */
  readonly suggested: string | null;
  /** The last change that was seen, to be shown and undone. `mine`: from here. */
  readonly changed: { readonly from: Identity; readonly mine: boolean } | null;
  /** A server that the client turned to by itself, neither its own nor the account's. */
  readonly candidate: string | null;
}

/** Who issued a token or the `sid` of a validation: `idServerOf` its base URL, '' for a homeserver. */
export interface Issued {
  readonly client: string;
  readonly digest: string;
  readonly server: string;
  /** Whose it is; null: not known. */
  readonly session: string | null;
}

/** The identity server that a client turned to first. */
export interface ClientDefault {
  readonly client: string;
  readonly base: string;
}

export interface IdentityState {
  readonly accounts: readonly Account[];
  readonly issued: readonly Issued[];
  readonly defaults: readonly ClientDefault[];
}

export type IdentityEvent =
  | { readonly type: 'suggested'; readonly key: AccountKey; readonly base: string | null }
  /** `mine`: this client or the popup has just written it. */
  | {
      readonly type: 'read';
      readonly key: AccountKey;
      readonly identity: Identity;
      readonly at: number;
      readonly mine: boolean;
    }
  | { readonly type: 'seen'; readonly key: AccountKey; readonly candidate: string | null }
  | { readonly type: 'acknowledged'; readonly key: AccountKey }
  | { readonly type: 'issued'; readonly issued: Issued }
  | { readonly type: 'default'; readonly client: string; readonly base: string };

export const NO_ACCOUNTS: IdentityState = { accounts: [], issued: [], defaults: [] };

const MAX_ACCOUNTS = 64;
const MAX_ISSUED = 1024;
const MAX_ISSUED_PER_CLIENT = 128;
const MAX_DEFAULTS = 256;

export function accountOf({ accounts }: IdentityState, key: AccountKey): Account {
  return accounts.find((account) => isSameAccount(account, key)) ?? { ...key, ...FRESH };
}

export function issuerOf({ issued }: IdentityState, client: string, digest: string): Issued | null {
  return issued.find((each) => each.client === client && each.digest === digest) ?? null;
}

export function defaultOf({ defaults }: IdentityState, client: string): string | null {
  return defaults.find((each) => each.client === client)?.base ?? null;
}

/** The state after an event. The same object when nothing changed. */
export function reduceIdentity(state: IdentityState, event: IdentityEvent): IdentityState {
  switch (event.type) {
    case 'suggested':
      return update(state, event.key, { suggested: event.base });
    case 'read':
      return read(state, event);
    case 'seen':
      return update(state, event.key, { candidate: event.candidate });
    case 'acknowledged':
      return update(state, event.key, { changed: null });
    case 'issued':
      return issue(state, event.issued);
    case 'default': {
      const { client, base } = event;
      if (defaultOf(state, client) !== null) return state;
      return { ...state, defaults: [{ client, base }, ...state.defaults].slice(0, MAX_DEFAULTS) };
    }
  }
}

/**
 * Answers may arrive in another order than the requests left: the one that was asked for last counts. Whoever wrote the
 * value says so, even where another's reading of it came first.
 */
function read(state: IdentityState, event: Extract<IdentityEvent, { type: 'read' }>): IdentityState {
  const { key, identity, at, mine } = event;
  const before = accountOf(state, key);
  const { changed, candidate } = before;
  const isSame = sameIdentity(before.identity, identity);
  if (mine && isSame && changed && !changed.mine) {
    return update(state, key, { changed: { ...changed, mine }, readAt: Math.max(at, before.readAt) });
  }
  if (at < before.readAt) return state;
  const isNew = before.identity.is !== 'unknown' && !isSame;
  const isCandidate = identity.is === 'url' && identity.base === candidate;
  return update(state, key, {
    identity,
    readAt: at,
    ...(isNew && { changed: { from: before.identity, mine } }),
    ...(isCandidate && { candidate: null }),
  });
}

/** The first that is heard of a token counts: it cannot be moved to another server. */
function issue(state: IdentityState, issued: Issued): IdentityState {
  if (issuerOf(state, issued.client, issued.digest)) return state;
  const mine = state.issued.filter(({ client }) => client === issued.client);
  // one client cannot push out another's
  const oldest = mine.length < MAX_ISSUED_PER_CLIENT ? null : mine.at(-1);
  const kept = state.issued.filter((each) => each !== oldest);
  return { ...state, issued: [issued, ...kept].slice(0, MAX_ISSUED) };
}

/** The account that changed comes first: the longest unchanged goes when there are too many. */
function update(state: IdentityState, key: AccountKey, change: Partial<Account>): IdentityState {
  const before = accountOf(state, key);
  const isChanged = Object.entries(change).some(([name, value]) => before[name as keyof Account] !== value);
  if (!isChanged) return state;
  const others = state.accounts.filter((account) => !isSameAccount(account, key));
  return { ...state, accounts: [{ ...before, ...change }, ...others].slice(0, MAX_ACCOUNTS) };
}

function isSameAccount(a: AccountKey, b: AccountKey): boolean {
  return a.client === b.client && a.home === b.home && a.user === b.user;
}

const FRESH: Omit<Account, keyof AccountKey> = {
  identity: UNKNOWN,
  readAt: 0,
  suggested: null,
  changed: null,
  candidate: null,
};
