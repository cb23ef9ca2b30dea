/**
 * Where a request to an identity server goes, as the account says (MSC2230). It is known by its path: any host.
 */
import { idServerOf, type Identity } from './identity.ts';
import {
  DISABLED,
  FOREIGN_TOKEN,
  FOREIGN_VALIDATION,
  INVALID,
  NOT_YET,
  type MatrixError,
} from './matrix-error.ts';

export interface IdentityRequest {
  /** Role, as `identityOperation` names it. */
  readonly op: string;
  /** Base URL that the page wrote. */
  readonly base: string;
  /** An account could name it: a client may come to another by an invalid value. */
  readonly isUsable: boolean;
  /** `idServerOf` the server that issued the token it carries, the validation that it goes on with; null: not known. */
  readonly tokenOf: string | null;
  readonly validationOf: string | null;
}

export interface IdentityKnown {
  /** What the account says, or its login where the account says nothing. */
  readonly identity: Identity;
  /** It was read by this document, and nothing says that it has changed since. */
  readonly isFresh: boolean;
  /** The identity server that the client turned to first: its own default. */
  readonly clientDefault: string | null;
  /** Nobody will know more in time. */
  readonly isLate: boolean;
}

export type IdentityVerdict =
  | { readonly act: 'go'; readonly base: string }
  | { readonly act: 'wait' }
  | { readonly act: 'answer'; readonly error: MatrixError };

/** Milliseconds that a request waits for the account data. matrix-js-sdk gives up a ping after 5 s, Element a check after 10 s. */
export const PING_DEADLINE = 4000;
export const DEADLINE = 8000;

/** Only whether a server is there. */
const PINGS = new Set(['ping', 'versions']);

/** What a client asks a server that its user wants to change to: nothing in it is personal but who asks. */
const CANDIDATE = new Set([
  ...PINGS,
  'token-issue',
  'token-check',
  'token-revoke',
  'terms-read',
  'terms-accept',
]);

export function isPing(op: string): boolean {
  return PINGS.has(op);
}

export function ruleIdentity(request: IdentityRequest, known: IdentityKnown): IdentityVerdict {
  const { identity, isFresh, isLate } = known;
  const mayUseLast = isPing(request.op) || isFresh;
  if (identity.is === 'unknown' || !mayUseLast) return isLate ? answer(NOT_YET) : { act: 'wait' };
  if (isCandidate(request, known)) return to(request.base, request);
  if (identity.is === 'disabled') return answer(DISABLED);
  if (identity.is === 'invalid') return answer(INVALID);
  return to(identity.is === 'url' ? identity.base : request.base, request);
}

/**
 * A user trying out a new server in the client: it is neither the account's nor the client's own. Only where the
 * client's own is known: with `null` in the account, the first base URL of an old client is its default.
 */
function isCandidate(request: IdentityRequest, known: IdentityKnown): boolean {
  return CANDIDATE.has(request.op) && isElsewhere(request, known);
}

/** Whether a client turns to a server that is neither its own nor the account's. */
export function isElsewhere(
  { base, isUsable }: Pick<IdentityRequest, 'base' | 'isUsable'>,
  { identity, clientDefault }: Pick<IdentityKnown, 'identity' | 'clientDefault'>,
): boolean {
  const isCurrent = identity.is === 'url' && identity.base === base;
  return isUsable && clientDefault !== null && base !== clientDefault && !isCurrent;
}

/** Tokens and validations of one identity server never travel to another. */
function to(base: string, { tokenOf, validationOf }: IdentityRequest): IdentityVerdict {
  const server = idServerOf(base);
  if (tokenOf !== null && tokenOf !== server) return answer(FOREIGN_TOKEN);
  if (validationOf !== null && validationOf !== server) return answer(FOREIGN_VALIDATION);
  return { act: 'go', base };
}

function answer(error: MatrixError): IdentityVerdict {
  return { act: 'answer', error };
}
