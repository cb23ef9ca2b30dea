/** Shots at servers, from whatever a page has to shoot with, and what the servers saw of them. */
import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { attempt } from '../support/drive-page.ts';
import type { Recorded, Recorder } from '../support/recorder.ts';
import { atHome, type AtHome, type AtHomeOptions } from './at-home.ts';
import { ATTACK_FILES } from './attack-workers.ts';
import type { Lab } from './lab.ts';
import { whoami } from './page-calls.ts';
import { waitFor } from './popup-page.ts';

export interface Shot {
  url: string;
  method: string;
  /** the page's own; only `fetch` and `xhr` send it */
  token?: string;
}

/** What can send any method. */
export const SENDERS = ['fetch', 'xhr', 'worker', 'shared worker', 'service worker'] as const;
export const ELEMENTS = [
  'image',
  'crossorigin image',
  'video',
  'audio',
  'css',
  'font',
  'style',
  'script',
  'object',
  'frame',
] as const;

let count = 0;

/** A shot that is known again by its number in the query. */
export function shot(url: string, method = 'GET', token?: string): Shot {
  count += 1;
  const [, address = '', fragment = ''] = /^([^#]*)(.*)$/.exec(url) ?? [];
  const numbered = `${address}${address.includes('?') ? '&' : '?'}shot=${count}${fragment}`;
  return { url: numbered, method, ...(token !== undefined && { token }) };
}

/** The requests that a thief would like answered, at both servers, with each fragment. */
export function shotsAt(
  { portal, home, picture }: AtHome,
  method: string,
  fragments: readonly string[],
): Shot[] {
  const client = '/_matrix/client/v3';
  const paths: Record<string, string[]> = {
    GET: [
      `${client}/account/whoami`,
      `/_matrix/media/v3/download/${picture}`,
      `/_matrix/client/v1/media/download/${picture}`,
      `/_matrix/client/v1/media/thumbnail/${picture}`,
    ],
    PUT: [`${client}/user/${encodeURIComponent(home.userId('alice'))}/account_data/evil`],
    POST: [`${client}/logout/all`],
  };
  return [portal.url, home.url].flatMap((base) =>
    (paths[method] ?? []).flatMap((path) =>
      fragments.map((fragment) => shot(base + path + fragment, method)),
    ),
  );
}

interface Armed {
  attack(by: string, shots: Shot[]): Promise<string[]>;
  throughFrame(by: string, shots: Shot[]): Promise<string[]>;
  serve(): Promise<void>;
}

/** Fires; what each shot came to. */
export function fire(page: Page, by: string, shots: Shot[]): Promise<string[]> {
  return attempt(page, `${shots.length} shots by ${by}`, () =>
    page.evaluate((way, all) => (globalThis as unknown as Armed).attack(way, all), by, shots),
  );
}

/** The same by the last frame of the page. */
export function fireInFrame(page: Page, by: string, shots: Shot[]): Promise<string[]> {
  return attempt(page, `${shots.length} shots by ${by} in a frame`, () =>
    page.evaluate((way, all) => (globalThis as unknown as Armed).throughFrame(way, all), by, shots),
  );
}

/** Makes the page one of its own service worker, which answers every request. */
export async function control(page: Page): Promise<void> {
  await attempt(page, 'the own service worker', () =>
    page.evaluate(() => (globalThis as unknown as Armed).serve()),
  );
}

/** The same, and waits for the rules of the service worker's own requests, where there are any. */
export async function serve({ form }: Lab, { page, portal, picture }: AtHome): Promise<void> {
  await control(page);
  if (form === 'worker') return;
  const media = `${portal.url}/_matrix/media/v3/download/${picture}`;
  await expect
    .poll(() => fire(page, 'service worker', [shot(media)]), { timeout: 10_000, message: 'the twin rule' })
    .toEqual(['200']);
}

/** Signed in at home with access to every host, the token in use, the picture shown: the rule is there. */
export async function victim(lab: Lab, options: AtHomeOptions = {}): Promise<AtHome> {
  const scene = await atHome(lab, { ...options, site: { files: { ...ATTACK_FILES }, ...options.site } });
  if (lab.form === 'extension') await allowEverywhere(lab);
  await scene.page.bringToFront();
  const { status } = await whoami(scene.page, scene.portal.url, scene.token);
  expect(status, 'the token is in use').toBe(200);
  await pictureIsShown(scene);
  return scene;
}

/** The positive: the client sees its picture, so the media rule works. */
export async function pictureIsShown({ page, portal, picture }: AtHome): Promise<void> {
  const media = `${portal.url}/_matrix/media/v3/download/${picture}`;
  await expect
    .poll(() => fire(page, 'image', [shot(media)]), { timeout: 10_000, message: "the client's picture" })
    .toEqual(['done']);
}

/** Access to all hosts, as with *all homeservers*: nothing is safe only because access is missing. */
async function allowEverywhere({ popup: { page } }: Lab): Promise<void> {
  await page.bringToFront();
  await page.evaluate(() => {
    const origins = ['http://*/*', 'https://*/*'];
    const { browser } = globalThis as unknown as {
      browser: { permissions: { request(of: object): Promise<boolean> } };
    };
    const button = Object.assign(document.createElement('button'), { id: 'everywhere', textContent: 'x' });
    button.addEventListener('click', () => {
      void browser.permissions.request({ origins }).then((given) => {
        button.textContent = String(given);
      });
    });
    document.body.prepend(button);
  });
  await page.click('#everywhere');
  await waitFor(page, () => document.querySelector('#everywhere')?.textContent === 'true');
  await page.evaluate(() => document.querySelector('#everywhere')?.remove());
}

interface RulesPage {
  browser: { declarativeNetRequest: { getSessionRules(): Promise<unknown> } };
}

/** All session rules, as text. */
export function sessionRules(lab: Lab): Promise<string> {
  return lab.popup.page.evaluate(async () =>
    JSON.stringify(
      await (globalThis as unknown as RulesPage).browser.declarativeNetRequest.getSessionRules(),
    ),
  );
}

const GUESSES = ['', '#hw', '#hw-pass', '#x'];

/**
 * Those that anybody tries, the page worker's own mark among them, and the sessions' real ones of the rules, which nobody
 * can know: they must not be enough.
 */
export async function fragmentsIn(lab: Lab): Promise<string[]> {
  if (lab.form === 'worker') return GUESSES;
  const secrets = new Set((await sessionRules(lab)).match(/#[\w-]{16,}/g));
  expect(secrets.size, 'fragments in the session rules').toBeGreaterThan(0);
  return [...GUESSES, ...secrets];
}

/** Those shots that have arrived at none of the servers. */
export function missing(shots: readonly Shot[], recorders: readonly Recorder[]): string[] {
  const urls = recorders.flatMap((recorder) => recorder.requests().map(({ url }) => url));
  const arrived = new Set(urls.map((url) => /[?&]shot=(\d+)/.exec(url)?.[1]));
  return shots
    .filter(({ url }) => !arrived.has(/[?&]shot=(\d+)/.exec(url)?.[1]))
    .map(({ method, url }) => `${method} ${url}`);
}

export async function allArrive(shots: readonly Shot[], ...recorders: Recorder[]): Promise<void> {
  await expect
    .poll(() => missing(shots, recorders), { timeout: 10_000, message: 'shots that arrived nowhere' })
    .toEqual([]);
}

/** Of the hook, in the client's name; it may come at any time. */
const OWN_QUESTION = /\/account_data\/m\.identity_server$/;

/** What arrived with one of the tokens: who shot, how, at what. */
export function carried(by: string, recorder: Recorder, ...tokens: string[]): string[] {
  return recorder
    .requests(({ token, path }) => token !== null && tokens.includes(token) && !OWN_QUESTION.test(path))
    .map(({ server, method, url, dest }: Recorded) => `${by}: ${server} got ${method} ${url} (${dest})`);
}
