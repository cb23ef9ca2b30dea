import { describe, expect, it } from 'vitest';
import { storedState } from '../../src/owner/stored-state.ts';
import { reduce, EMPTY, type State } from '../../src/core/session.ts';

const state = reduce(EMPTY, {
  type: 'began',
  session: {
    id: 's',
    client: 'https://app.example',
    portal: 'https://portal.example',
    named: 'https://hs1.example',
    namedBy: 'well_known',
    redirected: false,
    standing: { at: 'portal', why: 'unreachable' },
    user: '@a:x',
    device: null,
    access: 'a'.repeat(64),
    refresh: null,
    began: 1,
  },
});

describe('the stored sessions', () => {
  it('come back as they were', () => {
    const read = storedState(JSON.parse(JSON.stringify(state)));
    expect(read.sessions.map((session) => ({ ...session, standing: { ...session.standing } }))).toEqual(
      state.sessions,
    );
    expect(read.lastHomes).toEqual(state.lastHomes);
  });

  it.each<[string, unknown, number]>([
    ['a broken record beside a good one', { ...state, sessions: [{ id: 7 }, ...state.sessions] }, 1],
    ['no list', { sessions: 'x' }, 0],
    ['an unknown standing', { ...state, sessions: [{ ...state.sessions[0], standing: { at: 'moon' } }] }, 0],
    [
      'a digest that is none',
      { ...state, sessions: [{ ...state.sessions[0], access: ['x'.repeat(9999)] }] },
      0,
    ],
    ['an empty object', {}, 0],
  ])('%s', (_, stored, count) => {
    const read: State = storedState(stored);
    expect(read.sessions).toHaveLength(count);
  });
});
