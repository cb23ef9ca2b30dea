/**
 * Which clients are turned on. *On* = in the list and access held. The scripts are registered for those only, whatever
 * else the browser has granted.
 */
import { browser } from '../webext/browser.ts';
import { patternOf } from '../webext/host-pattern.ts';
import { storageItem, type StorageItem } from '../webext/storage-item.ts';
import { list, string } from '../wire/parse.ts';
import { isHeld } from './access.ts';

export interface Sites {
  isOn(client: string): Promise<boolean>;
  isListed(client: string): Promise<boolean>;
  /** The clients that are turned on. */
  all(): Promise<string[]>;
  /** Remembers that the user wants a client on; `admit` does it when access is there. */
  wish(client: string): Promise<void>;
  /** Turns on every wished-for client that access is held to; returns those. */
  admit(): Promise<string[]>;
  turnOff(client: string): Promise<void>;
  /** Makes the registered scripts match the list: registrations are gone after an extension update (platform.md h). */
  register(): Promise<void>;
}

const origins = list(string(1024), 256);
const listed = storageItem('sites', origins, []);
const wished = storageItem('wishes', origins, []);

export function createSites(): Sites {
  let tail: Promise<unknown> = Promise.resolve();
  /** One change after the other, in the order they were asked for: each reads, then writes. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = tail.then(work);
    tail = next.catch(() => undefined);
    return next;
  };
  const isListed = async (client: string): Promise<boolean> => (await listed.read()).includes(client);
  return {
    isListed,
    all: () => listed.read(),
    isOn: async (client) => (await isListed(client)) && isHeld(client),
    wish: (client) => inTurn(() => add(wished, [client])),
    admit: () => inTurn(admit),
    turnOff: (client) =>
      inTurn(async () => {
        await remove(listed, [client]);
        await remove(wished, [client]);
        await registerScripts();
        await giveBack(client);
      }),
    register: () => inTurn(registerScripts),
  };
}

async function admit(): Promise<string[]> {
  const wishes = await wished.read();
  const held = await Promise.all(wishes.map(isHeld));
  const admitted = wishes.filter((_, index) => held[index]);
  if (admitted.length === 0) return [];
  await add(listed, admitted);
  await remove(wished, admitted);
  await registerScripts();
  return admitted;
}

async function add(item: StorageItem<string[]>, clients: readonly string[]): Promise<void> {
  await item.write([...new Set([...(await item.read()), ...clients])]);
}

async function remove(item: StorageItem<string[]>, clients: readonly string[]): Promise<void> {
  await item.write((await item.read()).filter((client) => !clients.includes(client)));
}

/** Access is given back unless another client of the same host needs it. */
async function giveBack(client: string): Promise<void> {
  const needed = (await listed.read()).map(patternOf);
  if (!needed.includes(patternOf(client))) await browser.permissions.remove({ origins: [patternOf(client)] });
}

async function registerScripts(): Promise<void> {
  const matches = [...new Set((await listed.read()).map(patternOf))];
  const registered = await browser.scripting.getRegisteredContentScripts();
  const same = registered.length === 2 && registered.every((script) => sameList(script.matches, matches));
  if (same || (registered.length === 0 && matches.length === 0)) return;
  if (registered.length > 0) await browser.scripting.unregisterContentScripts();
  if (matches.length === 0) return;
  const common = { matches, runAt: 'document_start', allFrames: true, matchOriginAsFallback: true } as const;
  // The hook listens before the bridge speaks. Scripts run in the order of their ids (Chromium 156) or of their
  // registration (Firefox 153).
  await browser.scripting.registerContentScripts([
    { ...common, id: '1-hook', js: ['hook.js'], world: 'MAIN' },
    { ...common, id: '2-bridge', js: ['bridge.js'] },
  ]);
}

function sameList(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a?.length === b.length && a.every((each) => b.includes(each));
}
