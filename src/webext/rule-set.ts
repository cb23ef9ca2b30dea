/** The browser's two sets of declarativeNetRequest rules. */
import { browser } from './browser.ts';

export interface RuleSet {
  get(): Promise<(object & { id: number })[]>;
  /** Rejects, and changes nothing, when one of the rules is not acceptable. */
  update(change: {
    readonly removeRuleIds: readonly number[];
    readonly addRules: readonly object[];
  }): Promise<void>;
}

// the types of the polyfill know fewer values than the browsers
const { declarativeNetRequest: api } = browser as unknown as {
  declarativeNetRequest: {
    getDynamicRules: RuleSet['get'];
    updateDynamicRules: RuleSet['update'];
    getSessionRules: RuleSet['get'];
    updateSessionRules: RuleSet['update'];
    isRegexSupported(of: object): Promise<{ isSupported: boolean }>;
  };
};

/** Survives browser restarts and updates. */
export const dynamicRules: RuleSet = {
  get: () => api.getDynamicRules(),
  update: (change) => api.updateDynamicRules(change),
};

/** In memory. */
export const sessionRules: RuleSet = {
  get: () => api.getSessionRules(),
  update: (change) => api.updateSessionRules(change),
};

/** Whether the browser takes a regular expression: RE2 has limits (platform.md d). */
export async function isSupported(regex: string | undefined): Promise<boolean> {
  if (regex === undefined) return true;
  const asked = { regex, isCaseSensitive: true, requireCapturing: true };
  return (await api.isRegexSupported(asked)).isSupported;
}

/** Whether rules act on a request before the page's service worker sees it (Firefox), or on what that makes of it. */
export const ACTS_BEFORE_WORKERS = 'getBrowserInfo' in browser.runtime;
