/**
 * Where a site keeps Homeward's state: IndexedDB, which the page, its other tabs and the service worker share, and which
 * clients do not clear when somebody signs in or out. Digests and names of servers; never a token.
 */
import { deleteDB, openDB, type IDBPDatabase } from 'idb';
import type { Item } from '../owner/owner.ts';
import type { ItemAt } from '../owner/owners.ts';
import { unheard } from '../request/patience.ts';

const DATABASE = 'homeward';
const STORE = 'items';

let opened: Promise<IDBPDatabase> | null = null;

/** @param makes it where there is none; else that is an error */
function database(makes: boolean): Promise<IDBPDatabase> {
  const forget = (): void => {
    opened = null;
  };
  return (opened ??= openDB(DATABASE, 1, {
    upgrade(db, _, __, transaction) {
      if (makes) return void db.createObjectStore(STORE);
      transaction.done.catch(unheard);
      transaction.abort();
    },
    // somebody deletes it
    blocking(_, __, event) {
      (event.target as IDBDatabase).close();
      forget();
    },
    terminated: forget,
  }).catch((error: unknown) => {
    forget();
    throw error;
  }));
}

/** Once more where the database was closed under it, or another wanted none to be made. */
async function use<T>(work: (db: IDBPDatabase) => Promise<T>, makes: boolean): Promise<T> {
  try {
    return await work(await database(makes));
  } catch (error) {
    const { name } = error as Error;
    if (name !== 'InvalidStateError' && !(makes && name === 'AbortError')) throw error;
    opened = null;
    return work(await database(makes));
  }
}

/** What could not be written, while this page lives: a full disk, or a browser that allows no database. */
const unsaved = new Map<string, unknown>();

/** Of whoever holds the key's lock. Whichever of the two is gone, or was never written, is made again from the other. */
async function stored(key: string): Promise<unknown> {
  if (unsaved.has(key)) return unsaved.get(key);
  const copy = keptCopy(key);
  try {
    // to look makes no database: a site that has given Homeward up keeps none
    return await use(async (db) => {
      const kept: unknown = await db.get(STORE, key);
      if (kept !== undefined) remember(key, kept);
      else if (copy !== undefined) await db.put(STORE, copy, key);
      return kept ?? copy;
    }, copy !== undefined);
  } catch {
    return copy;
  }
}

async function store(key: string, value: unknown): Promise<void> {
  remember(key, value);
  try {
    await use((db) => db.put(STORE, value, key), true);
    unsaved.delete(key);
  } catch {
    unsaved.set(key, value);
  }
}

function alone<T>(key: string, work: () => Promise<T>): Promise<T> {
  return navigator.locks.request(`${DATABASE}-${key}`, work);
}

/** One key of the database, owned by whoever holds its lock. */
export const itemAt: ItemAt = <T>(key: string, parse: (value: unknown) => T, initial: T): Item<T> => ({
  async read() {
    const found = await stored(key);
    try {
      return found === undefined ? initial : parse(found);
    } catch {
      return initial;
    }
  },
  write: (value) => store(key, value),
  alone: (work) => alone(key, work),
});

/** Whether there is something in the database, for the worker, which has no copy. */
export async function remake(key: string): Promise<boolean> {
  return (await alone(key, () => stored(key))) !== undefined;
}

/** Nothing of Homeward is left. */
export async function forgetAll(keys: readonly string[]): Promise<void> {
  for (const key of keys) pageStorage()?.removeItem(`${DATABASE}-${key}`);
  (await opened)?.close();
  opened = null;
  await deleteDB(DATABASE);
}

/**
 * A copy: a browser that is short of space drops databases and service workers, but not what pages keep here, a client's
 * token among it, and that token must not be taken for one of the portal's. A service worker has no such storage.
 */
function remember(key: string, value: unknown): void {
  try {
    const storage = pageStorage();
    const text = JSON.stringify(value);
    if (storage?.getItem(`${DATABASE}-${key}`) !== text) storage?.setItem(`${DATABASE}-${key}`, text);
  } catch {
    // full or forbidden: the database counts
  }
}

/** undefined: there is none. */
export function keptCopy(key: string): unknown {
  try {
    const text = pageStorage()?.getItem(`${DATABASE}-${key}`);
    return text ? (JSON.parse(text) as unknown) : undefined;
  } catch {
    return undefined;
  }
}

interface PageStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

function pageStorage(): PageStorage | undefined {
  return (globalThis as { localStorage?: PageStorage }).localStorage;
}
