/** What the page worker keeps at a site, as its pages see it. */
import type { Browser, Page } from 'puppeteer-core';
import type { StoredSession } from './popup-page.ts';
import { storedText } from './worker-storage.ts';

/** Below the database's keys; empty before there is anything. Runs in the page. */
async function readItems(): Promise<Record<string, unknown>> {
  const opened = await new Promise<IDBDatabase | null>((resolve) => {
    const request = indexedDB.open('homeward');
    // it is not ours to create
    request.addEventListener('upgradeneeded', () => request.transaction?.abort());
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => resolve(null));
  });
  if (!opened) return {};
  const store = opened.transaction('items').objectStore('items');
  const all = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.addEventListener('success', () => resolve(request.result));
      request.addEventListener('error', () => reject(new Error(String(request.error))));
    });
  const [keys, values] = await Promise.all([all(store.getAllKeys()), all(store.getAll())]);
  opened.close();
  return Object.fromEntries(keys.map((key, index) => [key as string, values[index] as unknown]));
}

/** One page of each origin, in no private window. */
async function pagesOf(browser: Browser): Promise<Map<string, Page>> {
  const pages = (await browser.defaultBrowserContext().pages()).filter((page) =>
    page.url().startsWith('http'),
  );
  return new Map(pages.map((page) => [new URL(page.url()).origin, page]));
}

/** The sessions of a client that is open in a tab. */
export async function sessionsAt(browser: Browser, client: string): Promise<StoredSession[]> {
  const page = (await pagesOf(browser)).get(client);
  if (!page) throw new Error(`${client} is not open in a tab`);
  const { state } = (await page.evaluate(readItems)) as { state?: { sessions?: StoredSession[] } };
  return (state?.sessions ?? []).filter((session) => session.client === client);
}

/** Everything at the sites that are open in a tab, whoever keeps it, as text. */
export async function storedAtSites(browser: Browser): Promise<string> {
  const pages = await pagesOf(browser);
  return (await Promise.all([...pages.values()].map(storedText))).join('\n');
}
