/** The popup's views. Each replaces the whole, so that nothing half old is shown. */
import { everyHost, patternOf } from '../webext/host-pattern.ts';
import type { Description, Shown } from '../wire/popup.ts';
import { button, element, showIn } from '../ui/elements.ts';
import type { IdentityActions } from '../ui/identity-view.ts';
import { sessionView } from '../ui/session-view.ts';
import { isolated, message } from '../ui/text.ts';

export interface Actions {
  turnOn(): void;
  turnOff(): void;
  reload(): void;
  forget(id: string): void;
  /** Asks the browser for access, by match patterns. */
  grant(patterns: readonly string[]): void;
  /** For the clipboard. */
  diagnose(): void;
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
  { on, lostAccess, loginForbidden, sessions }: Description,
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
  if (loginForbidden) nodes.push(element('p', 'note warning csp', message('policyForbidsLogin')));
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
  const diagnostics = button(message('copyDiagnostics'), 'diagnostics', () => actions.diagnose());
  return [
    ...nodes,
    ...sessions.map((session) =>
      sessionView(session, actions.identityOf(session), {
        forget: () => confirmForget(session.id, actions),
        grant: (all) =>
          actions.grant(session.missing.map((base) => (all ? everyHost(base) : patternOf(base)))),
      }),
    ),
    diagnostics,
  ];
}

/** What was copied, to be read before it is sent. */
export function diagnosticsView(text: string, isCopied: boolean, actions: Actions): Node[] {
  const area = document.createElement('textarea');
  area.className = 'diagnostics-text';
  area.readOnly = true;
  area.value = text;
  return [
    element('p', 'note', message(isCopied ? 'diagnosticsCopied' : 'diagnosticsShown')),
    area,
    button(message('back'), 'main back', () => actions.refresh()),
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

export function show(nodes: readonly Node[]): void {
  const view = document.getElementById('view');
  if (view) showIn(view, nodes);
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
