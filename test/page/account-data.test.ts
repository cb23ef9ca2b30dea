import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { held, open, PATH } from './account-data-scene.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the account data', () => {
  it('is asked of the homeserver, with the session’s token and nothing else of the page’s', async () => {
    const { account, asked, reads } = open();
    const began = Date.now();
    account.hint(held());
    await vi.advanceTimersByTimeAsync(50);
    expect(asked).toMatchObject([
      {
        url: `https://hs1.example${PATH}`,
        init: {
          headers: { Authorization: 'Bearer t' },
          credentials: 'omit',
          redirect: 'error',
          cache: 'no-store',
        },
      },
    ]);
    expect(reads).toEqual([{ id: 's', status: 200, body: { base_url: null }, at: began, mine: false }]);
  });

  it('is asked of the portal where the session stayed there', async () => {
    const { account, asked } = open();
    account.hint(held({ target: null }));
    await vi.advanceTimersByTimeAsync(50);
    expect(asked[0]?.url).toBe(`https://portal.example${PATH}`);
  });

  it('waits for the check of the homeserver', async () => {
    const { account, asked } = open();
    const session = held({ target: 'https://named.example' });
    session.settled = new Promise((resolve) => {
      setTimeout(() => {
        session.target = null;
        resolve();
      }, 500);
    });
    account.hint(session);
    await vi.advanceTimersByTimeAsync(499);
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(50);
    expect(asked[0]?.url).toBe(`https://portal.example${PATH}`);
  });
});

describe('a hint', () => {
  it('after a read asks again', async () => {
    const { account, asked } = open();
    const session = held();
    for (let count = 1; count <= 3; count += 1) {
      account.hint(session);
      await vi.advanceTimersByTimeAsync(50);
      expect(asked).toHaveLength(count);
    }
  });

  it('during a read is followed by one more, however many there were', async () => {
    const { account, asked, reads } = open();
    const session = held();
    account.hint(session);
    await vi.advanceTimersByTimeAsync(5);
    for (let count = 0; count < 5; count += 1) account.hint(session);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(2);
    expect(reads[1]?.at).toBeGreaterThan(reads[0]?.at ?? Infinity);
  });

  it('makes the value uncertain until it was read', async () => {
    const { account } = open();
    const session = held();
    account.hint(session);
    expect(session.reading).toBe(true);
    await vi.advanceTimersByTimeAsync(50);
    expect(session.reading).toBe(false);
  });

  it('of this client’s own change says so, once', async () => {
    const { account, reads } = open();
    const session = held();
    for (const mine of [true, false]) {
      account.hint(session, mine);
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(reads.map(({ mine }) => mine)).toEqual([true, false]);
  });

  it('of this client’s own change says so until an answer decides', async () => {
    const { account, reads } = open((_, count) => count === 3);
    account.hint(held(), true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reads.map(({ mine }) => mine)).toEqual([true, true, true]);
  });

  // the end of the read under way forgets it
  it('of this client’s own change says so, also during a read', async () => {
    const { account, reads } = open();
    const session = held();
    account.hint(session);
    await vi.advanceTimersByTimeAsync(5);
    account.hint(session, true);
    await vi.advanceTimersByTimeAsync(50);
    expect(reads.map(({ mine }) => mine)).toEqual([false, true]);
  });

  // it waits for the end of the pause: a minute at most
  it('during a long pause asks at once', async () => {
    const { account, asked } = open(() => false);
    const session = held();
    account.hint(session);
    await vi.advanceTimersByTimeAsync(70_000);
    const count = asked.length;
    account.hint(session);
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked.length).toBeGreaterThan(count);
  });
});
