/** The popup, for the client in the current tab. `?client=ORIGIN` shows another one (tests, the demo). */
import { browser } from '../webext/browser.ts';
import { patternOf } from '../webext/host-pattern.ts';
import { popupReplies, type CallBackground } from '../wire/popup.ts';
import { element } from '../ui/elements.ts';
import { createIdentityFlow } from '../ui/identity-flow.ts';
import { message, speak } from '../ui/text.ts';
import { access, draft } from './stage.ts';
import { clientView, diagnosticsView, noClientView, othersView, show, type Actions } from './view.ts';

const call: CallBackground = async (name, args) =>
  popupReplies[name](await browser.runtime.sendMessage({ from: 'popup', call: name, args }));

interface Subject {
  readonly client: string;
  readonly tab: number | undefined;
}

async function findSubject(): Promise<Subject | null> {
  const asked = new URLSearchParams(location.search).get('client');
  const [active] = await browser.tabs.query({ active: true, currentWindow: true });
  const origin = originOf(asked ?? active?.url);
  if (origin === null) return null;
  if (asked === null) return { client: origin, tab: active?.id };
  const tabs = await browser.tabs.query({});
  return { client: origin, tab: tabs.find(({ url }) => originOf(url) === origin)?.id };
}

function originOf(url: string | undefined): string | null {
  const { protocol, origin } = new URL(url ?? 'about:blank');
  return protocol === 'http:' || protocol === 'https:' ? origin : null;
}

function start({ client, tab }: Subject): void {
  /** What is being drawn, until it or something else is shown: answers may come in another order than questions. */
  let drawing: { readonly note: string | null; readonly notes: readonly Node[] } | null = null;
  const showNow = (nodes: readonly Node[]): void => {
    drawing = null;
    show(nodes);
  };
  const draw = async (said: string | null = null, ...nodes: Node[]): Promise<void> => {
    const { note, notes } =
      said === null && nodes.length === 0 && drawing ? drawing : { note: said, notes: nodes };
    const mine = { note, notes };
    drawing = mine;
    const [description, clients] = await Promise.all([call('describe', { client }), call('clients', null)]);
    const badge = tab === undefined ? '' : await browser.action.getBadgeText({ tabId: tab });
    const others = clients.filter((each) => each !== client);
    if (drawing !== mine) return;
    showNow([
      ...notes,
      ...clientView(client, description, badge === '↻', note, actions),
      ...othersView(others),
    ]);
  };
  const done = (notes: Node[]): void => void draw(null, ...notes);
  const identity = createIdentityFlow({ show: showNow, done, call, access, draft });
  /** Draws the result, also of what failed. */
  const after = (work: Promise<unknown>): void => {
    work.then(
      () => draw(),
      () => draw(message('failed')),
    );
  };
  const actions: Actions = {
    turnOn() {
      // in the click itself: Firefox forgets the click at the first await, and the popup may be gone when it is granted
      const wished = call('wish', { client });
      browser.permissions.request({ origins: [patternOf(client)] }).then(
        async (granted) => {
          await wished;
          await call(granted ? 'turnOn' : 'turnOff', { client });
          await draw(granted ? null : message('declined'));
        },
        () => draw(message('failed')),
      );
    },
    turnOff: () => after(call('turnOff', { client })),
    reload: () => {
      if (tab !== undefined) void browser.tabs.reload(tab).then(() => window.close());
    },
    forget: (id) => after(call('forget', { id })),
    // in the click itself
    grant: (patterns) => {
      const origins = [...new Set(patterns)];
      browser.permissions.request({ origins }).then(
        (granted) => draw(granted ? null : message('declined')),
        () => draw(message('failed')),
      );
    },
    diagnose: () => {
      call('diagnose', { client }).then(
        async (text) => {
          const isCopied = await navigator.clipboard.writeText(text).then(
            () => true,
            () => false,
          );
          showNow(diagnosticsView(text, isCopied, actions));
        },
        () => draw(message('failed')),
      );
    },
    identityOf: (session) => ({
      edit: () => identity.edit(session),
      plan: (choice) => identity.plan(session, choice),
      acknowledge: () => after(call('acknowledge', { id: session.id })),
    }),
    refresh: () => void draw(),
  };
  // what another tab or another client changed, while the popup shows it
  browser.storage.local.onChanged.addListener(() => {
    if (document.querySelector('.turn-off')) void draw();
  });
  void (async () => {
    const sessions = await firstAnswer(async () => (await call('describe', { client })).sessions);
    if (!(await identity.resume(sessions))) await draw();
  })();
}

/** Milliseconds. */
const AGAIN = 1000;

/** Asks until it is answered: a background that is being updated, or ends in this very moment, is there again soon. */
async function firstAnswer<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch {
      show([element('p', 'note warning no-answer', message('noAnswer'))]);
      await new Promise((resolve) => {
        setTimeout(resolve, AGAIN);
      });
    }
  }
}

speak((key, substitutions) => browser.i18n.getMessage(key, substitutions));
void (async () => {
  document.documentElement.lang = browser.i18n.getUILanguage();
  const subject = await findSubject();
  if (subject) start(subject);
  else show([...noClientView(), ...othersView(await firstAnswer(() => call('clients', null)))]);
})();
