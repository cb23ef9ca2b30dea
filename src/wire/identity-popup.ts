/** What the popup asks of the background about an account's identity server. */
import type { Account } from '../core/account.ts';
import { list, nothing, nullable, object, oneOf, string, type Parser } from './parse.ts';

/** An account's identity server, as the popup shows it. */
export type ShownIdentity = Pick<Account, 'identity' | 'suggested' | 'changed' | 'candidate'> & {
  /** The client's own, as far as it is known. */
  readonly clientDefault: string | null;
  /** Its access token is in memory, so the account can be changed. */
  readonly canChange: boolean;
};

/** What the user wants. `own`: the app's own choice, that is no word in the account. `address`: as it was typed. */
export interface Choice {
  readonly want: 'server' | 'none' | 'own';
  readonly address: string;
}

/** Why something cannot be: a message of `_locales`, and what a server said of it. */
export interface Problem {
  readonly key: string;
  readonly detail: string;
}

export interface Terms {
  readonly name: string;
  readonly url: string;
}

/** What a change means. Nothing is changed yet. */
export interface Plan {
  /** Base URL of the new server; null: none. */
  readonly base: string | null;
  /** To be accepted before. */
  readonly terms: readonly Terms[];
  /** The new server has terms of service at all. */
  readonly hasTerms: boolean;
  /** The server that the account leaves; null: not known. */
  readonly old: string | null;
  /** The account's addresses that are still published there; null: that could not be found out. */
  readonly published: readonly string[] | null;
}

export interface IdentityPopupCalls {
  /** Looks into a change, after the user's click. */
  plan(args: { id: string; choice: Choice }): Plan | Problem;
  /** Writes it. null: done, and read again from the server. */
  change(args: { id: string; choice: Choice; accepted: readonly string[] }): Problem | null;
  /** The user has seen what changed. */
  acknowledge(args: { id: string }): null;
}

/** `IdentityPopupCalls` as a view makes them. */
export type CallIdentity = <K extends keyof IdentityPopupCalls>(
  name: K,
  args: Parameters<IdentityPopupCalls[K]>[0],
) => Promise<ReturnType<IdentityPopupCalls[K]>>;

const id = string(64);
const url = string(4096);
const choice = object<Choice>({ want: oneOf('server', 'none', 'own'), address: url });

export const identityPopupArgs: {
  readonly [K in keyof IdentityPopupCalls]: Parser<Parameters<IdentityPopupCalls[K]>[0]>;
} = {
  plan: object({ id, choice }),
  change: object({ id, choice, accepted: list(url, 64) }),
  acknowledge: object({ id }),
};

export const identityPopupReplies: {
  readonly [K in keyof IdentityPopupCalls]: Parser<ReturnType<IdentityPopupCalls[K]>>;
} = {
  // from our own background: trusted as it is
  plan: (value) => value as Plan | Problem,
  change: nullable((value) => value as Problem),
  acknowledge: nothing,
};

export function isProblem(value: object): value is Problem {
  return 'key' in value;
}
