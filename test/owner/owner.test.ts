import { describe, expect, it, vi } from 'vitest';
import { createOwner, type Owner } from '../../src/owner/owner.ts';

interface Log {
  readonly lines: readonly string[];
}
const reduce = (log: Log, line: string): Log => (line ? { lines: [...log.lines, line] } : log);

/** An owner of what is stored in memory, slowly. */
function open(stored: Log = { lines: [] }) {
  const disk = { now: stored, reads: 0, writes: 0, broken: false };
  const onChange = vi.fn<(before: Log, after: Log) => void>();
  const item = {
    read: async (): Promise<Log> => {
      disk.reads += 1;
      await Promise.resolve();
      return disk.now;
    },
    write: async (value: Log): Promise<void> => {
      await Promise.resolve();
      if (disk.broken) throw new Error('disk full');
      disk.writes += 1;
      disk.now = value;
    },
  };
  const owner: Owner<Log, string> = createOwner(item, reduce, onChange);
  return { owner, disk, onChange };
}

describe('the owner of a state', () => {
  it('answers after the new state is on disk', async () => {
    const { owner, disk, onChange } = open({ lines: ['a'] });
    const answered = await owner.run((_, apply) => apply('b'));
    expect(answered).toEqual({ lines: ['a', 'b'] });
    expect(disk.now).toEqual({ lines: ['a', 'b'] });
    expect(onChange.mock.calls).toEqual([[{ lines: ['a'] }, { lines: ['a', 'b'] }]]);
  });

  it('works alone, in the order of the calls', async () => {
    const { owner, disk } = open();
    const slow = owner.run(async (_, apply) => {
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
      apply('slow');
    });
    const seen = owner.run((state, apply) => {
      apply('quick');
      return state;
    });
    expect(await seen).toEqual({ lines: ['slow'] });
    await slow;
    expect(disk.now).toEqual({ lines: ['slow', 'quick'] });
  });

  it('stores several events of one work once', async () => {
    const { owner, disk } = open();
    await owner.run((_, apply) => {
      apply('a');
      apply('b');
    });
    expect(disk).toMatchObject({ now: { lines: ['a', 'b'] }, reads: 1, writes: 1 });
  });

  it.each(['nothing', 'no change'])('stores nothing for %s', async (what) => {
    const { owner, disk, onChange } = open();
    await owner.run((_, apply) => (what === 'nothing' ? null : apply('')));
    expect(disk.writes).toBe(0);
    expect(onChange).not.toHaveBeenCalled();
  });

  it('forgets what failed, and goes on', async () => {
    const { owner, disk } = open();
    const failing = owner.run((_, apply) => {
      apply('half');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await owner.run((state) => state)).toEqual({ lines: [] });
    await owner.run((_, apply) => apply('next'));
    expect(disk.now).toEqual({ lines: ['next'] });
  });

  it('goes by what it could not store, and stores it with the next change', async () => {
    const { owner, disk, onChange } = open();
    const reported = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    disk.broken = true;
    expect(await owner.run((_, apply) => apply('a'))).toEqual({ lines: ['a'] });
    expect(await owner.run((state) => state)).toEqual({ lines: ['a'] });
    expect(onChange).toHaveBeenCalledTimes(1);
    expect(reported).toHaveBeenCalledTimes(1);
    disk.broken = false;
    await owner.run((_, apply) => apply('b'));
    expect(disk.now).toEqual({ lines: ['a', 'b'] });
    reported.mockRestore();
  });
});
