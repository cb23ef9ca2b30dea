/** A large sync answer costs a page no more time and memory with Homeward than without it, and is the same. */
import { createHash } from 'node:crypto';
import type { CDPSession, Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import type { Homeserver } from '../support/homeserver.ts';
import { accountDataReads, ACCOUNT_DATA, useWitnessedLab } from './identity-calls.ts';
import { logIn } from './page-calls.ts';

const MB = 1024 * 1024;
const SIZE = 50 * MB;
const RUNS = 3;
/** By how much a run may be more than the other, on a busy machine: a ratio, and what comes on top. */
const SPREAD = { ms: [1.5, 750], peak: [1.25, 8 * MB], left: [1.25, 8 * MB] } as const;

/** Like those that fill a first sync. */
const EVENTS = ((): Buffer => {
  const content = {
    msgtype: 'm.text',
    body: 'a message of some length, as people write them to each other '.repeat(4),
  };
  const event = JSON.stringify({ event_id: '$id', sender: '@bob:alpha', type: 'm.room.message', content });
  return Buffer.from(Array.from({ length: Math.ceil(SIZE / event.length) }, () => event).join(','));
})();
const HEAD = Buffer.from('{"next_batch":"s1","rooms":{"join":{"!r:alpha":{"timeline":{"events":[');
const tails = {
  'with the account data at its end': JSON.stringify({ type: ACCOUNT_DATA, content: { base_url: null } }),
  'without it': JSON.stringify({ type: 'org.example', content: {} }),
};
const readers = ['fetch json', 'fetch text', 'xhr text'] as const;
type Reader = (typeof readers)[number];

const each = (Object.keys(tails) as (keyof typeof tails)[]).flatMap((tail) =>
  readers.map((reader) => ({ tail, reader })),
);

describe.each(engines)('%s: a sync answer of 50 MB', (engine) => {
  const lab = useWitnessedLab(engine);

  it.each(each)('$tail, read by $reader, is as quick and as large as without Homeward', async (given) => {
    const { page, portal, alpha } = await lab.start();
    const elsewhere = await lab.site({ name: 'plain' });
    const plain = await lab.page(`${elsewhere.url}/`);
    const { token } = await logIn(page, portal.url);
    await expect.poll(() => accountDataReads(alpha), { timeout: 10_000 }).toHaveLength(1);
    const sha256 = serve(alpha, tails[given.tail]);
    const asked = { url: `${alpha.url}/_matrix/client/v3/sync`, token, reader: given.reader };
    const on: Measured[] = [];
    const off: Measured[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      off.push(await measure(plain, asked));
      on.push(await measure(page, asked));
    }
    for (const run of [...on, ...off]) expect(run).toMatchObject({ sha256, clones: 0 });
    for (const [key, [ratio, more]] of Object.entries(SPREAD)) {
      const least = (runs: Measured[]): number =>
        Math.min(...runs.map((run) => run[key as keyof typeof SPREAD]));
      expect(least(on), `${key}`).toBeLessThanOrEqual(least(off) * ratio + more);
    }
    // it was noticed, so it was really looked at
    if (given.tail === 'without it') expect(accountDataReads(alpha)).toHaveLength(1);
    else await expect.poll(() => accountDataReads(alpha).length, { timeout: 10_000 }).toBeGreaterThan(1);
  });
});

/** Answers every sync so; the digest of that. */
function serve(homeserver: Homeserver, last: string): string {
  const tail = Buffer.from(`]}}}},"account_data":{"events":[${last}]}}`);
  homeserver.faults.intercept = (request, response, path) => {
    if (request.method !== 'GET' || !path.endsWith('/sync')) return false;
    const length = HEAD.length + EVENTS.length + tail.length;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
    for (const part of [HEAD, EVENTS]) response.write(part);
    response.end(tail);
    return true;
  };
  return createHash('sha256').update(HEAD).update(EVENTS).update(tail).digest('hex');
}

interface Measured {
  ms: number;
  clones: number;
  /** Of the text that the page got. */
  sha256: string;
  /**
   * Bytes of JavaScript heap: the most that was seen, and what was left of it. 0 where the browser does not tell. A text
   * from the network is outside of it, what it is parsed to is within: nothing else may be.
   */
  peak: number;
  left: number;
}

async function measure(page: Page, asked: { url: string; token: string; reader: Reader }): Promise<Measured> {
  const isChromium = (await page.browser().version()).includes('Chrome');
  const cdp = isChromium ? await page.createCDPSession() : null;
  await page.bringToFront();
  await heapAfterCollection(cdp);
  const sampling = { peak: 0, done: false };
  const sampled = cdp && sample(cdp, sampling);
  const read = await page.evaluate(readBig, asked);
  sampling.done = true;
  await sampled;
  const sha256 = await page.evaluate(digestHeld);
  const left = await heapAfterCollection(cdp);
  await cdp?.detach();
  return { ...read, sha256, peak: sampling.peak, left };
}

async function sample(cdp: CDPSession, into: { peak: number; done: boolean }): Promise<void> {
  do {
    const { usedSize } = await cdp.send('Runtime.getHeapUsage');
    into.peak = Math.max(into.peak, usedSize);
  } while (!into.done);
}

async function heapAfterCollection(cdp: CDPSession | null): Promise<number> {
  if (!cdp) return 0;
  await cdp.send('HeapProfiler.collectGarbage');
  return (await cdp.send('Runtime.getHeapUsage')).usedSize;
}

/** Reads the answer, and holds it as a client does while it works on it. Runs in the page. */
async function readBig({ url, token, reader }: { url: string; token: string; reader: string }) {
  const headers = { Authorization: `Bearer ${token}` };
  let clones = 0;
  const { clone } = Response.prototype;
  Response.prototype.clone = function cloneSeen(): Response {
    clones += 1;
    return clone.call(this);
  };
  const began = performance.now();
  let value: unknown;
  if (reader === 'xhr text') {
    const xhr = new XMLHttpRequest();
    xhr.open('GET', url);
    xhr.setRequestHeader('Authorization', headers.Authorization);
    await new Promise((resolve) => {
      xhr.addEventListener('loadend', resolve);
      xhr.send();
    });
    value = xhr.responseText;
  } else {
    const response = await fetch(url, { headers });
    value = await (reader === 'fetch json' ? response.json() : response.text());
  }
  // one more turn: what is done beside the page counts too
  await new Promise((resolve) => {
    setTimeout(resolve);
  });
  const ms = performance.now() - began;
  Response.prototype.clone = clone;
  (window as { held?: unknown }).held = value;
  return { ms, clones };
}

/** Lets go of it. Runs in the page. */
async function digestHeld(): Promise<string> {
  const holder = window as { held?: unknown };
  const text = typeof holder.held === 'string' ? holder.held : JSON.stringify(holder.held);
  delete holder.held;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
