import { describe, expect, it } from 'vitest';
import { storedAccounts } from '../../src/owner/stored-accounts.ts';
import { NO_ACCOUNTS, reduceIdentity, type Account, type IdentityEvent } from '../../src/core/account.ts';
import type { Identity } from '../../src/core/identity.ts';

const key = (user: string): Account => ({
  client: 'https://app.example',
  home: 'https://hs1.example',
  user,
  identity: { is: 'unknown' },
  readAt: 0,
  suggested: null,
  changed: null,
  candidate: null,
});
const identities: Identity[] = [
  { is: 'unknown' },
  { is: 'absent' },
  { is: 'disabled' },
  { is: 'invalid', why: 'no-scheme', raw: '"is.example"' },
  { is: 'url', base: 'https://is.example/pre' },
];
const { client, home } = key('');
const events: IdentityEvent[] = [
  ...identities.flatMap((identity, i): IdentityEvent[] => [
    { type: 'read', key: { client, home, user: `@${i}:x` }, identity: { is: 'absent' }, at: 1, mine: false },
    { type: 'read', key: { client, home, user: `@${i}:x` }, identity, at: 2, mine: i % 2 === 0 },
  ]),
  { type: 'suggested', key: { client, home, user: '@0:x' }, base: 'https://is.example' },
  { type: 'seen', key: { client, home, user: '@1:x' }, candidate: 'https://other.example' },
  { type: 'issued', issued: { client, digest: 'd'.repeat(64), server: 'is.example', session: 's' } },
  { type: 'issued', issued: { client, digest: 'e'.repeat(64), server: '', session: null } },
  { type: 'default', client, base: 'https://default.example' },
];
const state = events.reduce(reduceIdentity, NO_ACCOUNTS);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('what is stored of accounts', () => {
  it('comes back as it was', () => {
    expect(state.accounts).toHaveLength(identities.length);
    expect(plain(storedAccounts(plain(state)))).toEqual(state);
  });

  it.each(identities)('$is comes back', (identity) => {
    const read = storedAccounts({ accounts: [{ ...key('@a:x'), identity }] });
    expect(plain(read.accounts[0]?.identity)).toEqual(identity);
  });

  const good = key('@good:x');
  it.each<[string, unknown]>([
    ['a user that is none', { ...good, user: 7 }],
    ['an unknown state', { ...good, identity: { is: 'moon' } }],
    ['a URL that is none', { ...good, identity: { is: 'url' } }],
    ['an invalid value without a reason', { ...good, identity: { is: 'invalid', raw: '7' } }],
    ['no identity', { ...good, identity: null }],
    ['no date', { ...good, readAt: 'yesterday' }],
    ['a change from nothing', { ...good, changed: { from: null, mine: true } }],
    ['a change by nobody', { ...good, changed: { from: { is: 'absent' } } }],
    ['a base URL without end', { ...good, suggested: 'x'.repeat(9999) }],
    ['nothing', null],
    ['a list', []],
    ['text', 'x'],
  ])('%s is dropped, and nothing else', (_, bad) => {
    const read = storedAccounts({ ...state, accounts: [bad, good] });
    expect(plain(read)).toEqual({ ...(plain(state) as object), accounts: [good] });
  });

  it.each<[string, unknown]>([
    ['a digest that is too long', { client, digest: 'd'.repeat(65), server: '', session: null }],
    ['no server', { client, digest: 'd', session: null }],
    ['a session that is none', { client, digest: 'd', server: '', session: 7 }],
  ])('an issuer with %s is dropped', (_, bad) => {
    expect(plain(storedAccounts({ ...state, issued: [bad, ...state.issued] }))).toEqual(state);
  });

  it('a default that is none is dropped', () => {
    expect(plain(storedAccounts({ ...state, defaults: [{ client }, ...state.defaults] }))).toEqual(state);
  });

  it.each([{}, { accounts: 'x', issued: 7, defaults: null }, []])('%j: nothing', (stored) => {
    expect(storedAccounts(stored)).toEqual(NO_ACCOUNTS);
  });
});
