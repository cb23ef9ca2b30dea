import { describe, expect, it } from 'vitest';
import {
  accountOf,
  defaultOf,
  issuerOf,
  NO_ACCOUNTS,
  reduceIdentity,
  type AccountKey,
  type IdentityEvent,
  type IdentityState,
  type Issued,
} from '../../src/core/account.ts';
import type { Identity } from '../../src/core/identity.ts';

const key: AccountKey = { client: 'https://app.example', home: 'https://hs1.example', user: '@a:x' };
const absent: Identity = { is: 'absent' };
const disabled: Identity = { is: 'disabled' };
const url = (base: string): Identity => ({ is: 'url', base });
const X = 'https://is.example';
const Y = 'https://other.example';

const after = (...events: IdentityEvent[]): IdentityState => events.reduce(reduceIdentity, NO_ACCOUNTS);
const read = (
  identity: Identity,
  at: number,
  extra: { mine?: boolean; key?: AccountKey } = {},
): IdentityEvent => ({
  type: 'read',
  key,
  identity,
  at,
  mine: false,
  ...extra,
});
const seen = (candidate: string | null): IdentityEvent => ({ type: 'seen', key, candidate });
const issued = (digest: string, server: string, client = key.client): IdentityEvent => ({
  type: 'issued',
  issued: { client, digest, server, session: 's' },
});
const first = (base: string, client = key.client): IdentityEvent => ({ type: 'default', client, base });

describe('an account', () => {
  it('is unknown before it was read', () => {
    expect(accountOf(NO_ACCOUNTS, key)).toEqual({
      ...key,
      identity: { is: 'unknown' },
      readAt: 0,
      suggested: null,
      changed: null,
      candidate: null,
    });
  });

  it.each<[string, Partial<AccountKey>]>([
    ['user', { user: '@b:x' }],
    ['homeserver', { home: 'https://hs2.example' }],
    ['client', { client: 'https://other-app.example' }],
  ])('of another %s is another', (_, other) => {
    const state = after(read(disabled, 1));
    expect(accountOf(state, key).identity).toEqual(disabled);
    expect(accountOf(state, { ...key, ...other }).identity).toEqual({ is: 'unknown' });
  });

  it.each<[string, IdentityEvent[], Identity]>([
    ['what was read', [read(url(X), 1)], url(X)],
    ['what was read last', [read(url(X), 1), read(disabled, 2)], disabled],
    ['not what was asked for before', [read(disabled, 2), read(url(X), 1)], disabled],
    ['the later of two at one moment', [read(disabled, 2), read(url(X), 2)], url(X)],
    ['absent again after a deletion', [read(url(X), 1), read(absent, 2)], absent],
    ['not what the login suggests', [{ type: 'suggested', key, base: X }], { is: 'unknown' }],
    ['not a candidate', [read(disabled, 1), seen(Y)], disabled],
  ])('is %s', (_, events, expected) => {
    expect(accountOf(after(...events), key).identity).toEqual(expected);
  });

  it.each<[string, IdentityEvent[], unknown]>([
    ['the first answer is none', [read(url(X), 1)], null],
    ['another value', [read(url(X), 1), read(disabled, 2)], { from: url(X), mine: false }],
    ['by this client', [read(url(X), 1), read(disabled, 2, { mine: true })], { from: url(X), mine: true }],
    ['the last one', [read(url(X), 1), read(disabled, 2), read(url(Y), 3)], { from: disabled, mine: false }],
    ['the same value is none', [read(url(X), 1), read(url(X), 2)], null],
    [
      'the same does not hide one',
      [read(url(X), 1), read(absent, 2), read(absent, 3)],
      { from: url(X), mine: false },
    ],
    ['an old answer is none', [read(url(X), 2), read(disabled, 1)], null],
    ['acknowledged', [read(url(X), 1), read(disabled, 2), { type: 'acknowledged', key }], null],
  ])('tells of a change: %s', (_, events, expected) => {
    expect(accountOf(after(...events), key).changed).toEqual(expected);
  });

  it.each<[string, IdentityEvent[], string | null]>([
    ['seen', [seen(Y)], Y],
    ['seen last', [seen(X), seen(Y)], Y],
    ['gone', [seen(Y), seen(null)], null],
    ['which the account names now', [seen(Y), read(url(Y), 1)], null],
    ['while the account names another', [seen(Y), read(url(X), 1)], Y],
  ])('has a candidate: %s', (_, events, expected) => {
    expect(accountOf(after(...events), key).candidate).toBe(expected);
  });
});

describe('a token or validation', () => {
  it.each<[string, IdentityEvent[], string | null]>([
    ['that nobody has heard of', [], null],
    ['is of who issued it', [issued('d', 'is.example')], 'is.example'],
    [
      'cannot be moved to another server',
      [issued('d', 'is.example'), issued('d', 'evil.example')],
      'is.example',
    ],
    ['of the homeserver', [issued('d', '')], ''],
    ['of another client is not ours', [issued('d', 'is.example', 'https://evil.example')], null],
    ['beside those of another client', [issued('d', 'a', 'https://evil.example'), issued('d', 'b')], 'b'],
  ])('%s', (_, events, expected) => {
    expect(issuerOf(after(...events), key.client, 'd')?.server ?? null).toBe(expected);
  });
});

describe('the client’s own identity server', () => {
  it.each<[string, IdentityEvent[], string | null]>([
    ['not seen yet', [], null],
    ['the first', [first(X), first(Y)], X],
    ['of this client', [first(Y, 'https://other-app.example'), first(X)], X],
    ['not what an account names', [read(url(Y), 1)], null],
    ['not what the login suggests', [{ type: 'suggested', key, base: Y }], null],
  ])('is %s', (_, events, expected) => {
    expect(defaultOf(after(...events), key.client)).toBe(expected);
  });
});

describe('the state', () => {
  const state = after(read(url(X), 2), seen(Y), issued('d', 'is.example'), first(X));

  it.each<[string, IdentityEvent]>([
    ['an old answer', read(disabled, 1)],
    ['a candidate that is known', seen(Y)],
    ['a token that is known', issued('d', 'evil.example')],
    ['a second default', first(Y)],
    ['nothing to acknowledge', { type: 'acknowledged', key }],
    ['no suggestion', { type: 'suggested', key, base: null }],
  ])('is the same object after %s', (_, event) => {
    expect(reduceIdentity(state, event)).toBe(state);
  });

  it('is never changed in place', () => {
    const before = JSON.stringify(state);
    reduceIdentity(state, read(disabled, 3));
    reduceIdentity(state, issued('e', 'is.example'));
    expect(JSON.stringify(state)).toBe(before);
  });

  it('does not grow without end, and keeps the newest', () => {
    const many = Array.from({ length: 999 }, (_, i) => i);
    const full = after(
      ...many.map((i) => read(url(X), 1, { key: { ...key, user: `@${i}:x` } })),
      ...many.map((i) => issued(`d${i}`, 'is.example')),
      ...many.map((i) => first(X, `https://app${i}.example`)),
    );
    expect(Object.values(full).every((each: unknown[]) => each.length < 300)).toBe(true);
    expect(accountOf(full, { ...key, user: '@998:x' }).identity).toEqual(url(X));
    expect(issuerOf(full, key.client, 'd998')).not.toBeNull();
    expect(defaultOf(full, 'https://app998.example')).toBe(X);
  });
});

describe('what one client has been issued', () => {
  const token = (client: string, number: number): Issued => ({
    client,
    digest: `${client} ${number}`,
    server: 'is.example',
    session: null,
  });

  it('pushes out its own oldest, and never another client’s', () => {
    let state = reduceIdentity(NO_ACCOUNTS, { type: 'issued', issued: token('https://a.example', 0) });
    for (let number = 0; number < 300; number += 1) {
      state = reduceIdentity(state, { type: 'issued', issued: token('https://evil.example', number) });
    }
    expect(issuerOf(state, 'https://a.example', 'https://a.example 0')).not.toBeNull();
    expect(issuerOf(state, 'https://evil.example', 'https://evil.example 0')).toBeNull();
    expect(issuerOf(state, 'https://evil.example', 'https://evil.example 299')).not.toBeNull();
  });
});
