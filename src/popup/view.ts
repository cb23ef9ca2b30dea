/** The popup's views. Each replaces the whole, so that nothing half old is shown. */
import type { Description, Shown } from '../wire/popup.ts';
import { button, element } from './elements.ts';
import type { IdentityActions } from './identity-view.ts';
import { sessionView } from './session-view.ts';
import { isolated, message } from './text.ts';

export interface Actions {
  turnOn(): void;
  turnOff(): void;
  reload(): void;
  forget(id: string): void;
  identityOf(session: Shown): IdentityActions;
  /** Draws the popup again as it was. */
  refresh(): void;
}

export function noClientView(): Node[] {
  return [element('h1', '', message('name')), element('p', '', message('noClient'))];
}

/** @param note a sentence on what just happened, or null */
export function clientView(
  client: string,
  { on, lostAccess, sessions }: Description,
  needsReload: boolean,
  note: string | null,
  actions: Actions,
): Node[] {
  const nodes: Node[] = [
    element('h1', '', message(on ? 'onTitle' : 'offTitle')),
    element('p', 'client', isolated(client)),
  ];
  if (note !== null) nodes.push(element('p', 'note warning', note));
  if (lostAccess) nodes.push(element('p', 'note warning', message('lostAccess')));
  if (needsReload) {
    nodes.push(element('p', 'note', message(on ? 'reloadText' : 'reloadOffText')));
    nodes.push(button(message('reload'), 'main reload', () => actions.reload()));
  }
  if (!on) {
    const turnOn = button(message('turnOn'), 'main turn-on', () => actions.turnOn());
    return [...nodes, element('p', '', message('offText')), turnOn];
  }
  const off = (): void => (sessions.length > 0 ? confirmOff(actions) : actions.turnOff());
  nodes.push(button(message('turnOff'), 'turn-off', off));
  if (sessions.length === 0 && !needsReload) nodes.push(element('p', '', message('noSessions')));
  return [
    ...nodes,
    ...sessions.map((session) =>
      sessionView(session, actions.identityOf(session), () => confirmForget(session.id, actions)),
    ),
  ];
}

/** Other clients that somebody is signed in at: also those whose tab is closed. */
export function othersView(clients: readonly string[]): Node[] {
  if (clients.length === 0) return [];
  const links = clients.map((client) => {
    const link = document.createElement('a');
    link.href = `?client=${encodeURIComponent(client)}`;
    link.append(isolated(client));
    return element('li', '', link);
  });
  return [
    element('div', 'others', element('p', 'soft', message('otherClients')), element('ul', '', ...links)),
  ];
}

/** Shows a view. Who works by keyboard goes on at what there is to do first, or waits at the view itself. */
export function show(nodes: readonly Node[]): void {
  const view = document.getElementById('view');
  const hadFocus = view?.contains(document.activeElement) ?? false;
  view?.replaceChildren(...nodes);
  if (hadFocus) (view?.querySelector<HTMLElement>('input, button:enabled') ?? view)?.focus();
}

function confirmForget(id: string, actions: Actions): void {
  confirm('forgetWarning', 'confirmForget', () => actions.forget(id), actions);
}

function confirmOff(actions: Actions): void {
  confirm('turnOffWarning', 'confirmOff', () => actions.turnOff(), actions);
}

function confirm(warning: string, label: string, go: () => void, actions: Actions): void {
  const cancel = button(message('cancel'), 'main cancel', () => actions.refresh());
  const buttons = element('div', 'buttons', cancel, button(message(label), 'confirm', go));
  show([element('p', 'note warning', message(warning)), buttons]);
  cancel.focus();
}
