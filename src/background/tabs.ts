/** The open tabs of a client. */
import { changesBetween } from '../owner/changes.ts';
import type { State } from '../core/session.ts';
import { browser } from '../webext/browser.ts';
import { patternOf } from '../webext/host-pattern.ts';
import type { ToDocument } from '../wire/envelope.ts';
import { showBadge, type Badge } from './badge.ts';

/** The ids of the tabs whose top document is at an origin that access is held to. */
export async function tabsOf(client: string): Promise<number[]> {
  const tabs = await browser.tabs.query({ url: patternOf(client) });
  return tabs.flatMap(({ id, url }) =>
    id !== undefined && url && new URL(url).origin === client ? [id] : [],
  );
}

export async function badgeTabs(client: string, badge: Badge): Promise<void> {
  await Promise.all((await tabsOf(client)).map((id) => showBadge(id, badge)));
}

/** Tells the documents of every client what changed about its sessions. */
export async function tellTabs(before: State, after: State): Promise<void> {
  for (const { client, changes } of changesBetween(before, after)) {
    for (const tab of await tabsOf(client)) {
      for (const change of changes) {
        const message: ToDocument = { client, change };
        // rejects where no bridge listens: a tab that was not reloaded since the client was turned on
        browser.tabs.sendMessage(tab, message).catch(() => undefined);
      }
    }
  }
}
