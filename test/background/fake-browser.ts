/** The extension API as far as the background uses it for rules and tabs, in memory. */
import { vi, type Mock } from 'vitest';

type Listener = (...args: never[]) => void;

interface Event<L extends Listener = Listener> {
  addListener(listener: L): void;
  fire(...args: Parameters<L>): void;
}

function event<L extends Listener>(): Event<L> {
  const listeners: L[] = [];
  return {
    addListener: (listener) => void listeners.push(listener),
    fire: (...args) => listeners.forEach((listener) => listener(...args)),
  };
}

/** As browsers do: what is stored is a copy. */
function area() {
  let stored: Record<string, unknown> = {};
  const copy = <T>(value: T): T => structuredClone(value);
  return {
    get: vi.fn<(keys?: string | string[] | null) => Promise<Record<string, unknown>>>((keys) => {
      const names = keys === undefined || keys === null ? Object.keys(stored) : [keys].flat();
      const found = names.flatMap((name) => (name in stored ? [[name, stored[name]] as const] : []));
      return Promise.resolve(copy(Object.fromEntries(found)));
    }),
    set: vi.fn<(values: Record<string, unknown>) => Promise<void>>((values) => {
      Object.assign(stored, copy(values));
      return Promise.resolve();
    }),
    remove: vi.fn<(keys: string | string[]) => Promise<void>>((keys) => {
      for (const key of [keys].flat()) delete stored[key];
      return Promise.resolve();
    }),
    clear(): void {
      stored = {};
    },
  };
}

type Rule = { id: number; [key: string]: unknown };
interface RuleUpdate {
  readonly removeRuleIds?: readonly number[];
  readonly addRules?: readonly Rule[];
}

interface RuleSet {
  rules: Rule[];
  /** What the browser finds wrong with a rule, if anything. */
  refuses: (rule: Rule) => string | null;
  readonly get: Mock<() => Promise<Rule[]>>;
  readonly update: Mock<(update: RuleUpdate) => Promise<void>>;
}

/** Refuses an update as a whole. */
function ruleSet(): RuleSet {
  const set: RuleSet = {
    rules: [],
    refuses: () => null,
    get: vi.fn<() => Promise<Rule[]>>(() => Promise.resolve(structuredClone(set.rules))),
    update: vi.fn<(update: RuleUpdate) => Promise<void>>(({ removeRuleIds = [], addRules = [] }) => {
      const kept = set.rules.filter(({ id }) => !removeRuleIds.includes(id));
      for (const rule of addRules) {
        if (kept.some(({ id }) => id === rule.id))
          return Promise.reject(new Error(`Rule ${rule.id} is there`));
        const wrong = set.refuses(rule);
        if (wrong !== null) return Promise.reject(new Error(wrong));
      }
      set.rules = [...kept, ...structuredClone(addRules)];
      return Promise.resolve();
    }),
  };
  return set;
}

export interface FakeTab {
  readonly id: number;
  /** Not told where there is no access. */
  readonly url?: string;
}

export function fakeBrowser() {
  const session = area();
  const local = area();
  const dynamic = ruleSet();
  const inSession = ruleSet();
  const access = new Set<string>();
  const tabs: FakeTab[] = [];
  const world = { tabs, access, dynamic, inSession, unsupported: /(?!)/ };
  const browser = {
    runtime: { getManifest: () => ({ version: '1.2.3' }), getURL: () => 'chrome-extension://x/' },
    storage: { session, local },
    permissions: {
      contains: vi.fn<(of: { origins: string[] }) => Promise<boolean>>(({ origins }) =>
        Promise.resolve(origins.every((origin) => access.has(origin))),
      ),
      getAll: () => Promise.resolve({ origins: [...access], permissions: [] }),
    },
    tabs: {
      onUpdated: event<(tab: number, change: object, info: { url?: string; status?: string }) => void>(),
      onRemoved: event<(tab: number) => void>(),
      query: vi.fn<(of: { url: string }) => Promise<FakeTab[]>>(({ url }) => {
        const [scheme = '', host = ''] = url.replace('/*', '').split('://');
        const isAt = (tab: FakeTab): boolean => {
          const at = new URL(tab.url ?? 'about:blank');
          return at.protocol === `${scheme}:` && at.hostname === host;
        };
        return Promise.resolve(tabs.filter(isAt));
      }),
      sendMessage: vi.fn<(tab: number, message: unknown) => Promise<unknown>>(() =>
        Promise.reject(new Error('Receiving end does not exist')),
      ),
    },
    scripting: { executeScript: vi.fn<(of: unknown) => Promise<unknown>>(() => Promise.resolve([])) },
    declarativeNetRequest: {
      getDynamicRules: dynamic.get,
      updateDynamicRules: dynamic.update,
      getSessionRules: inSession.get,
      updateSessionRules: inSession.update,
      isRegexSupported: ({ regex }: { regex: string }) =>
        Promise.resolve({ isSupported: !world.unsupported.test(regex) }),
    },
  };
  return { browser, world };
}

/** Everything that is under way, and what follows from it. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve);
    });
  }
}
