/** Reads what is stored of accounts. A record that cannot be read is dropped, not the whole. */
import type { Account, ClientDefault, IdentityState, Issued } from '../core/account.ts';
import type { BaseUrlReason } from '../core/base-url.ts';
import type { Identity } from '../core/identity.ts';
import { boolean, nullable, number, object, oneOf, string, type Parser } from '../wire/parse.ts';
import { readable } from './stored-state.ts';

const text = string(4096);

const identity: Parser<Identity> = (value) => {
  const is = oneOf('unknown', 'absent', 'disabled', 'invalid', 'url');
  const { is: kind } = object({ is })(value);
  if (kind === 'url') return { is: kind, ...object({ base: text })(value) };
  if (kind !== 'invalid') return { is: kind };
  const { why, raw } = object({ why: text, raw: text })(value);
  return { is: kind, why: why as BaseUrlReason, raw };
};

const account: Parser<Account> = object<Account>({
  client: text,
  home: text,
  user: text,
  identity,
  readAt: number,
  suggested: nullable(text),
  changed: nullable((value) => ({ ...object({ from: identity, mine: boolean })(value) })),
  candidate: nullable(text),
});

const issued: Parser<Issued> = object<Issued>({
  client: text,
  digest: string(64),
  server: text,
  session: nullable(string(64)),
});

const clientDefault: Parser<ClientDefault> = object<ClientDefault>({ client: text, base: text });

export const storedAccounts: Parser<IdentityState> = (value) => {
  const stored = value as { accounts?: unknown; issued?: unknown; defaults?: unknown };
  return {
    accounts: readable(account, stored.accounts),
    issued: readable(issued, stored.issued),
    defaults: readable(clientDefault, stored.defaults),
  };
};
