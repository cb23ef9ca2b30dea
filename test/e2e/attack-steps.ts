/** Steps that attack tests share. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';
import { attempt } from '../support/drive-page.ts';
import { inFirefox } from '../support/firefox-inside.ts';
import { newFaults, startFront } from '../support/front.ts';
import type { Homeserver } from '../support/homeserver.ts';
import { sendJson } from '../support/http.ts';
import { Recorder } from '../support/recorder.ts';
import type { Lab } from './lab.ts';
import { call, type Answer, type Way } from './page-calls.ts';

export interface Forger {
  url: string;
  recorder: Recorder;
  close(): Promise<void>;
}

/** A server of the attacker's: it answers a POST with what it was sent, anything else as a homeserver's `/versions`. */
export async function startForger(name: string): Promise<Forger> {
  const recorder = new Recorder();
  const { url, close } = await startFront({
    name,
    recorder,
    faults: newFaults(),
    handle: ({ request, response, raw }) => {
      const said: unknown =
        request.method === 'POST' ? JSON.parse(raw.toString()) : { versions: ['v1.1'], user_id: '@m:evil' };
      sendJson(response, 200, said);
    },
  });
  return { url, recorder, close };
}

/** A login answer as an attacker would have it. */
export function forged(token: string, named: string): Record<string, string> {
  return { user_id: '@mallory:evil', device_id: 'EVIL', access_token: token, base_cs_url: named };
}

/** The page gets a login answer of its own making. */
export async function claim(page: Page, forger: string, answer: object, by: Way = 'fetch'): Promise<Answer> {
  const got = await call(page, forger, 'login', { method: 'POST', body: answer, by });
  if (got.status !== 200) throw new Error(`the forged login was answered with ${got.status}`);
  return got;
}

/** From now on it takes requests and breaks the connection; they are recorded all the same. */
export function die(server: Homeserver): void {
  server.faults.preflights = true;
  server.faults.intercept = (request) => {
    request.socket.destroy();
    return true;
  };
}

/** @param picture `SERVER/MEDIA_ID` */
export function mediaPath(picture: string): string {
  return `/_matrix/media/v3/download/${picture}`;
}

/** The width of an image that a page shows, 0 when it does not load. */
export function widthOf(page: Page, url: string): Promise<number> {
  return attempt(page, `show ${url}`, () =>
    page.evaluate(
      (source) =>
        new Promise<number>((resolve) => {
          const image = new Image();
          image.addEventListener('load', () => resolve(image.naturalWidth));
          image.addEventListener('error', () => resolve(0));
          image.src = source;
        }),
      url,
    ),
  );
}

/** Milliseconds in which nothing more is stored. */
const QUIET = 500;

/** What is on disk, once it stays so; but for when account data was read last. */
export async function settledText(lab: Lab): Promise<string> {
  const read = async (): Promise<string> =>
    (await lab.browser.storedText()).replaceAll(/(?<=readAt\W+)\d+/g, '0');
  let text = await read();
  for (let since = Date.now(); Date.now() - since < QUIET; await pause(50)) {
    const now = await read();
    if (now !== text) since = Date.now();
    text = now;
  }
  return text;
}

/** What a homeserver got, but for what the hook asks there with a token: account data, when a tab becomes visible. */
export function asked(recorder: Recorder): string[] {
  return recorder
    .requests(({ path, token }) => token === null || !path.includes('/account_data/'))
    .map(({ method, path, token }) => `${method} ${path} ${token ?? 'without a token'}`);
}

/** A tab in a private window; in Chromium every context but the first is one. New tabs open there until it is closed. */
export async function privatePage(lab: Lab, url: string): Promise<Page> {
  const { engine, puppeteer } = lab.browser;
  if (engine === 'chromium') return pageIn(lab, url);
  const before = new Set(await puppeteer.pages());
  const isPrivate = await inFirefox(puppeteer, OPEN_PRIVATE);
  if (isPrivate !== true) throw new Error('no private window');
  const page = (await puppeteer.pages()).find((each) => !before.has(each));
  if (!page) throw new Error('the private window has no tab');
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  return page;
}

/** A tab in a context of its own: in Firefox a container. */
export async function pageIn(lab: Lab, url: string): Promise<Page> {
  const context = lab.keep(await lab.browser.puppeteer.createBrowserContext());
  const page = await context.newPage();
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  return page;
}

const OPEN_PRIVATE = `(async () => {
  const opened = OpenBrowserWindow({ private: true });
  await new Promise((resolve) => opened.addEventListener('load', resolve, { once: true }));
  await opened.delayedStartupPromise;
  // a navigation that meets the one to its start page is never answered
  const { selectedBrowser } = opened.gBrowser;
  while (selectedBrowser.currentURI.spec === 'about:blank' || selectedBrowser.webProgress.isLoadingDocument) {
    await new Promise((resolve) => opened.setTimeout(resolve, 20));
  }
  return opened.PrivateBrowsingUtils.isWindowPrivate(opened);
})()`;
