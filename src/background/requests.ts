/**
 * The background's own requests: to servers that access is held to, and with nothing that tells this installation from
 * another.
 */
import { OWN_ORIGIN_RULE } from '../core/rule-plan.ts';
import { ask, NoAccess, type Ask } from '../owner/ask.ts';
import { browser } from '../webext/browser.ts';
import { isHeld } from './access.ts';

let hidden: Promise<void> | null = null;

/** Only there does the rule that takes `Origin` off work. */
export const askHeld: Ask = async (url, sent) => {
  if (!(await isHeld(url))) throw new NoAccess(url);
  await (hidden ??= hideOrigin());
  return ask(url, sent);
};

/** Takes `Origin: …-extension://…` off what the background sends: in Firefox it is the identity of an installation. */
async function hideOrigin(): Promise<void> {
  const { host } = new URL(browser.runtime.getURL(''));
  await browser.declarativeNetRequest.updateSessionRules({
    removeRuleIds: [OWN_ORIGIN_RULE],
    addRules: [
      {
        id: OWN_ORIGIN_RULE,
        priority: 1,
        action: { type: 'modifyHeaders', requestHeaders: [{ header: 'origin', operation: 'remove' }] },
        condition: { initiatorDomains: [host], resourceTypes: ['xmlhttprequest'] },
      },
    ],
  });
}
