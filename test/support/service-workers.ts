/** Ends service workers, as a browser does at any moment. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, CDPSession, Protocol } from 'puppeteer-core';
import type { Engine } from './browser.ts';
import { inFirefox } from './firefox-inside.ts';

/** Milliseconds. A request of a page may start one anew meanwhile: then it is ended again. */
const LIMIT = 10_000;

/** Those of pages. Waits until all are gone. */
export function killServiceWorkers(engine: Engine, browser: Browser): Promise<void> {
  return engine === 'chromium' ? killInChromium(browser, 'http') : killInFirefox(browser);
}

/**
 * Attached to none of them (`target.worker()`): one with a debugger may not end, and then answers nobody any more.
 *
 * @param scheme of their scripts
 */
export async function killInChromium(browser: Browser, scheme: 'http' | 'chrome-extension'): Promise<void> {
  const session = await browser.target().createCDPSession();
  const late = Date.now() + LIMIT;
  const look = () => running(session, scheme);
  for (let left = await look(); left.length > 0; left = await look()) {
    if (Date.now() > late) throw new Error(`${left[0]?.url} did not end in ${LIMIT / 1000} s`);
    for (const { targetId } of left) {
      await session.send('Target.closeTarget', { targetId }).catch((error: unknown) => {
        // it has ended by itself
        if (!String(error).includes('No target with given id')) throw error;
      });
    }
    await pause(20);
  }
  await session.detach();
}

async function running(session: CDPSession, scheme: string): Promise<Protocol.Target.TargetInfo[]> {
  const { targetInfos } = await session.send('Target.getTargets');
  return targetInfos.filter(({ type, url }) => type === 'service_worker' && url.startsWith(scheme));
}

/** Gives how many have a deadline still: none that has ended. */
const KILL = `(async () => {
  const manager = Cc['@mozilla.org/serviceworkers/manager;1'].getService(Ci.nsIServiceWorkerManager);
  const all = manager.getAllRegistrations();
  const workers = Array.from({ length: all.length }, (_, index) => {
    const { activeWorker, waitingWorker } = all.queryElementAt(index, Ci.nsIServiceWorkerRegistrationInfo);
    return [activeWorker, waitingWorker];
  }).flat().filter((worker) => worker !== null);
  await Promise.all(workers.map((worker) => worker.terminateWorker()));
  return workers.filter((worker) => worker.lifetimeDeadline > 0).length;
})()`;

async function killInFirefox(browser: Browser): Promise<void> {
  const late = Date.now() + LIMIT;
  for (let left = await inFirefox(browser, KILL); left !== 0; left = await inFirefox(browser, KILL)) {
    if (Date.now() > late)
      throw new Error(`${String(left)} service workers did not end in ${LIMIT / 1000} s`);
    await pause(50);
  }
}
