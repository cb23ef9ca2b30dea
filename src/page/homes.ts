/** Where sessions are at home: whether a named homeserver is of use to this page, and what it can do. */
import type { CallBackground, Check, Checked } from '../wire/document.ts';
import { accepts, probe, type Fetch } from './check.ts';
import type { Held } from './held.ts';
import { inTime, unheard } from '../request/patience.ts';

/** Milliseconds that a login waits for the rules that show its pictures, or for those that are to go. */
const RULES_DEADLINE = 500;

export interface Homes {
  /** Asks the homeserver that was named, and tells the background what came of it. */
  check(session: Held, what: Check, token: string): Promise<void>;
  /** Whether a homeserver that needs no check has authenticated media; asked once. */
  askForMedia(session: Held): Promise<void>;
  /** The page's CSP forbids its homeserver. */
  forbidden(session: Held): void;
}

/** @param forbids whether the page's CSP was seen to forbid a base URL */
export function createHomes(
  background: CallBackground,
  fetch: Fetch,
  forbids: (base: string) => boolean,
): Homes {
  /** Asks the homeserver that was named, and tells the background what came of it. */
  const check = async (session: Held, { base, mayStay }: Check, token: string): Promise<void> => {
    const hasStayed = !session.pending;
    const probed = await probe(fetch, base);
    // a server that is no use is followed all the same, unless the portal took the login itself and honours the token
    const isOfUse = probed.result === 'home';
    const goes =
      isOfUse || !mayStay || !(await accepts(fetch, session.portal, token, hasStayed || forbids(base)));
    if (!isOfUse && forbids(base)) forbidden(session);
    const result: Checked = goes ? 'home' : forbids(base) ? 'forbidden' : probed.result;
    const told = background('checked', { id: session.id, result });
    told.catch(unheard);
    // the net was there for the homeserver that was named
    if (!goes) await inTime(RULES_DEADLINE, told);
    else if (probed.media) await foundMedia(session);
    session.target = goes ? base : null;
    session.pending = false;
    if (!goes) void askForMedia(session);
  };

  /** Whether a homeserver that needs no check has authenticated media. */
  const askForMedia = async (session: Held): Promise<void> => {
    if (session.media || session.asksMedia) return;
    session.asksMedia = true;
    const { media } = await probe(fetch, session.target ?? session.portal);
    if (media) await foundMedia(session);
  };

  /** The rules for pictures are there soon after. */
  const foundMedia = (session: Held): Promise<unknown> => {
    session.media = true;
    return inTime(RULES_DEADLINE, background('hasMedia', { id: session.id }));
  };

  /** The page's CSP forbids its homeserver. */
  const forbidden = (session: Held): void => {
    if (session.forbidden) return;
    session.forbidden = true;
    background('forbidden', { id: session.id }).catch(unheard);
  };
  return { check, askForMedia, forbidden };
}
