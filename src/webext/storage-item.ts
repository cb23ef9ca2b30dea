import { browser } from './browser.ts';

export interface StorageItem<T> {
  read(): Promise<T>;
  write(value: T): Promise<void>;
}

/**
 * One key of `storage.local`.
 *
 * @param parse reads what an older version or a broken disk left; may throw
 * @param initial what counts when there is nothing readable
 */
export function storageItem<T>(key: string, parse: (value: unknown) => T, initial: T): StorageItem<T> {
  return {
    async read() {
      const stored = await browser.storage.local.get(key);
      try {
        return stored[key] === undefined ? initial : parse(stored[key]);
      } catch {
        return initial;
      }
    },
    write: (value) => browser.storage.local.set({ [key]: value }),
  };
}
