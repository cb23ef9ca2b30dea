/** When the account data is asked for again by itself. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { held, open } from './account-data-scene.ts';

/** Seconds between one question and the next. */
const pauses = (asked: { at: number }[]): number[] =>
  asked.slice(1).map(({ at }, i) => Math.round((at - (asked[i]?.at ?? 0)) / 1000));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('an answer that decides nothing', () => {
  it('is followed by another question, after growing pauses of a minute at most', async () => {
    const { account, asked } = open(() => false);
    account.hint(held());
    await vi.advanceTimersByTimeAsync(260_000);
    expect(pauses(asked)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it.each<[string, () => Response]>([
    ['HTML', () => new Response('<html>')],
    ['nothing', () => new Response('')],
    [
      'no network',
      () => {
        throw new TypeError('Failed to fetch');
      },
    ],
  ])('%s', async (_, answer) => {
    const { account, asked, reads, answers } = open();
    answers.push(answer);
    const session = held();
    account.hint(session);
    await vi.advanceTimersByTimeAsync(500);
    expect(reads).toEqual([]);
    expect(session.reading).toBe(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect([asked.length, reads.length, session.reading]).toEqual([2, 1, false]);
  });

  it('is not followed by any after the session’s end', async () => {
    const { account, asked } = open(() => false);
    const session = held();
    account.hint(session);
    await vi.advanceTimersByTimeAsync(500);
    session.ended = true;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(asked).toHaveLength(1);
  });
});

describe('a tab that is looked at again', () => {
  it('asks once a minute, for what was asked before', async () => {
    const { account, asked } = open();
    const session = held();
    account.visible([session]);
    await vi.advanceTimersByTimeAsync(50);
    expect(asked).toHaveLength(0);
    account.hint(session);
    for (const [ms, count] of [
      [59_000, 1],
      [2000, 2],
      [59_000, 2],
      [2000, 3],
    ] as const) {
      await vi.advanceTimersByTimeAsync(ms);
      account.visible([session]);
      await vi.advanceTimersByTimeAsync(50);
      expect(asked).toHaveLength(count);
    }
  });
});
