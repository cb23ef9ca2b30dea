import { describe, expect, it } from 'vitest';
import {
  EMPTY,
  findByDigest,
  isWorthAnotherCheck,
  MAX_PER_CLIENT,
  MAX_SESSIONS,
  reduce,
  sessionsOf,
  targetOf,
  type Began,
  type Event,
  type State,
} from '../../src/core/session.ts';

const client = 'https://app.example';
const portal = 'https://portal.example';
const one = 'https://hs1.example';
const two = 'https://hs2.example';

function began(id: string, extra: Partial<Began> = {}): Event {
  const session: Began = {
    id,
    client,
    portal,
    named: one,
    namedBy: 'well_known',
    redirected: false,
    standing: { at: 'pending' },
    user: '@a:x',
    device: `device-${id}`,
    access: `access-${id}`,
    refresh: null,
    began: 1,
    ...extra,
  };
  return { type: 'began', session };
}

const checked = (id: string, standing: Extract<Event, { type: 'checked' }>['standing']): Event => ({
  type: 'checked',
  id,
  standing,
});
const home = (id: string): Event => checked(id, { at: 'home' });
const ended = (id: string, all = false): Event => ({ type: 'ended', id, all });
const refreshed = (id: string, access: string, refresh: string | null = null): Event => ({
  type: 'refreshed',
  id,
  access,
  refresh,
});
const play = (...events: Event[]): State => events.reduce(reduce, EMPTY);
const targets = (state: State): Record<string, string | null> =>
  Object.fromEntries(state.sessions.map((session) => [session.id, targetOf(session)]));
const owner = (state: State, digest: string, of = client): string | null =>
  findByDigest(state, of, digest)?.id ?? null;

describe('where sessions live', () => {
  it.each<[string, Event[], Record<string, string | null>]>([
    ['a login that names a homeserver', [began('a')], { a: one }],
    ['… which is one', [began('a'), home('a')], { a: one }],
    ['… which is none', [began('a'), checked('a', { at: 'portal', why: 'not-a-homeserver' })], { a: null }],
    [
      '… and is there at the next page start',
      [began('a'), checked('a', { at: 'portal', why: 'unreachable' }), home('a')],
      { a: one },
    ],
    [
      'a login that names nothing',
      [began('a', { named: null, namedBy: null, standing: { at: 'portal', why: 'names-nothing' } })],
      { a: null },
    ],
    ['two users on two targets', [began('a'), began('b', { user: '@b:x', named: two })], { a: one, b: two }],
    [
      'one user twice, as a round-robin portal gives',
      [began('a'), began('b', { named: two })],
      { a: one, b: two },
    ],
    [
      'a soft logout and a second login of the device elsewhere: old tokens stay routed',
      [began('a', { device: 'D' }), began('b', { device: 'D', named: two })],
      { a: one, b: two },
    ],
    ['a logout', [began('a'), began('b', { named: two }), ended('a')], { b: two }],
    ['a logout of nobody', [began('a'), ended('z')], { a: one }],
    [
      'logout everywhere ends the user’s sessions at that homeserver',
      [began('a'), began('b'), began('c', { named: two }), began('d', { user: '@d:x' }), ended('a', true)],
      { c: two, d: one },
    ],
    [
      'logout everywhere leaves other clients alone: their homeserver will tell them',
      [began('a'), began('b', { client: 'https://other.example' }), ended('a', true)],
      { b: one },
    ],
  ])('%s', (_, events, expected) => {
    expect(targets(play(...events))).toEqual(expected);
  });
});

describe('whose a token is', () => {
  it.each<[string, Event[], string, string | null]>([
    ['the access token', [began('a')], 'access-a', 'a'],
    ['the refresh token', [began('a', { refresh: 'r' })], 'r', 'a'],
    ['nobody’s', [began('a')], 'other', null],
    ['after the end', [began('a'), ended('a')], 'access-a', null],
    ['a refreshed one', [began('a'), refreshed('a', 'new')], 'new', 'a'],
    ['the one before', [began('a'), refreshed('a', 'new')], 'access-a', 'a'],
    ['the one before that', [began('a'), refreshed('a', 'n1'), refreshed('a', 'n2')], 'access-a', null],
    ['the new refresh token', [began('a', { refresh: 'r' }), refreshed('a', 'new', 'r2')], 'r2', 'a'],
    [
      'the refresh token that was not renewed',
      [began('a', { refresh: 'r' }), refreshed('a', 'n1'), refreshed('a', 'n2')],
      'r',
      'a',
    ],
    [
      'a refresh that claims another session’s token',
      [began('a'), began('b'), refreshed('b', 'access-a')],
      'access-a',
      'a',
    ],
    ['first binding wins', [began('a'), began('evil', { access: 'access-a', named: two })], 'access-a', 'a'],
    [
      'first binding of a refresh token wins',
      [began('a', { refresh: 'r' }), began('evil', { refresh: 'r', named: two })],
      'r',
      'a',
    ],
    [
      'a page that binds a known refresh token binds nothing',
      [began('a', { refresh: 'r' }), began('evil', { refresh: 'r', named: two })],
      'access-evil',
      null,
    ],
    ['the same answer twice', [began('a'), began('again', { access: 'access-a' })], 'access-a', 'a'],
  ])('%s', (_, events, digest, expected) => {
    expect(owner(play(...events), digest)).toBe(expected);
  });

  it('is a matter of each client', () => {
    const state = play(
      began('a'),
      began('b', { client: 'https://other.example', access: 'access-a', named: two }),
    );
    expect(owner(state, 'access-a')).toBe('a');
    expect(owner(state, 'access-a', 'https://other.example')).toBe('b');
  });
});

describe('what the user is told', () => {
  const session = (state: State, id: string) => state.sessions.find((each) => each.id === id);

  it.each<[string, Event[], string | null]>([
    ['the first login', [began('a')], null],
    ['the same homeserver again', [began('z'), ended('z'), began('a')], null],
    ['another homeserver', [began('z', { named: two }), began('a')], two],
    ['another homeserver after a logout', [began('z', { named: two }), ended('z'), began('a')], two],
    [
      'back to the portal',
      [
        began('z', { named: two }),
        began('a', { named: null, standing: { at: 'portal', why: 'names-nothing' } }),
      ],
      two,
    ],
    ['another user’s homeserver', [began('z', { named: two, user: '@z:x' }), began('a')], null],
  ])('moved: %s', (_, events, expected) => {
    expect(session(play(...events), 'a')?.movedFrom).toBe(expected);
  });

  it('a refused binding is kept with the session that it was aimed at', () => {
    expect(session(play(began('a'), began('evil', { access: 'access-a', named: two })), 'a')?.refused).toBe(
      two,
    );
  });

  it('a newer login of the same user and device supersedes', () => {
    const state = play(
      began('a', { device: 'D' }),
      began('b', { device: 'D' }),
      began('c', { device: null }),
    );
    expect(state.sessions.map(({ superseded }) => superseded).toSorted()).toEqual([false, false, true]);
    expect(session(state, 'a')?.superseded).toBe(true);
  });
});

describe('another check', () => {
  it.each<[string, Event[], boolean]>([
    ['pending', [began('a')], true],
    ['home', [began('a'), home('a')], false],
    ['unreachable', [began('a'), checked('a', { at: 'portal', why: 'unreachable' })], true],
    ['not a homeserver', [began('a'), checked('a', { at: 'portal', why: 'not-a-homeserver' })], true],
    ['names nothing', [began('a', { named: null, standing: { at: 'portal', why: 'names-nothing' } })], false],
    ['an unsafe name', [began('a', { named: null, standing: { at: 'portal', why: 'downgrade' } })], false],
  ])('%s: %s', (_, events, expected) => {
    expect(play(...events).sessions.map(isWorthAnotherCheck)).toEqual([expected]);
  });
});

describe('caps', () => {
  const many = (count: number, clientOf: (index: number) => string): Event[] =>
    Array.from({ length: count }, (_, index) =>
      began(`s${index}`, { client: clientOf(index), began: index }),
    );

  it('keeps the most recently used of a client', () => {
    const events = [...many(MAX_PER_CLIENT, () => client), { type: 'used', id: 's0', at: 1000 } as Event];
    const state = play(...events, began('new', { began: 1001 }));
    const ids = sessionsOf(state, client).map(({ id }) => id);
    expect(ids).toHaveLength(MAX_PER_CLIENT);
    expect(ids.slice(0, 2)).toEqual(['new', 's0']);
    expect(ids).not.toContain('s1');
  });

  it('keeps a bounded number in all', () => {
    const state = play(...many(1100, (index) => `https://c${index}.example`));
    expect(state.sessions).toHaveLength(MAX_SESSIONS);
    expect(state.lastHomes).toHaveLength(MAX_SESSIONS);
    expect(state.sessions.some(({ id }) => id === 's1099')).toBe(true);
  });
});
