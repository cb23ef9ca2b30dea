/** Access that rules need: to where the client sends its requests, and to where they go (platform.md d). */
import { targetOf, type Session } from '../core/session.ts';
import { browser } from '../webext/browser.ts';
import { patternOf } from '../webext/host-pattern.ts';

/** The base URLs that access is needed to and not held. */
export async function missingFor(session: Session): Promise<string[]> {
  const { portal, media } = session;
  const target = targetOf(session);
  const needed = target === null ? (media ? [portal] : []) : [portal, target];
  const held = await Promise.all(needed.map((base) => isHeld(base)));
  return needed.filter((_, index) => !held[index]);
}

/** Without it a session that is not at its portal leaks: what no page code sees goes to the portal. */
export async function lacksAccess(session: Session): Promise<boolean> {
  return targetOf(session) !== null && !session.superseded && (await missingFor(session)).length > 0;
}

export function isHeld(url: string): Promise<boolean> {
  return browser.permissions.contains({ origins: [patternOf(url)] });
}
