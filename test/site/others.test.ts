import { afterEach, describe, expect, it, vi } from 'vitest';
import { joinOthers, type Joined, type Others } from '../../src/site/others.ts';
import type { Change } from '../../src/wire/document.ts';

const change: Change = {
  route: { id: 's', portal: 'https://p.example', target: 'https://t.example', pending: false, media: false },
  gone: false,
};
const opened: { close(): void }[] = [];

afterEach(() => opened.splice(0).forEach((each) => each.close()));

function join(joined: Partial<Joined> = {}): Others {
  const others = joinOthers({ onChange: () => undefined, tokenOf: () => undefined, ...joined });
  opened.push(others);
  return others;
}

describe('the others', () => {
  it('hear what changed; who tells it does not', async () => {
    const [mine, theirs] = [vi.fn<(of: Change) => void>(), vi.fn<(of: Change) => void>()];
    join({ onChange: theirs });
    join({ onChange: mine }).tell([change, { ...change, gone: true }]);
    await vi.waitFor(() => expect(theirs).toHaveBeenCalledTimes(2));
    expect(theirs.mock.calls.map(([{ gone }]) => gone)).toEqual([false, true]);
    expect(theirs.mock.calls[0]?.[0]).toMatchObject(change);
    expect(mine).not.toHaveBeenCalled();
  });

  it('say a token that one of them has', async () => {
    join();
    join({ tokenOf: (session) => (session === 's' ? 'token of s' : undefined) });
    const asking = join();
    expect(await asking.tokenOf('s')).toBe('token of s');
    expect(await asking.tokenOf('another')).toBeNull();
  });

  it.each([
    null,
    'text',
    7,
    [],
    {},
    { changes: 'x' },
    { changes: [{ gone: true }] },
    { changes: [{ ...change, route: { ...change.route, target: 7 } }] },
    { wanted: 7, ask: 'x' },
    { token: 'x' },
  ])('are not disturbed by %j', async (message) => {
    const heard = vi.fn<(of: Change) => void>();
    const tokenOf = vi.fn<() => undefined>();
    join({ onChange: heard, tokenOf });
    const channel = new BroadcastChannel('homeward');
    opened.push(channel);
    const post = channel.postMessage.bind(channel);
    post(message);
    // what comes after it arrives after it
    join().tell([change]);
    await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(1));
    expect(tokenOf).not.toHaveBeenCalled();
  });
});
