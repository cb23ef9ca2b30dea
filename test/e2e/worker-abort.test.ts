/** What the page worker asks for in another's place, when nobody wants it any more: what the homeserver sees of that. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { workerEngines, type Engine } from '../support/browser.ts';
import type { Homeserver } from '../support/homeserver.ts';
import { PIXEL } from './at-home.ts';
import { mediaPath } from './attack-steps.ts';
import { newPicture } from './hosting-stage.ts';
import { useLab } from './lab.ts';
import { whoami } from './page-calls.ts';
import { abortInWorker, askerFiles, endWorker, said, startInWorker } from './worker-dedicated.ts';
import { expectHome, OURS, signIn, untilInCharge, visit, type SignedIn } from './worker-scene.ts';

const SYNC = '/_matrix/client/v3/sync';
const AUTHENTICATED = '/_matrix/client/v1/media/download/';

type Moment = 'before its answer' | 'while its answer arrives';
const moments: readonly Moment[] = ['before its answer', 'while its answer arrives'];

/** What comes after it a browser waits for before it says that the picture has loaded. */
const FIRST = PIXEL;
const ALL = Buffer.concat([FIRST, Buffer.alloc(1000)]);

interface Kept {
  /** `closed`: by the browser, before there was an answer. */
  readonly seen: string[];
  finish(): void;
}

/** Keeps an answer back, or all but its beginning. */
function keepBack({ faults }: Homeserver, path: string, moment: Moment): Kept {
  const seen: string[] = [];
  let kept: ServerResponse | null = null;
  const headers = { 'content-type': 'image/png', 'content-length': ALL.length };
  faults.intercept = (_, response, asked) => {
    if (asked !== path) return false;
    kept = response;
    seen.push('asked');
    response.once('finish', () => seen.push('answered'));
    response.once('close', () => response.writableFinished || seen.push('closed'));
    if (moment === 'while its answer arrives') response.writeHead(200, headers).write(FIRST);
    return true;
  };
  return {
    seen,
    finish() {
      if (moment === 'before its answer') kept?.writeHead(200, headers).end(ALL);
      else kept?.end(ALL.subarray(FIRST.length));
    },
  };
}

interface Ending {
  readonly what: string;
  /** Done when it has been asked for, and the asker has seen the beginning if there is one. */
  ask(scene: SignedIn, moment: Moment): Promise<Kept>;
  end(scene: SignedIn): Promise<unknown>;
}

const byWorker = (by: 'fetch' | 'xhr'): Ending['ask'] => {
  return async ({ page, portal, home, token }, moment) => {
    const kept = keepBack(home, SYNC, moment);
    await startInWorker(page, { url: portal.url + SYNC, token, by });
    await expect.poll(() => kept.seen).toEqual(['asked']);
    if (moment === 'while its answer arrives') await expect.poll(() => said(page)).toContain('200');
    return kept;
  };
};

/** The asker is told at once, whatever the homeserver is. */
const byAbort: Ending['end'] = async ({ page }) => {
  await abortInWorker(page);
  await expect.poll(async () => (await said(page)).at(-1)).toBe('AbortError');
};

const endings: readonly Ending[] = [
  { what: 'that a dedicated worker aborts, by fetch', ask: byWorker('fetch'), end: byAbort },
  { what: 'that a dedicated worker aborts, by xhr', ask: byWorker('xhr'), end: byAbort },
  {
    what: 'of a dedicated worker that its page ends',
    ask: byWorker('fetch'),
    end: ({ page }) => endWorker(page),
  },
  { what: 'for a picture whose page is left', ask: askForPicture, end: leave },
];

async function askForPicture({ page, portal, home }: SignedIn, moment: Moment): Promise<Kept> {
  const picture = newPicture(home);
  const kept = keepBack(home, AUTHENTICATED + picture, moment);
  await page.evaluate(
    (src) => {
      document.body.append(Object.assign(new Image(), { src }));
    },
    portal.url + mediaPath(picture),
  );
  await expect.poll(() => kept.seen).toEqual(['asked']);
  const width = () => page.evaluate(() => document.querySelector('img')?.naturalWidth);
  if (moment === 'while its answer arrives') await expect.poll(width).toBe(1);
  return kept;
}

function leave({ page, site }: SignedIn): Promise<unknown> {
  return page.goto(`${site.url}/?left`, { waitUntil: 'domcontentloaded' });
}

/**
 * Measured with a worker that does nothing but `respondWith(fetch(event.request))` too: no browser tells a service worker
 * of an abort (`FetchEvent.request.signal`). What it has begun to answer with is ended, but in Firefox (README).
 */
const isEnded = (moment: Moment, engine: Engine): boolean =>
  moment === 'while its answer arrives' && engine !== 'firefox';

describe.each(workerEngines)('%s: a request', (engine) => {
  const lab = useLab(engine, { form: 'worker' });
  const ends = moments.filter((moment) => isEnded(moment, engine));
  const stays = moments.filter((moment) => !isEnded(moment, engine));
  const rows = (of: readonly Moment[]) =>
    of.flatMap((moment) => endings.map((ending) => ({ ...ending, moment })));

  async function start(): Promise<SignedIn> {
    const scene = await signIn(await visit(lab, { files: askerFiles }));
    await untilInCharge(scene.page, OURS);
    await whoami(scene.page, scene.portal.url, scene.token);
    return scene;
  }

  it.each(rows(ends))('$what $moment ends at the homeserver', async ({ ask, end, moment }) => {
    const scene = await start();
    const { seen } = await ask(scene, moment);
    await end(scene);
    await expect.poll(() => seen).toEqual(['asked', 'closed']);
    await expectHome(scene, 'afterwards');
  });

  it.each(rows(stays))('$what $moment is answered: a known limit', async ({ ask, end, moment }) => {
    const scene = await start();
    const { seen, finish } = await ask(scene, moment);
    await end(scene);
    await expectHome(scene, 'meanwhile');
    finish();
    await expect.poll(() => seen).toEqual(['asked', 'answered']);
    await expectHome(scene, 'afterwards');
  });
});
