/** The settings in a view: who is signed in, and each account's identity server. */
import type { Shown } from '../wire/popup.ts';
import { button, element, showIn } from '../ui/elements.ts';
import { createIdentityFlow } from '../ui/identity-flow.ts';
import { sessionView } from '../ui/session-view.ts';
import { message } from '../ui/text.ts';
import type { Settings } from './calls.ts';

/** @returns draws it as it is now, unless something is being changed */
export function startView(view: HTMLElement, settings: Settings): () => void {
  let shown = 0;
  const show = (nodes: readonly Node[]): void => {
    shown += 1;
    showIn(view, nodes);
  };
  const draw = async (...notes: Node[]): Promise<void> => {
    const before = shown;
    const sessions = await settings.sessions();
    // something else was opened meanwhile
    if (shown !== before) return;
    const none = sessions.length === 0 ? [element('p', 'none', message('noSessions'))] : [];
    show([...notes, ...none, ...sessions.map(viewOf)]);
  };
  const failed = (): void => void draw(element('p', 'note warning', message('failed')));
  const after = (work: Promise<unknown>): void => void work.then(() => draw(), failed);
  const identity = createIdentityFlow({
    show,
    done: (nodes) => void draw(...nodes),
    call: settings.call,
    // a page of the site asks servers as its client does
    access: { request: () => Promise.resolve(true), isHeld: () => Promise.resolve(true) },
    draft: { keep: nothing, read: () => Promise.resolve({}), drop: nothing },
  });
  const confirmForget = (id: string): void => {
    const cancel = button(message('cancel'), 'main cancel', () => void draw());
    const go = button(message('confirmForget'), 'confirm', () => after(settings.forget(id)));
    show([element('p', 'note warning', message('forgetWarning')), element('div', 'buttons', cancel, go)]);
    cancel.focus();
  };
  const viewOf = (session: Shown): HTMLElement =>
    sessionView(
      session,
      {
        edit: () => identity.edit(session),
        plan: (choice) => identity.plan(session, choice),
        acknowledge: () => after(settings.call('acknowledge', { id: session.id })),
      },
      { forget: () => confirmForget(session.id), grant: () => undefined },
    );
  void draw();
  return () => {
    if (view.querySelector('.session, .none')) void draw();
  };
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
