/** What changing an identity server needs of the browser, where the extension does it. */
import type { Stage } from '../ui/identity-flow.ts';
import { browser } from '../webext/browser.ts';
import { patternOf } from '../webext/host-pattern.ts';

const DRAFT = 'draft';

const patterns = (urls: readonly string[]): { origins: string[] } => ({
  origins: [...new Set(urls.map(patternOf))],
});

export const access: Stage['access'] = {
  request: (urls) => browser.permissions.request(patterns(urls)),
  isHeld: (urls) => browser.permissions.contains(patterns(urls)),
};

/** In memory (`storage.session`): the browser may close the popup while it asks for access. */
export const draft: Stage['draft'] = {
  keep: (kept) => browser.storage.session.set({ [DRAFT]: kept }),
  read: async () => (await browser.storage.session.get(DRAFT))[DRAFT] ?? {},
  drop: () => browser.storage.session.remove(DRAFT),
};
