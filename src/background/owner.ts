import type { StorageItem } from '../webext/storage-item.ts';

/** The single owner of a state: everything that changes it is an event, applied and stored one after another. */
export interface Owner<State extends object, Event> {
  /**
   * Runs work alone, in the order of the calls, on the state as stored. What it returns is handed out after the new
   * state is on disk, so that a background killed at any moment loses nothing that anybody was told.
   */
  run<T>(work: (state: State, apply: (event: Event) => State) => T | Promise<T>): Promise<T>;
}

/**
 * @param reduce pure; gives the same object when nothing changes
 * @param onChange called after a change is on disk
 */
export function createOwner<State extends object, Event>(
  item: StorageItem<State>,
  reduce: (state: State, event: Event) => State,
  onChange: (before: State, after: State) => void,
): Owner<State, Event> {
  let state: State | null = null;
  let tail: Promise<unknown> = Promise.resolve();

  return {
    run: (work) => {
      const next = tail.then(async () => {
        const before = state ?? (await item.read());
        state = before;
        let after = before;
        const result = await work(before, (event) => (after = reduce(after, event)));
        if (after !== before) {
          await item.write(after);
          state = after;
          onChange(before, after);
        }
        return result;
      });
      tail = next.catch(() => undefined);
      return next;
    },
  };
}
