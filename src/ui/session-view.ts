/** One sign-in. */
import type { Shown } from '../wire/popup.ts';
import { button, element } from './elements.ts';
import { identityView, type IdentityActions } from './identity-view.ts';
import { isolated, message, messageWith } from './text.ts';

export interface SessionActions {
  forget(): void;
  /** Asks for access to the servers that are missing, or to all. */
  grant(all: boolean): void;
}

export function sessionView(session: Shown, identity: IdentityActions, actions: SessionActions): HTMLElement {
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
  if (session.forbidden) view.append(policyNote(session));
  if (session.missing.length > 0) view.append(...accessView(session, actions));
  view.append(identityView(session.account, identity));
  view.append(button(message('forget'), 'forget', () => actions.forget()));
  return view;
}

/** What does not work until access is given, and the button that gives it. */
function accessView({ missing, home, portal }: Shown, actions: SessionActions): Node[] {
  const text = home === portal ? 'accessPictures' : 'accessNeeded';
  const hosts = [...new Set(missing.map((base) => new URL(base).host))].join(', ');
  return [
    element('p', 'note access', ...messageWith(text, hosts)),
    element(
      'div',
      'buttons',
      button(message('grant'), 'main grant', () => actions.grant(false)),
      button(message('grantAll'), 'grant-all', () => actions.grant(true)),
    ),
  ];
}

/** Homeward does not go round a site's policy; whoever runs it can change it. */
function policyNote({ named, home, standing }: Shown): HTMLElement {
  const text = standing.at === 'portal' ? 'policyStays' : 'policyForbids';
  return element('p', 'note warning csp', ...messageWith(text, new URL(named ?? home).origin));
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
const PLAIN = new Set(['names-nothing', 'adopted', 'unreachable', 'not-a-homeserver', 'forbidden']);

/** The server that issued the token is one that we do not follow, and the portal never saw the token. */
function isUnusable({ redirected, named, namedBy, standing }: Shown): boolean {
  return standing.at === 'portal' && named === null && (redirected || namedBy === 'final-url');
}
