/** What the settings of a site show and do: the extension's, by the page's own requests. */
import { PASSED } from '../core/place.ts';
import { sessionsOf } from '../core/session.ts';
import { ask, type Ask } from '../owner/ask.ts';
import { identityPopupHandlers, shownSession } from '../owner/settings.ts';
import type { Others } from '../site/others.ts';
import type { SiteOwner } from '../site/owner.ts';
import type { CallIdentity } from '../wire/identity-popup.ts';
import type { Shown } from '../wire/popup.ts';

export interface Settings {
  /** The newest first. */
  sessions(): Promise<Shown[]>;
  /** Ends a session here; nothing is sent to any server. */
  forget(id: string): Promise<void>;
  readonly call: CallIdentity;
}

/** The worker leaves it alone. */
const askPlainly: Ask = (url, sent) => ask(url + PASSED, sent);

export function createSettings({ sessions, accounts }: SiteOwner, others: Others): Settings {
  const tokens = { of: others.tokenOf };
  const handlers = identityPopupHandlers(sessions, accounts, tokens, askPlainly);
  return {
    async sessions() {
      const kept = await sessions.run((state) =>
        sessionsOf(state, self.origin).filter(({ superseded }) => !superseded),
      );
      const newest = kept.toSorted((a, b) => b.began - a.began);
      const shown = newest.map((session) => shownSession(session, accounts, tokens));
      // a site's own page needs nobody's leave
      return (await Promise.all(shown)).map((each) => ({ ...each, missing: [], forbidden: false }));
    },
    async forget(id) {
      await sessions.run((_, apply) => apply({ type: 'ended', id, all: false }));
    },
    call: (name, args) => handlers[name](args),
  };
}
