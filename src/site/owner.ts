/**
 * The owner of a site's state. There is one in every page and one in the service worker, none of which outlives the
 * others for sure: they take turns (a lock for each state), and tell each other what changed.
 */
import { targetOf, type Session, type State } from '../core/session.ts';
import { changesBetween } from '../owner/changes.ts';
import { documentHandlers } from '../owner/document-calls.ts';
import {
  createAccountOwner,
  createSessionOwner,
  type AccountOwner,
  type SessionOwner,
} from '../owner/owners.ts';
import type { CallBackground, Change } from '../wire/document.ts';
import { forgetAll, itemAt } from './items.ts';

export interface SiteOwner {
  readonly sessions: SessionOwner;
  readonly accounts: AccountOwner;
  readonly call: CallBackground;
}

/**
 * @param keep gets each session's newest access token
 * @param tell gets what changed, after it is stored
 */
export function createSiteOwner(
  keep: (session: string, token: string) => void,
  tell: (changes: readonly Change[]) => void,
): SiteOwner {
  const isHere = ({ client }: Pick<Session, 'client'>): boolean => client === self.origin;
  const changed = (before: State, after: State): void => {
    for (const { client, changes } of changesBetween(before, after)) if (isHere({ client })) tell(changes);
  };
  const sessions = createSessionOwner(itemAt, changed);
  const nothing = (): Promise<void> => Promise.resolve();
  const accounts = createAccountOwner(itemAt, nothing);
  const handlers = documentHandlers({
    owner: sessions,
    accounts,
    tokens: {
      keep(session, token) {
        keep(session, token);
        return nothing();
      },
    },
    // tabs, rules and reloads of an extension
    pages: { started: nothing, uses: nothing, forbids: nothing },
    rules: { settle: nothing },
    again: { name: () => Promise.resolve('') },
    unhooked: nothing,
  });
  const call: CallBackground = (name, args) => handlers[name](args, self.origin, null);
  return { sessions, accounts, call };
}

/** Forgets all of it, unless a session lives elsewhere than at its portal: without Homeward its token would go there. */
export async function leave(sessions: SessionOwner): Promise<boolean> {
  // both in one turn: another tab may be signing in
  return sessions.run(async (state) => {
    const isNeeded = state.sessions.some((session) => targetOf(session) !== null);
    if (!isNeeded) await forgetAll(['state', 'accounts']);
    return !isNeeded;
  });
}
