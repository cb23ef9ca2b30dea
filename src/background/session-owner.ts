/** The single owner of the sessions: everything that changes them is an event, applied and stored one after another. */
import { EMPTY, reduce, type Event, type State } from '../core/session.ts';
import { storageItem } from '../webext/storage-item.ts';
import { storedState } from './stored-state.ts';

export interface SessionOwner {
  /**
   * Runs work alone, in the order of the calls, on the state as stored. What it returns is handed out after the new
   * state is on disk, so that a background killed at any moment loses nothing that anybody was told.
   */
  run<T>(work: (state: State, apply: (event: Event) => State) => T | Promise<T>): Promise<T>;
}

/** @param onChange called after a change is on disk */
export function createSessionOwner(onChange: (before: State, after: State) => void): SessionOwner {
  const item = storageItem<State>('state', storedState, EMPTY);
  let state: State | null = null;
  let tail: Promise<unknown> = Promise.resolve();

  return {
    run: (work) => {
      const next = tail.then(async () => {
        const before = (state ??= await item.read());
        let after = before;
        const result = await work(before, (event) => (after = reduce(after, event)));
        if (after !== before) {
          state = after;
          await item.write(after);
          onChange(before, after);
        }
        return result;
      });
      tail = next.catch(() => undefined);
      return next;
    },
  };
}
