/** An account's identity server: which, why, and what can be done about it. */
import { effective, type Identity } from '../core/identity.ts';
import type { Choice, ShownIdentity } from '../wire/identity-popup.ts';
import { button, element } from './elements.ts';
import { isolated, message, messageWith } from './text.ts';

export interface IdentityActions {
  /** Opens the form. */
  edit(): void;
  /** Looks into a change. */
  plan(choice: Choice): void;
  acknowledge(): void;
}

export function identityView(account: ShownIdentity, actions: IdentityActions): HTMLElement {
  const { identity, suggested, clientDefault, candidate, canChange } = account;
  const view = element('div', 'identity', element('h3', '', message('identityServer')));
  view.append(element('p', 'value', ...valueOf(identity, suggested, clientDefault)));
  view.append(element('p', 'soft', message(whyOf(identity, suggested))));
  view.append(...changedNote(account, actions));
  if (candidate !== null && !isUsed(identity, candidate)) {
    const key = identity.is === 'absent' ? 'candidateAlone' : 'candidate';
    view.append(element('p', 'note candidate', ...messageWith(key, candidate)));
    if (canChange) {
      const save = (): void => actions.plan({ want: 'server', address: candidate });
      view.append(button(message('saveForAll'), 'save-candidate', save));
    }
  }
  if (!canChange) return append(view, element('p', 'note', message('needsClient')));
  const buttons = element(
    'div',
    'buttons',
    button(message('change'), 'change-identity', () => actions.edit()),
  );
  if (identity.is !== 'disabled')
    buttons.append(button(message('useNone'), 'no-identity', () => actions.plan(NONE)));
  if (identity.is !== 'absent' && identity.is !== 'unknown')
    buttons.append(button(message('useOwn'), 'own-identity', () => actions.plan(OWN)));
  return append(view, buttons);
}

const NONE: Choice = { want: 'none', address: '' };
const OWN: Choice = { want: 'own', address: '' };

/** In words: a server, none, the app's own choice. */
export function valueOf(
  identity: Identity,
  suggested: string | null,
  clientDefault: string | null,
): (string | HTMLElement)[] {
  const used = effective(identity, suggested);
  switch (used.is) {
    case 'url':
      return [isolated(used.base)];
    case 'invalid':
      return [isolated(used.raw)];
    case 'absent':
      return clientDefault === null
        ? [message('identity_absent')]
        : messageWith('identity_own', clientDefault);
    default:
      return [message(`identity_${used.is}`)];
  }
}

function whyOf(identity: Identity, suggested: string | null): string {
  return identity.is === 'absent' && suggested !== null
    ? 'identityWhy_suggested'
    : `identityWhy_${identity.is}`;
}

/** Was X, now Y. What was not valid cannot be taken back. */
function changedNote(
  { changed, identity, canChange, suggested, clientDefault }: ShownIdentity,
  actions: IdentityActions,
): Node[] {
  if (changed === null) return [];
  const text = (each: Identity): string =>
    valueOf(each, suggested, clientDefault)
      .map((part) => (typeof part === 'string' ? part : part.textContent))
      .join('');
  const key = changed.mine ? 'changedHere' : 'changedElsewhere';
  const nodes: Node[] = [
    element(
      'p',
      changed.mine ? 'note changed' : 'note changed warning',
      ...messageWith(key, text(changed.from), text(identity)),
    ),
  ];
  const undo = choiceOf(changed.from);
  const buttons = element('div', 'buttons');
  if (undo && canChange) buttons.append(button(message('undo'), 'undo', () => actions.plan(undo)));
  buttons.append(button(message('seen'), 'seen', () => actions.acknowledge()));
  return [...nodes, buttons];
}

function choiceOf(identity: Identity): Choice | null {
  switch (identity.is) {
    case 'url':
      return { want: 'server', address: identity.base };
    case 'disabled':
      return NONE;
    case 'absent':
      return OWN;
    default:
      return null;
  }
}

function isUsed(identity: Identity, base: string): boolean {
  return identity.is === 'url' && identity.base === base;
}

function append(view: HTMLElement, ...nodes: Node[]): HTMLElement {
  view.append(...nodes);
  return view;
}
