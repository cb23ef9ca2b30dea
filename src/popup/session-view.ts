/** One sign-in. */
import type { Shown } from '../wire/popup.ts';
import { button, element } from './elements.ts';
import { identityView, type IdentityActions } from './identity-view.ts';
import { isolated, message, messageWith } from './text.ts';

export function sessionView(session: Shown, identity: IdentityActions, forget: () => void): HTMLElement {
  const { user, portal, named, standing, began, movedFrom, refused } = session;
  const home = standing.at === 'portal' ? null : named;
  const view = element('section', 'session', element('h2', '', isolated(user)));
  const facts = element('dl', '');
  const fact = (key: string, value: string | Node): void => {
    facts.append(element('dt', '', message(key)), element('dd', '', value));
  };
  fact('portal', isolated(portal));
  fact('homeserver', home === null ? message('staysAtPortal') : isolated(home));
  fact('why', why(session));
  fact('since', new Date(began).toLocaleString());
  view.append(facts);
  const now = named ?? portal;
  if (movedFrom !== null) view.append(element('p', 'note', ...messageWith('moved', movedFrom, now)));
  if (refused !== null) view.append(element('p', 'note warning', ...messageWith('refused', refused)));
  if (isUnusable(session)) view.append(element('p', 'note warning', message('unusable')));
  view.append(identityView(session.account, identity));
  view.append(button(message('forget'), 'forget', forget));
  return view;
}

function why({ standing, namedBy }: Shown): string {
  if (standing.at === 'portal') {
    const reason = message(`reason_${standing.why}`);
    return PLAIN.has(standing.why) ? reason : `${message('namedUnusable')} ${reason}`;
  }
  const named = message(`namedBy_${namedBy ?? ''}`);
  return standing.at === 'pending' ? `${named} ${message('pending')}` : named;
}

/** Reasons that are whole sentences; the others say what is wrong with an address. */
const PLAIN = new Set(['names-nothing', 'adopted', 'unreachable', 'not-a-homeserver']);

/** The server that issued the token is one that we do not follow, and the portal never saw the token. */
function isUnusable({ redirected, named, namedBy, standing }: Shown): boolean {
  return standing.at === 'portal' && named === null && (redirected || namedBy === 'final-url');
}
