/** The badge on the toolbar button, per tab. */
import { accountOf, type IdentityState } from '../core/account.ts';
import { accountKeyOf, type Session } from '../core/session.ts';
import { browser } from '../webext/browser.ts';

export type Badge = 'none' | 'home' | 'stayed' | 'problem' | 'reload';

const LOOKS: Record<Badge, { readonly text: string; readonly color: string; readonly title: string }> = {
  none: { text: '', color: '#5b6472', title: 'badgeNone' },
  home: { text: '✓', color: '#17703c', title: 'badgeHome' },
  stayed: { text: '=', color: '#5b6472', title: 'badgeStayed' },
  problem: { text: '!', color: '#b3261e', title: 'badgeProblem' },
  reload: { text: '↻', color: '#1f5fbf', title: 'badgeReload' },
};

/**
 * @param sessions of one client, the most recently used first
 * @param lacksAccess to a server that the rules of one of them need
 */
export function badgeOf(sessions: readonly Session[], accounts: IdentityState, lacksAccess: boolean): Badge {
  const current = sessions.filter(({ superseded }) => !superseded);
  if (lacksAccess) return 'problem';
  if (current.some((session) => session.refused !== null || wantsEyes(session, accounts))) return 'problem';
  const [last] = current;
  if (!last) return 'none';
  if (last.standing.at !== 'portal') return 'home';
  return last.standing.why === 'names-nothing' ? 'stayed' : 'problem';
}

/** An account that names what is no identity server, or was changed by somebody else. */
function wantsEyes(session: Session, accounts: IdentityState): boolean {
  const { identity, changed } = accountOf(accounts, accountKeyOf(session));
  return identity.is === 'invalid' || (changed !== null && !changed.mine);
}

export async function showBadge(tabId: number, badge: Badge): Promise<void> {
  const { text, color, title } = LOOKS[badge];
  try {
    await Promise.all([
      browser.action.setBadgeText({ tabId, text }),
      browser.action.setBadgeBackgroundColor({ tabId, color }),
      browser.action.setTitle({ tabId, title: browser.i18n.getMessage(title) }),
    ]);
  } catch {
    // the tab was closed meanwhile
  }
}
