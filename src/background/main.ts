/** The background: service worker (Chromium) or event page (Firefox). Listeners are registered on the first tick. */
import { sessionsOf } from '../core/session.ts';
import { browser, type Runtime } from '../webext/browser.ts';
import { storageItem } from '../webext/storage-item.ts';
import { documentArgs } from '../wire/document.ts';
import { isToBackground, type ToBackground } from '../wire/envelope.ts';
import { popupArgs } from '../wire/popup.ts';
import { lacksAccess } from './access.ts';
import { createAgain } from './again.ts';
import { badgeOf, showBadge, type Badge } from './badge.ts';
import { documentHandlers } from '../owner/document-calls.ts';
import { UNTOUCHED } from '../owner/identity-rules.ts';
import { popupHandlers } from './popup-calls.ts';
import { createOpenPages } from './open-pages.ts';
import { createAccountOwner, createSessionOwner } from '../owner/owners.ts';
import { createRules } from './rules.ts';
import { createSites } from './sites.ts';
import { badgeTabs, tellTabs } from './tabs.ts';
import { createTokens } from './tokens.ts';

const sites = createSites();
const tokens = createTokens(() => void rules.settle());
const owner = createSessionOwner(storageItem, (before, after) => {
  void rules.settle();
  void tellTabs(before, after);
  const kept = new Set(after.sessions.map(({ id }) => id));
  void tokens.forget(before.sessions.flatMap(({ id }) => (kept.has(id) ? [] : [id])));
  renewBadges([...before.sessions, ...after.sessions].map(({ client }) => client));
});
const accounts = createAccountOwner(storageItem, (before, after) => {
  const changed = after.accounts.filter((account) => !before.accounts.includes(account));
  renewBadges(changed.map(({ client }) => client));
});

const pages = createOpenPages(
  () => void rules.settle(),
  (tab) => rules.leave(tab),
);
const rules = createRules({
  sessions: () => owner.run(({ sessions }) => sessions),
  isOn: sites.isOn,
  pages: pages.all,
  tokens,
});

const askReload = async (clients: readonly string[]): Promise<void> => {
  await Promise.all(clients.map((client) => badgeTabs(client, 'reload')));
};

// the scripts first: a page that loads now has its hook, and needs nobody to come later
const registered = sites.register();
const again = createAgain(() => registered.then(sites.all));
const documents = documentHandlers({
  owner,
  accounts,
  tokens,
  pages,
  rules,
  again,
  // one that has only just begun, before the scripts were registered anew, cannot be at work yet
  unhooked: async (tab, young) => (young ? browser.tabs.reload(tab) : showBadge(tab, 'reload')),
});
const popup = popupHandlers({ owner, accounts, tokens, sites, pages, rules, askReload });

browser.runtime.onMessage.addListener((message: unknown, sender: Runtime.MessageSender) => {
  if (!isToBackground(message)) return undefined;
  return message.from === 'popup' ? fromPopup(message, sender) : fromDocument(message, sender);
});

browser.permissions.onAdded.addListener(() => {
  void sites
    .admit()
    .then(askReload)
    .then(() => accessChanged());
});
browser.permissions.onRemoved.addListener(() => void accessChanged());
void rules.settle();
void hideStorage();

/** Rules act where access is held; the popup and the badge tell where it is not. */
async function accessChanged(): Promise<void> {
  await rules.settle();
  renewBadges(await owner.run(({ sessions }) => sessions.map(({ client }) => client)));
}

async function badgeFor(client: string): Promise<Badge> {
  const sessions = await owner.run((state) => sessionsOf(state, client));
  const lacking = await Promise.all(sessions.map(lacksAccess));
  return accounts.run((state) => badgeOf(sessions, state, lacking.includes(true)));
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
  const tab = sender.frameId === 0 ? (sender.tab?.id ?? null) : null;
  const handle = documents[call] as (args: unknown, client: string, tab: number | null) => Promise<unknown>;
  const answer = await handle(args, client, tab);
  if (call === 'start' && tab !== null) await showBadge(tab, await badgeFor(client));
  return answer;
}

/** What documents are told whose origin is not turned on, or not any more. */
const OFF: Record<string, unknown> = {
  start: { on: false, recent: [], again: '' },
  rule: UNTOUCHED,
  read: false,
};

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
