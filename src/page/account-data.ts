/**
 * Reads what accounts say about identity servers: our own `GET account_data/m.identity_server`, as the page. The answer
 * alone counts; everything else that is seen is a hint to ask again.
 */
import type { CallBackground } from '../wire/document.ts';
import { asked, type Fetch } from './check.ts';
import { pause, unheard } from '../request/patience.ts';
import type { Held } from './held.ts';

/** Milliseconds. */
const TIMEOUT = 10_000;
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;
/** How often a tab that becomes visible asks again. */
const VISIBLE_EVERY = 60_000;

export interface AccountData {
  /** Asks now, and again after a request under way, which may not know yet. `mine`: this client has just written it. */
  hint(session: Held, mine?: boolean): void;
  /** The tab is looked at again. */
  visible(sessions: readonly Held[]): void;
}

export function createAccountData(fetch: Fetch, background: CallBackground): AccountData {
  const readOnce = async (session: Held, mine: boolean): Promise<boolean> => {
    const { id, target, portal, accountData, token } = session;
    const at = (session.readAt = Date.now());
    const response = await asked(fetch, (target ?? portal) + accountData, TIMEOUT, token);
    const body: unknown = await response.json();
    return background('read', { id, status: response.status, body, at, mine });
  };

  const keepReading = async (session: Held): Promise<void> => {
    await session.settled;
    for (let wait = FIRST_PAUSE; session.hints && !session.ended;) {
      const { mine = false } = session;
      session.hints = 0;
      session.mine = false;
      if (!(await readOnce(session, mine).catch(unheard))) {
        session.hints = 1;
        session.mine ||= mine;
        await Promise.race([
          pause(wait),
          new Promise<void>((resolve) => {
            session.hurry = resolve;
          }),
        ]);
        wait = Math.min(wait * 2, LONGEST_PAUSE);
      }
    }
    session.reading = false;
  };

  const hint = (session: Held, mine = false): void => {
    session.hints = 1;
    session.mine ||= mine;
    // whatever the hint is, something answers again
    session.hurry?.();
    if (session.reading) return;
    session.reading = true;
    void keepReading(session);
  };

  return {
    hint,
    visible(sessions) {
      for (const session of sessions) {
        const { readAt } = session;
        if (readAt && Date.now() - readAt > VISIBLE_EVERY) hint(session);
      }
    },
  };
}
