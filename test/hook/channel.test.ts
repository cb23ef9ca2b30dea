// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openChannel } from '../../src/hook/channel.ts';
import type { Background } from '../../src/page/background.ts';
import { HANDSHAKE, PROTOCOL } from '../../src/wire/channel.ts';
import type { Ask, Change, Tell } from '../../src/wire/document.ts';

// the window that this environment gives is a stand-in, which native methods do not take; the real one has no fetch
vi.hoisted(() => {
  const { jsdom, fetch, Request, Response, Headers } = globalThis as typeof globalThis & {
    jsdom: { window: Window };
  };
  Object.assign(jsdom.window, { fetch, Request, Response, Headers });
  Object.defineProperty(globalThis, 'window', { value: jsdom.window });
});

/** What a hook listens to for ever, to be taken off after a test: this environment has one window for all. */
const listening = vi.hoisted(() => {
  const seen: [string, () => void][] = [];
  const { addEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function add(this: EventTarget, ...args) {
    if (this === window) seen.push([args[0], args[1] as () => void]);
    addEventListener.apply(this, args);
  };
  return seen;
});

const NAME = '4c1d8f1e-0000-4000-8000-000000000001';
const NEXT = '4c1d8f1e-0000-4000-8000-000000000002';
const PATIENCE = 5000;

/** An isolated script's end. One whose extension is gone takes nothing. */
class Bridge {
  readonly element = document.createElement('i');
  readonly asked: Ask[] = [];
  lives = true;
  constructor() {
    this.element.addEventListener('ask', (event) => {
      if (!this.lives) return;
      event.preventDefault();
      this.asked.push(JSON.parse(String((event as CustomEvent).detail)) as Ask);
    });
  }
  /** Whether a hook has taken it. */
  join(name: string, protocol = PROTOCOL): boolean {
    const init = { relatedTarget: this.element, detail: protocol, cancelable: true };
    return !window.dispatchEvent(new MouseEvent(name, init));
  }
  tell(tell: Tell): void {
    this.element.dispatchEvent(new CustomEvent('tell', { detail: JSON.stringify(tell) }));
  }
  answer(value: unknown): void {
    this.tell({ id: this.asked.at(-1)?.id ?? -1, ok: true, value });
  }
}

const onChange = vi.fn<(change: Change) => void>();
const onReopen = vi.fn<() => void>();
const collect = vi.fn<() => unknown>(() => ['a line']);
let channel: Background;
let bridge: Bridge;

/** How a call stands. */
function followed(work: Promise<unknown>): { state: string; value?: unknown } {
  const seen: { state: string; value?: unknown } = { state: 'waits' };
  work.then(
    (value) => Object.assign(seen, { state: 'answered', value }),
    () => Object.assign(seen, { state: 'rejected' }),
  );
  return seen;
}
const after = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const ask = (): ReturnType<typeof followed> => followed(channel.call('whose', { token: 't' }));

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  channel = openChannel({ onChange, onReopen, collect });
  bridge = new Bridge();
});
afterEach(() => {
  for (const [type, listener] of listening.splice(0)) window.removeEventListener(type, listener, true);
  vi.useRealTimers();
  // takes away the listener of a hook that was not joined
  new Bridge().join(HANDSHAKE);
});

describe('the first handshake', () => {
  it('opens the channel, and no page sees it', async () => {
    const seen = vi.fn<() => void>();
    const opened = followed(channel.opened);
    for (const target of [window, document]) target.addEventListener(HANDSHAKE, seen, true);
    await after(0);
    expect(opened.state).toBe('waits');
    expect(bridge.join(HANDSHAKE)).toBe(true);
    await after(0);
    expect(opened.state).toBe('answered');
    expect(seen).not.toHaveBeenCalled();
    expect(onReopen).not.toHaveBeenCalled();
    for (const target of [window, document]) target.removeEventListener(HANDSHAKE, seen, true);
  });

  it.each([0, PROTOCOL + 1, -1])(
    'of another protocol is not taken, and the right one is still: %i',
    async (protocol) => {
      expect(new Bridge().join(HANDSHAKE, protocol)).toBe(false);
      const opened = followed(channel.opened);
      await after(0);
      expect(opened.state).toBe('waits');
      expect(bridge.join(HANDSHAKE)).toBe(true);
    },
  );

  it('is the only one under its name', async () => {
    bridge.join(HANDSHAKE);
    const forged = new Bridge();
    expect(forged.join(HANDSHAKE)).toBe(false);
    const call = ask();
    expect(forged.asked).toEqual([]);
    expect(bridge.asked).toHaveLength(1);
    forged.tell({ id: 1, ok: true, value: 'forged' });
    await after(0);
    expect(call.state).toBe('waits');
    expect(onReopen).not.toHaveBeenCalled();
  });

  it.each([NAME, '', 'homeward', 'tell', 'ask'])('is not one under another name: %s', (name) => {
    expect(new Bridge().join(name || 'x')).toBe(false);
  });

  it('is not there: calls reject', async () => {
    const call = ask();
    await after(0);
    expect(call.state).toBe('rejected');
  });
});

describe('a call', () => {
  beforeEach(() => void bridge.join(HANDSHAKE));

  it('goes to the bridge in the same turn, and is answered', async () => {
    const call = ask();
    expect(bridge.asked).toEqual([{ id: 1, call: 'whose', args: { token: 't' } }]);
    bridge.answer({ some: 'value' });
    await after(0);
    expect(call).toEqual({ state: 'answered', value: { some: 'value' } });
  });

  it('has its own answer, in whatever order they come', async () => {
    const [first, second] = [ask(), ask()];
    bridge.tell({ id: 2, ok: true, value: 'two' });
    bridge.tell({ id: 1, ok: true, value: 'one' });
    await after(0);
    expect([first.value, second.value]).toEqual(['one', 'two']);
  });

  it('is answered once', async () => {
    const call = ask();
    bridge.tell({ id: 1, ok: true, value: 'one' });
    bridge.tell({ id: 1, ok: true, value: 'two' });
    bridge.tell({ id: 99, ok: true, value: 'nobody asked' });
    await after(0);
    expect(call.value).toBe('one');
  });

  it('that the bridge refuses rejects at once', async () => {
    const call = ask();
    bridge.tell({ id: 1, ok: false, value: 'refused' });
    await after(0);
    expect(call.state).toBe('rejected');
  });

  it('that nobody answers waits as long as the bridge lives', async () => {
    const call = ask();
    await after(10 * PATIENCE);
    expect(call.state).toBe('waits');
  });

  it('is not all that is told: changes come unasked', () => {
    const change = { route: { id: 's' }, gone: true };
    bridge.tell({ id: 0, ok: true, value: change });
    expect(onChange.mock.calls).toEqual([[change]]);
  });

  it('the other way: what the hook remembers, in the same turn', () => {
    const collected: string[] = [];
    bridge.element.addEventListener('collected', (event) =>
      collected.push(String((event as CustomEvent).detail)),
    );
    bridge.element.dispatchEvent(new CustomEvent('collect'));
    expect(collected).toEqual(['["a line"]']);
  });
});

describe('a bridge without its extension', () => {
  beforeEach(() => void bridge.join(HANDSHAKE));

  it('is waited for 5 s', async () => {
    bridge.lives = false;
    const call = ask();
    await after(PATIENCE - 1);
    expect(call.state).toBe('waits');
    await after(1);
    expect(call.state).toBe('rejected');
  });

  it('is not waited for any more then', async () => {
    bridge.lives = false;
    ask();
    await after(PATIENCE);
    const call = ask();
    await after(0);
    expect(call.state).toBe('rejected');
  });

  it('that lost it while it asked is waited for too', async () => {
    const call = ask();
    bridge.tell({ id: 1, ok: false, value: null });
    await after(PATIENCE - 1);
    expect(call.state).toBe('waits');
    await after(1);
    expect(call.state).toBe('rejected');
  });

  it('is replaced by one under the name that the hook was told: what is unanswered is asked again', async () => {
    channel.again(NAME);
    const [lost, answered, late] = [ask(), ask(), ask()];
    bridge.tell({ id: 2, ok: true, value: 'before' });
    bridge.lives = false;
    bridge.tell({ id: 1, ok: false, value: null });
    await after(PATIENCE - 1);
    const next = new Bridge();
    expect(next.join(NAME)).toBe(true);
    expect(onReopen).toHaveBeenCalledOnce();
    expect(next.asked.map(({ id, call, args }) => [id, call, args])).toEqual([
      [1, 'whose', { token: 't' }],
      [3, 'whose', { token: 't' }],
    ]);
    next.tell({ id: 1, ok: true, value: 'after' });
    await after(2 * PATIENCE);
    expect([lost, answered, late]).toEqual([
      { state: 'answered', value: 'after' },
      { state: 'answered', value: 'before' },
      { state: 'waits' },
    ]);
    next.tell({ id: 3, ok: true, value: 'too' });
    await after(0);
    expect(late.value).toBe('too');
  });

  it('is replaced even after it was given up', async () => {
    channel.again(NAME);
    bridge.lives = false;
    const lost = ask();
    await after(PATIENCE);
    const next = new Bridge();
    expect(next.join(NAME)).toBe(true);
    expect(next.asked).toEqual([]);
    const call = ask();
    next.answer('new');
    await after(0);
    expect([lost.state, call.value]).toEqual(['rejected', 'new']);
  });

  it('is replaced by one that dies too: 5 s more', async () => {
    channel.again(NAME);
    bridge.lives = false;
    const call = ask();
    await after(PATIENCE - 1);
    const next = new Bridge();
    next.lives = false;
    next.join(NAME);
    await after(PATIENCE - 1);
    expect(call.state).toBe('waits');
    await after(1);
    expect(call.state).toBe('rejected');
  });

  it('says nothing any more when another is there', async () => {
    channel.again(NAME);
    const call = ask();
    new Bridge().join(NAME);
    bridge.tell({ id: 1, ok: true, value: 'old' });
    bridge.tell({ id: 0, ok: true, value: { route: {}, gone: true } });
    bridge.tell({ id: 1, ok: false, value: null });
    await after(2 * PATIENCE);
    expect(call.state).toBe('waits');
    expect(onChange).not.toHaveBeenCalled();
  });
});

describe('the name for another bridge', () => {
  beforeEach(() => void bridge.join(HANDSHAKE));
  const isTaken = (name: string): boolean => new Bridge().join(name);

  it('is none before one was told', () => {
    expect([HANDSHAKE, NAME, 'null', 'undefined'].map(isTaken)).toEqual([false, false, false, false]);
  });

  it('is the one that was told, and no other', () => {
    channel.again(NAME);
    expect([HANDSHAKE, NEXT, `${NAME}x`, NAME.toUpperCase()].map(isTaken)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(onReopen).not.toHaveBeenCalled();
    expect(isTaken(NAME)).toBe(true);
  });

  it('is the last that was told', () => {
    channel.again(NAME);
    channel.again(NEXT);
    expect([NAME, NEXT].map(isTaken)).toEqual([false, true]);
  });

  it('is the same when it is told again', () => {
    channel.again(NAME);
    channel.again(NAME);
    expect(isTaken(NAME)).toBe(true);
    expect(onReopen).toHaveBeenCalledOnce();
  });

  it('is good once', () => {
    channel.again(NAME);
    expect([NAME, NAME].map(isTaken)).toEqual([true, false]);
    expect(onReopen).toHaveBeenCalledOnce();
    channel.again(NEXT);
    expect(isTaken(NEXT)).toBe(true);
    expect(onReopen).toHaveBeenCalledTimes(2);
  });

  it('is not for a bridge of another protocol; the right one may still come', () => {
    channel.again(NAME);
    const other = new Bridge();
    expect(other.join(NAME, PROTOCOL + 1)).toBe(false);
    ask();
    expect(other.asked).toEqual([]);
    expect(bridge.asked).toHaveLength(1);
    expect(isTaken(NAME)).toBe(true);
  });

  it('reaches no page that listens for it', () => {
    channel.again(NAME);
    const seen = vi.fn<() => void>();
    for (const target of [window, document]) target.addEventListener(NAME, seen, true);
    expect(isTaken(NAME)).toBe(true);
    expect(seen).not.toHaveBeenCalled();
  });
});
