/** Puts Homeward into the page that this script is the first of. */
import type { SessionOwner } from '../owner/owners.ts';
import { isFirst } from '../page/first.ts';
import { start } from '../page/start.ts';
import { keptCopy } from '../site/items.ts';
import { answerWorker } from './answers.ts';
import { openBackground } from './background.ts';
import { mendPlayers } from './players.ts';
import { openRegistration, type Registration } from './registration.ts';

/** Where the worker is, beside this script. */
const WORKER = 'homeward-sw.js';

/** Without it what page code sees goes home all the same. */
const NONE: Registration = {
  worker: () => null,
  ensure: () => Promise.resolve(),
  remove: () => Promise.resolve(),
};

/**
 * @param isSure whether it stays for sure
 * @param stays the same once it is known; called once, before the page is told anything
 */
export function begin(
  isSure: boolean,
  stays: (registration: Registration, sessions: SessionOwner) => Promise<boolean>,
): void {
  const { currentScript } = document;
  // without a secure context there is neither a worker nor a digest
  if (!isSecureContext) return console.warn('Homeward needs https.');
  if (!(currentScript instanceof HTMLScriptElement))
    return console.warn('Homeward has to be a plain script.');
  // where a user has the extension, that was there first; it knows nothing of a session that began with us
  if (self.origin === 'null' || (!isFirst() && !hasSessions())) return;
  // not there in some private windows
  const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
  const script = new URL(WORKER, currentScript.src);
  const registration = serviceWorker ? openRegistration(serviceWorker, script, isSure) : NONE;
  const guide = start(
    (listener) => openBackground(listener, registration.worker, (sessions) => stays(registration, sessions)),
    true,
  );
  if (serviceWorker) answerWorker(serviceWorker, guide);
  mendPlayers(guide.goesTo);
}

/** By the copy, which can be read at once. */
function hasSessions(): boolean {
  const { sessions } = (keptCopy('state') ?? {}) as { sessions?: readonly unknown[] };
  return (sessions?.length ?? 0) > 0;
}
