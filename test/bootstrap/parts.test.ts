/** Further parts of sound and videos, which Firefox asks for at the URL of the first answer. */
import { describe, expect, it } from 'vitest';
import { followPlayers } from '../../src/bootstrap/parts.ts';

const AT_PORTAL = 'https://portal.example/_matrix/media/v3/download/a/b';
const AT_HOME = 'https://home.example/_matrix/client/v1/media/download/a/b#hw-pass';
const PART = 'https://home.example/_matrix/client/v1/media/download/a/b';
const OTHER = 'https://home.example/_matrix/client/v1/media/download/a/c';

/** What a page says: the picture or sound that the portal is asked for is at home, with the token of now. */
function page() {
  const state = { token: 'first' as string | null };
  const whereTo = (url: string) =>
    Promise.resolve(url === AT_PORTAL && state.token !== null ? { url: AT_HOME, token: state.token } : null);
  return { state, whereTo: followPlayers(whereTo) };
}

describe('a further part', () => {
  it.each([
    ['of what was played', [[AT_PORTAL, true]], PART, true, 'first'],
    ['at a URL with a fragment', [[AT_PORTAL, true]], AT_HOME, true, 'first'],
    ['of what was shown, not played', [[AT_PORTAL, false]], PART, true, null],
    ['that is not for a player', [[AT_PORTAL, true]], PART, false, null],
    ['of something else', [[AT_PORTAL, true]], OTHER, true, null],
    ['of what goes nowhere', [[OTHER, true]], OTHER, true, null],
    ['that nothing came before', [], PART, true, null],
  ] as const)('%s', async (_, before, url, isPlayed, token) => {
    const { whereTo } = page();
    for (const [asked, played] of before) await whereTo(asked, played);
    expect(await whereTo(url, isPlayed)).toEqual(token === null ? null : { url: AT_HOME, token });
  });

  it('goes where the first one would go now', async () => {
    const { state, whereTo } = page();
    await whereTo(AT_PORTAL, true);
    state.token = 'second';
    expect(await whereTo(PART, true)).toEqual({ url: AT_HOME, token: 'second' });
    state.token = null;
    expect(await whereTo(PART, true), 'after the session').toBeNull();
  });
});
