import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { rule, tellsOfIdentity } from '../../src/request/identity.ts';
import type { Sessions } from '../../src/page/sessions.ts';
import type { Sketch } from '../../src/core/verdict.ts';
import type { CallBackground } from '../../src/wire/document.ts';
import type { IdentityAsk, IdentityRuling } from '../../src/wire/identity.ts';

const event = { type: 'm.identity_server', content: { base_url: null } };
const other = { type: 'm.direct', content: {} };

describe('a sync answer tells of the account data', () => {
  it.each<[string, unknown, boolean]>([
    ['sync', { account_data: { events: [other, event] } }, true],
    ['sync of other account data', { account_data: { events: [other] } }, false],
    ['sync without any', { next_batch: '1', account_data: {} }, false],
    ['sync of a room', { rooms: { join: { '!r': { account_data: { events: [event] } } } } }, false],
    ['sync of a message', { rooms: { join: { '!r': { timeline: { events: [event] } } } } }, false],
    ['initialSync', { account_data: [event] }, true],
    ['initialSync of a room', { account_data: [other], rooms: [{ account_data: [event] }] }, false],
    ['events', { chunk: [other, event] }, true],
    ['events without it', { chunk: [other] }, false],
    ['sliding sync', { extensions: { account_data: { global: [event] } } }, true],
    ['sliding sync of a room', { extensions: { account_data: { rooms: { '!r': [event] } } } }, false],
    ['sliding sync without it', { extensions: { to_device: {} } }, false],
    ['a deletion', { account_data: { events: [{ type: 'm.identity_server', content: {} }] } }, true],
    ['nothing at all', null, false],
    ['nonsense', { account_data: { events: 'm.identity_server' }, chunk: [null, 7], extensions: 7 }, false],
    ['a list', [event], false],
    ['text that names it', JSON.stringify({ account_data: { events: [event] } }), true],
    ['text that does not', JSON.stringify({ account_data: { events: [other] } }), false],
    ['empty text', '', false],
  ])('%s', (_, answer, expected) => {
    expect(tellsOfIdentity(answer)).toBe(expected);
  });

  it('without changing it', () => {
    const answer = { account_data: { events: [event] }, chunk: [event] };
    const before = structuredClone(answer);
    tellsOfIdentity(answer);
    expect(answer).toEqual(before);
  });
});

const ON: IdentityRuling = { wait: null, answer: null, url: null, body: null, note: null };
const sketch: Sketch = {
  method: 'POST',
  url: '/_matrix/identity/v2/lookup?a=1',
  page: 'https://is.example/app/',
  token: 't',
  body: undefined,
  sync: false,
  ruled: false,
};

/** A document whose background rules so, for as long as it may wait. */
function open(ruling: (ask: IdentityAsk, call: number) => IdentityRuling, adopted = Promise.resolve()) {
  const asks: IdentityAsk[] = [];
  const background = ((_: 'rule', ask: IdentityAsk) => {
    asks.push(ask);
    return Promise.resolve().then(() => ruling(ask, asks.length));
  }) as unknown as CallBackground;
  const sessions = {
    known: { last: { id: 'last' } },
    adopted: () => adopted,
    fresh: () => ['s'],
  } as unknown as Sessions;
  return { asks, rule: (session: string | null) => rule(sketch, session, '{}', sessions, background) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a request that is to be ruled', () => {
  it('is asked about with all that is known of it', async () => {
    const { asks, rule: ask } = open(() => ON);
    expect(await ask('s')).toEqual(ON);
    const url = 'https://is.example/_matrix/identity/v2/lookup?a=1';
    const known = { method: 'POST', url, token: 't', body: '{}', fresh: ['s'], late: false };
    expect(asks).toEqual([{ ...known, session: 's' }]);
  });

  it('is the document’s last session’s where nobody knows better', async () => {
    const { asks, rule: ask } = open(() => ON);
    await ask(null);
    expect(asks[0]?.session).toBe('last');
  });

  it.each([4000, 8000])('waits until its account was read', async (wait) => {
    const { asks, rule: ask } = open((_, call) => (call > 5 ? ON : { ...ON, wait }));
    const ruled = ask('s');
    await vi.advanceTimersByTimeAsync(1000);
    expect(await ruled).toEqual(ON);
    expect(asks.every(({ late }) => !late)).toBe(true);
  });

  it.each([4000, 8000])('waits for %i ms, and not longer', async (wait) => {
    const answer = { status: 504, text: '{}' };
    const { rule: ask } = open(({ late }) => (late ? { ...ON, answer } : { ...ON, wait }));
    const finished = vi.fn<(ruling: unknown) => void>();
    void ask('s').then(finished);
    await vi.advanceTimersByTimeAsync(wait - 1);
    expect(finished).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(finished).toHaveBeenCalledExactlyOnceWith({ ...ON, answer });
  });

  it('waits for as long as it may in all, whoever is looked for first', async () => {
    const slow = new Promise<void>((resolve) => {
      setTimeout(resolve, 2500);
    });
    const { rule: ask } = open(({ late }) => ({ ...ON, wait: late ? null : 4000 }), slow);
    const finished = vi.fn<(ruling: unknown) => void>();
    void ask('s').then(finished);
    await vi.advanceTimersByTimeAsync(4200);
    expect(finished).toHaveBeenCalledOnce();
  });

  it('is not sent when nobody is there who knows', async () => {
    const { rule: ask } = open(() => {
      throw new Error('gone');
    });
    expect(await ask('s')).toBeNull();
  });
});
