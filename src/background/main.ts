/** The background: service worker (Chromium) or event page (Firefox). Listeners are registered on the first tick. */
import { sessionsOf } from '../core/session.ts';
import { browser, type Runtime } from '../webext/browser.ts';
import { documentArgs } from '../wire/document.ts';
import { isToBackground, type ToBackground } from '../wire/envelope.ts';
import { popupArgs } from '../wire/popup.ts';
import { badgeOf, showBadge } from './badge.ts';
import { documentHandlers } from './document-calls.ts';
import { popupHandlers } from './popup-calls.ts';
import { createAccountOwner, createSessionOwner } from './owners.ts';
import { createSites } from './sites.ts';
import { badgeTabs, tellTabs } from './tabs.ts';
import { createTokens } from './tokens.ts';

const sites = createSites();
const tokens = createTokens();
const owner = createSessionOwner((before, after) => {
  void tellTabs(before, after);
  const kept = new Set(after.sessions.map(({ id }) => id));
  void tokens.forget(before.sessions.flatMap(({ id }) => (kept.has(id) ? [] : [id])));
});
const accounts = createAccountOwner(() => undefined);

const askReload = async (clients: readonly string[]): Promise<void> => {
  await Promise.all(clients.map((client) => badgeTabs(client, 'reload')));
};

const documents = documentHandlers(owner, accounts, tokens);
const popup = popupHandlers(owner, accounts, tokens, sites, askReload);

browser.runtime.onMessage.addListener((message: unknown, sender: Runtime.MessageSender) => {
  if (!isToBackground(message)) return undefined;
  return message.from === 'popup' ? fromPopup(message, sender) : fromDocument(message, sender);
});

browser.permissions.onAdded.addListener(() => void sites.admit().then(askReload));
void sites.register();
void hideStorage();

/** A document's word counts for its own origin only, if that is turned on; one of an opaque origin (`null`) has none. */
async function fromDocument(message: ToBackground, sender: Runtime.MessageSender): Promise<unknown> {
  const client = (sender as { origin?: string }).origin;
  if (client === undefined || !Object.hasOwn(documents, message.call)) return undefined;
  const on = client !== 'null' && (await sites.isOn(client));
  if (!on) return message.call === 'start' ? { on, recent: [] } : null;
  const call = message.call as keyof typeof documents;
  const args = parsed(() => documentArgs[call](message.args));
  if (args === undefined) return null;
  // the types of a call's arguments and handler belong together by construction
  const answer = await (documents[call] as (args: unknown, client: string) => Promise<unknown>)(args, client);
  if (call === 'start' && sender.frameId === 0 && sender.tab?.id !== undefined) {
    const sessions = await owner.run((state) => sessionsOf(state, client));
    await showBadge(sender.tab.id, badgeOf(sessions));
  }
  return answer;
}

/** From content scripts: a compromised process of one site must not read or change what is kept of another. */
async function hideStorage(): Promise<void> {
  const local = browser.storage.local as { setAccessLevel?: (of: { accessLevel: string }) => Promise<void> };
  // Chromium; Firefox has no such setting
  await local.setAccessLevel?.({ accessLevel: 'TRUSTED_CONTEXTS' });
}

/** undefined: a shape that we do not know, which asking again would not mend. */
function parsed(parse: () => unknown): unknown {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

async function fromPopup(
  message: { call: string; args: unknown },
  sender: Runtime.MessageSender,
): Promise<unknown> {
  const isOurs = sender.url?.startsWith(browser.runtime.getURL('')) ?? false;
  if (!isOurs || !Object.hasOwn(popup, message.call)) return undefined;
  const call = message.call as keyof typeof popup;
  return (popup[call] as (args: unknown) => Promise<unknown>)(popupArgs[call](message.args));
}
