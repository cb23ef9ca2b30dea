/** A background that sleeps is woken by asking it for this client's sessions. */
import { inTime, unheard } from '../request/patience.ts';
import { TOKEN_DEADLINE } from './tokens.ts';

/** Milliseconds. How long a page start waits for the background before requests without a token pass. */
const START_DEADLINE = 2000;

export interface Waking {
  /** One that is gone needs no waiting for. */
  wake(): Promise<unknown>;
  /** false: it is there, and silent for too long. */
  mustWake(): Promise<boolean>;
}

/**
 * @param start asks for the sessions
 * @param mark called where it is awake, in the turn of whoever waited for this
 */
export function createWaking(start: () => Promise<void>, mark: () => void): Waking {
  let starting: Promise<unknown> = Promise.resolve();
  let started: Promise<unknown> | null = null;
  const wake = (): Promise<unknown> => {
    if (started) return started;
    starting = start().catch(unheard);
    started = inTime(START_DEADLINE, starting).then(() => {
      mark();
      started = null;
    });
    return started;
  };
  return {
    wake,
    async mustWake() {
      void wake();
      const isThere = (await inTime(
        TOKEN_DEADLINE,
        starting.then(() => true),
      )) as true | undefined;
      if (isThere) mark();
      return isThere ?? false;
    },
  };
}
