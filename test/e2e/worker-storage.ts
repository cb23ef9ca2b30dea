/** What a site has stored in a browser, whoever stored it: as text, and gone. */
import type { Page } from 'puppeteer-core';

/** Names of databases, keys of the page's storage and scopes of service workers that are Homeward's. */
export function leftovers(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const registrations = await navigator.serviceWorker.getRegistrations();
    const workers = registrations.flatMap(({ installing, waiting, active }) => [installing, waiting, active]);
    const names = [
      ...(await indexedDB.databases()).map(({ name }) => `database ${name}`),
      ...Object.keys(localStorage).map((key) => `localStorage ${key}`),
      ...Object.keys(sessionStorage).map((key) => `sessionStorage ${key}`),
      ...(await caches.keys()).map((key) => `cache ${key}`),
      ...workers.map((worker) => `worker ${worker?.scriptURL ?? ''}`),
    ];
    return names.filter((name) => name.includes('homeward'));
  });
}

/** As a browser does that is short of space. `database`: until nobody has it open any more. */
export async function wipe(page: Page, ...what: ('database' | 'worker' | 'pageStorage')[]): Promise<void> {
  await page.evaluate(async (gone) => {
    if (gone.includes('worker')) {
      const all = await navigator.serviceWorker.getRegistrations();
      await Promise.all(all.map((registration) => registration.unregister()));
    }
    if (gone.includes('pageStorage')) {
      localStorage.clear();
      sessionStorage.clear();
    }
    if (!gone.includes('database')) return;
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.deleteDatabase('homeward');
      request.addEventListener('success', () => resolve());
      request.addEventListener('error', () => reject(new Error('it stays')));
    });
  }, what);
}

/** Every database, page storage, and cache of the page's origin. */
export function storedText(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const of = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.addEventListener('success', () => resolve(request.result));
        request.addEventListener('error', () => reject(new Error(String(request.error))));
      });
    const found: unknown[] = [Object.entries(localStorage), Object.entries(sessionStorage), document.cookie];
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await of(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const items = database.transaction(store).objectStore(store);
        found.push(name, store, await Promise.all([of(items.getAllKeys()), of(items.getAll())]));
      }
      database.close();
    }
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const response = await cache.match(request);
        const headers = [...request.headers, ...(response?.headers ?? [])];
        found.push(name, request.url, headers, await response?.text());
      }
    }
    const workers = await navigator.serviceWorker.getRegistrations();
    found.push(workers.map(({ active }) => active?.scriptURL));
    return JSON.stringify(found);
  });
}
