/** The popup, for the client in the current tab. `?client=ORIGIN` shows another one (tests, the demo). */
import { browser } from '../webext/browser.ts';
import { popupReplies, type PopupCalls } from '../wire/popup.ts';
import { message } from './text.ts';
import { clientView, noClientView, show, type Actions } from './view.ts';

async function call<K extends keyof PopupCalls>(
  name: K,
  args: Parameters<PopupCalls[K]>[0],
): Promise<ReturnType<PopupCalls[K]>> {
  return popupReplies[name](await browser.runtime.sendMessage({ from: 'popup', call: name, args }));
}

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
  const draw = async (note: string | null = null): Promise<void> => {
    const description = await call('describe', { client });
    const badge = tab === undefined ? '' : await browser.action.getBadgeText({ tabId: tab });
    show(clientView(client, description, badge === '↻', note, actions));
  };
  /** Draws the result, also of what failed. */
  const after = (work: Promise<unknown>): void => {
    work.then(
      () => draw(),
      () => draw(message('failed')),
    );
  };
  const { protocol, hostname } = new URL(client);
  const actions: Actions = {
    turnOn() {
      // in the click itself: Firefox forgets the click at the first await, and the popup may be gone when it is granted
      const wished = call('wish', { client });
      browser.permissions.request({ origins: [`${protocol}//${hostname}/*`] }).then(
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
    refresh: () => void draw(),
  };
  void draw();
}

void (async () => {
  document.documentElement.lang = browser.i18n.getUILanguage();
  const subject = await findSubject();
  if (subject) start(subject);
  else show(noClientView());
})();
