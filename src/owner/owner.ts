/** Where a state is kept. */
export interface Item<T> {
  read(): Promise<T>;
  write(value: T): Promise<void>;
  /** Where it has other owners too: does work while none of them does any. */
  alone?<R>(work: () => Promise<R>): Promise<R>;
}

/** The single owner of a state: everything that changes it is an event, applied and stored one after another. */
export interface Owner<State extends object, Event> {
  /**
   * Runs work alone, in the order of the calls, on the state as stored. What it returns is handed out after the new
   * state is on disk, so that a background killed at any moment loses nothing that anybody was told. On a full disk it
   * counts as long as this owner lives: a session that is not known would be taken for one of the portal's.
   */
  run<T>(work: (state: State, apply: (event: Event) => State) => T | Promise<T>): Promise<T>;
}

/**
 * @param reduce pure; gives the same object when nothing changes
 * @param onChange called after a change is on disk, or could not be put there
 */
export function createOwner<State extends object, Event>(
  item: Item<State>,
  reduce: (state: State, event: Event) => State,
  onChange: (before: State, after: State) => void,
): Owner<State, Event> {
  let state: State | null = null;
  let tail: Promise<unknown> = Promise.resolve();

  return {
    run<T>(work: (state: State, apply: (event: Event) => State) => T | Promise<T>): Promise<T> {
      const turn = async (): Promise<T> => {
        const before = (item.alone ? null : state) ?? (await item.read());
        state = before;
        let after = before;
        const result = await work(before, (event) => (after = reduce(after, event)));
        if (after !== before) {
          await item.write(after).catch(report);
          state = after;
          onChange(before, after);
        }
        return result;
      };
      const next = tail.then(() => (item.alone ? item.alone(turn) : turn()));
      tail = next.catch(() => undefined);
      return next;
    },
  };
}

function report(error: unknown): void {
  console.error('Homeward cannot store its state:', error);
}
