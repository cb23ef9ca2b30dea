import { randomBytes, randomInt } from 'node:crypto';
import { MatrixError, randomName } from './homeserver-store.ts';
import type { Threepid } from './homeserver-store.ts';

export interface Binding extends Threepid {
  mxid: string;
}

export interface Policies {
  [id: string]: { version: string; name: string; url: string };
}

/** One validation of an address, from the request for a code until it is bound. */
export interface Validation extends Threepid {
  sid: string;
  secret: string;
  attempt: number;
  code: string;
  nextLink: string | null;
  validatedAt: number | null;
}

export interface Invite extends Threepid {
  token: string;
  sender: string;
}

/** E-mail addresses are compared in lower case, as the specification says. */
export function sameForm({ medium, address }: Threepid): Threepid {
  return { medium, address: medium === 'email' ? address.toLowerCase() : address.replace(/^\+/, '') };
}

function same(one: Threepid, other: Threepid): boolean {
  return one.medium === other.medium && one.address === other.address;
}

/** Tokens, addresses and what is under way on one identity server. */
export class IdentityStore {
  readonly name: string;
  readonly terms: Policies;
  readonly pepper = randomBytes(8).toString('hex');
  readonly publicKey = randomName(32);
  readonly validations = new Map<string, Validation>();
  readonly invites: Invite[] = [];
  /** every token ever given out */
  readonly issued: string[] = [];
  bindings: Binding[] = [];
  private readonly live = new Map<string, string>();
  private readonly accepted = new Map<string, Set<string>>();

  constructor(name: string, terms: Policies) {
    this.name = name;
    this.terms = terms;
  }

  issue(user: string): string {
    const token = `is_${this.name}_${randomName()}`;
    this.issued.push(token);
    this.live.set(token, user);
    return token;
  }

  userOf(token: string | null): string | null {
    return token === null ? null : (this.live.get(token) ?? null);
  }

  revoke(token: string): void {
    this.live.delete(token);
  }

  accept(user: string, urls: string[]): void {
    this.accepted.set(user, new Set([...(this.accepted.get(user) ?? []), ...urls]));
  }

  hasAccepted(user: string): boolean {
    return Object.values(this.terms).every(({ url }) => this.accepted.get(user)?.has(url));
  }

  find(threepid: Threepid): Binding | undefined {
    const wanted = sameForm(threepid);
    return this.bindings.find((binding) => same(binding, wanted));
  }

  bind(threepid: Threepid, mxid: string): void {
    this.unbind(threepid);
    this.bindings.push({ ...sameForm(threepid), mxid });
  }

  unbind(threepid: Threepid): void {
    const wanted = sameForm(threepid);
    this.bindings = this.bindings.filter((binding) => !same(binding, wanted));
  }

  /** A repeated attempt sends no second mail, a later one does; the session stays the same. */
  startValidation(threepid: Threepid, secret: string, attempt: number, nextLink: string | null): Validation {
    const wanted = sameForm(threepid);
    const all = [...this.validations.values()];
    const known = all.find((one) => one.secret === secret && same(one, wanted));
    if (known && attempt <= known.attempt) return known;
    const code = String(randomInt(100_000, 1_000_000));
    const fresh = { ...wanted, sid: known?.sid ?? randomName(), secret, attempt, code, nextLink };
    const validation = { ...fresh, validatedAt: known?.validatedAt ?? null };
    this.validations.set(validation.sid, validation);
    return validation;
  }

  validation(sid: string, secret: string): Validation {
    const found = this.validations.get(sid);
    if (found && found.secret === secret) return found;
    throw new MatrixError(404, 'M_NO_VALID_SESSION', 'No session with this sid and client_secret');
  }

  validated(sid: string, secret: string): Validation {
    const found = this.validation(sid, secret);
    if (found.validatedAt !== null) return found;
    throw new MatrixError(400, 'M_SESSION_NOT_VALIDATED', 'This session has not been validated');
  }
}
