/** The background: service worker (Chromium) or event page (Firefox). Listeners are registered on the first tick. */
import { sessionsOf } from '../core/session.ts';
import { browser, type Runtime } from '../webext/browser.ts';
import { documentArgs } from '../wire/document.ts';
import { isToBackground, type ToBackground } from '../wire/envelope.ts';
import { popupArgs } from '../wire/popup.ts';
import { badgeOf, showBadge, type Badge } from './badge.ts';
import { documentHandlers } from './document-calls.ts';
import { UNTOUCHED } from './identity-rules.ts';
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
  renewBadges([...before.sessions, ...after.sessions].map(({ client }) => client));
});
const accounts = createAccountOwner((before, after) => {
  const changed = after.accounts.filter((account) => !before.accounts.includes(account));
  renewBadges(changed.map(({ client }) => client));
});

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

async function badgeFor(client: string): Promise<Badge> {
  const sessions = await owner.run((state) => sessionsOf(state, client));
  return accounts.run((state) => badgeOf(sessions, state));
}

function renewBadges(clients: readonly string[]): void {
  for (const client of new Set(clients)) void badgeFor(client).then((badge) => badgeTabs(client, badge));
}

/** A document's word counts for its own origin only, if that is turned on; one of an opaque origin (`null`) has none. */
async function fromDocument(message: ToBackground, sender: Runtime.MessageSender): Promise<unknown> {
  const client = (sender as { origin?: string }).origin;
  if (client === undefined || !Object.hasOwn(documents, message.call)) return undefined;
  const on = client !== 'null' && (await sites.isOn(client));
  if (!on) return OFF[message.call] ?? null;
  const call = message.call as keyof typeof documents;
  const args = parsed(() => documentArgs[call](message.args));
  if (args === undefined) return null;
  // the types of a call's arguments and handler belong together by construction
  const answer = await (documents[call] as (args: unknown, client: string) => Promise<unknown>)(args, client);
  if (call === 'start' && sender.frameId === 0 && sender.tab?.id !== undefined) {
    await showBadge(sender.tab.id, await badgeFor(client));
  }
  return answer;
}

/** What documents are told whose origin is not turned on, or not any more. */
const OFF: Record<string, unknown> = { start: { on: false, recent: [] }, rule: UNTOUCHED, read: false };

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
