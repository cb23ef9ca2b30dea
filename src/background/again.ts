/**
 * Pages that were open before the extension was reloaded or updated: they have a hook that nobody talks to. Their hook
 * listens for another bridge under a name that it was told and no page knows.
 */
import { browser } from '../webext/browser.ts';
import { patternOf } from '../webext/host-pattern.ts';
import { storageItem } from '../webext/storage-item.ts';
import { AGAIN } from '../wire/channel.ts';
import { nullable, string } from '../wire/parse.ts';

const stored = storageItem<string | null>('again', nullable(string(64)), null);
const MARK = 'alive';

export interface Again {
  /** The name for the next bridge. */
  name(): Promise<string>;
}

/** @param clients that are turned on; asked only when the extension itself has just started */
export function createAgain(clients: () => Promise<readonly string[]>): Again {
  const ready = begin(clients);
  return { name: () => ready };
}

async function begin(clients: () => Promise<readonly string[]>): Promise<string> {
  const { [MARK]: alive } = await browser.storage.session.get(MARK);
  const before = await stored.read();
  if (alive && before !== null) return before;
  const name = crypto.randomUUID();
  await stored.write(name);
  await browser.storage.session.set({ [MARK]: true });
  if (before !== null) void clients().then((each) => Promise.all(each.map((client) => join(client, before))));
  return name;
}

/** Puts a bridge into the open pages of a client. */
async function join(client: string, name: string): Promise<void> {
  for (const { id } of await browser.tabs.query({ url: patternOf(client) })) {
    const target = { tabId: id ?? -1, allFrames: true };
    try {
      await browser.scripting.executeScript({ target, func: keep, args: [AGAIN, name] });
      await browser.scripting.executeScript({ target, files: ['bridge.js'] });
    } catch {
      // a tab that was closed, or is asleep and will load anew
    }
  }
}

/** Runs in the isolated world of a page. */
function keep(key: string, name: string): void {
  Reflect.set(globalThis, key, name);
}
