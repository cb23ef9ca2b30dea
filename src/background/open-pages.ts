/**
 * The top documents of open tabs, and whose tokens they use: whom pictures are shown to. In memory only
 * (`storage.session`), because the background may be ended at any time.
 */
import { browser } from '../webext/browser.ts';
import type { Page } from '../wire/document.ts';

export interface OpenPage extends Page {
  readonly client: string;
  /**
   * Those of the client's document before it in this tab, until it has used a token itself or is signed out: a client
   * shows what it has stored, avatars too, before it asks for anything.
   */
  readonly earlier: readonly string[];
  /** Nobody knows where the tab is just now: it gets nothing. */
  readonly away: boolean;
  /** Sessions whose homeservers its CSP forbids. */
  readonly forbidden: readonly string[];
}

export interface OpenPages {
  /** By tab. */
  all(): Promise<ReadonlyMap<number, OpenPage>>;
  started(tab: number, client: string, page: Page): Promise<void>;
  /** A document uses a session's token. */
  uses(tab: number, client: string, session: string): Promise<void>;
  forbids(tab: number, client: string, session: string): Promise<void>;
}

const KEY = 'pages';

/**
 * @param onChange after each change that is stored
 * @param onLeft at once, when a tab is not at its client any more: nothing may be added to its requests from now on
 */
export function createOpenPages(onChange: () => void, onLeft: (tab: number) => void): OpenPages {
  const { session: memory } = browser.storage;
  const pages = new Map<number, OpenPage>();
  const loaded = memory.get(KEY).then((stored) => {
    const found = (stored[KEY] ?? []) as [number, OpenPage][];
    for (const [tab, page] of found) if (!pages.has(tab)) pages.set(tab, page);
  });
  const store = async (): Promise<void> => {
    await memory.set({ [KEY]: [...pages] });
    onChange();
  };
  const leave = async (tab: number): Promise<void> => {
    if (!pages.delete(tab)) return;
    onLeft(tab);
    await store();
  };
  const turn = async (tab: number, page: OpenPage, away: boolean): Promise<void> => {
    pages.set(tab, { ...page, away });
    if (away) onLeft(tab);
    await store();
  };
  const update = async (tab: number, client: string, change: (page: OpenPage) => OpenPage): Promise<void> => {
    await loaded;
    const page = pages.get(tab);
    if (page?.client !== client) return;
    const changed = change(page);
    if (changed === page) return;
    pages.set(tab, changed);
    await store();
  };

  browser.tabs.onUpdated.addListener((tab, _, { url, status }) => {
    const look = (): void => {
      const page = pages.get(tab);
      if (!page) return;
      // without access to a site its tab shows no URL; Firefox shows none for a moment in every navigation
      const isThere = url !== undefined && new URL(url).origin === page.client;
      const isBetween = url === undefined && status !== 'complete';
      if (!isThere && !isBetween) void leave(tab);
      else if (page.away === isThere) void turn(tab, page, !isThere);
    };
    // at once where that may be: the next document may be asking for pictures already
    if (pages.has(tab)) look();
    else void loaded.then(look);
  });
  browser.tabs.onRemoved.addListener((tab) => void loaded.then(() => leave(tab)));

  return {
    all: async () => {
      await loaded;
      return pages;
    },
    async started(tab, client, page) {
      await loaded;
      const before = pages.get(tab);
      const isSame = before?.document === page.document && before.client === client;
      const known = isSame ? before : { sessions: [], forbidden: [] };
      const sessions = union(known.sessions, page.sessions);
      const inherited = before?.client === client ? usedBy({ ...before, away: false }) : [];
      const earlier = page.signedOut ? [] : isSame ? before.earlier : inherited;
      pages.set(tab, { ...page, client, sessions, earlier, away: false, forbidden: known.forbidden });
      await store();
    },
    uses: (tab, client, session) =>
      update(tab, client, (page) =>
        page.sessions.includes(session) ? page : { ...page, sessions: [...page.sessions, session] },
      ),
    forbids: (tab, client, session) =>
      update(tab, client, (page) => ({ ...page, forbidden: union(page.forbidden, [session]) })),
  };
}

/** Whose pictures a page shows. */
export function usedBy({ sessions, earlier, away }: OpenPage): readonly string[] {
  if (away) return [];
  return sessions.length > 0 ? sessions : earlier;
}

function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])];
}
