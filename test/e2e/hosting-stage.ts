/** What happens to a client that somebody hosts: the token of its login, and its pictures. */
import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import type { Homeserver } from '../support/homeserver.ts';
import type { Portal } from '../support/portal.ts';
import { PIXEL } from './at-home.ts';
import { mediaPath, widthOf } from './attack-steps.ts';
import { untilControlled, type Lab } from './lab.ts';
import { whoami } from './page-calls.ts';

const WHOAMI = '/_matrix/client/v3/account/whoami';

export interface Servers {
  readonly portal: Portal;
  readonly home: Homeserver;
}

/** Authenticated media only, as Synapse today. */
export async function startServers(lab: Lab, strict = true): Promise<Servers> {
  const home = await lab.homeserver({ legacyMedia: false });
  return { home, portal: await lab.portal({ route: () => home.url, strict }) };
}

/** Of the client of `clientAt`, once it has logged in. */
export function tokenOf(page: Page): Promise<string> {
  return page.evaluate(() => (window as unknown as { signedIn: Promise<string> }).signedIn);
}

/** `SERVER/MEDIA_ID` */
export function newPicture(home: Homeserver): string {
  return `${home.serverName}/${home.putMedia(PIXEL, 'image/png')}`;
}

export const isMedia = ({ path }: { path: string }): boolean => path.includes('/media/');

/** Milliseconds in which a page has to tell the worker its token (src/worker/pages.ts): else nothing is added. */
const TELLING = 2000;

/**
 * Shows one that is not in the browser's cache; another if the page was too slow for the worker, as on a busy machine.
 *
 * @returns the one that was shown, or was not; `took`: milliseconds
 */
export async function showPicture(page: Page, { portal, home }: Servers) {
  const show = async () => {
    const picture = newPicture(home);
    const began = Date.now();
    const width = await widthOf(page, portal.url + mediaPath(picture));
    return { picture, width, took: Date.now() - began };
  };
  const shown = await show();
  return shown.width !== 1 && shown.took >= TELLING ? show() : shown;
}

/** From the first visit on, and after a reload. */
export async function expectHome(page: Page, servers: Servers): Promise<void> {
  const { portal, home } = servers;
  const token = await tokenOf(page);
  for (const when of ['first visit', 'after a reload']) {
    expect((await whoami(page, portal.url, token)).url, `${when}`).toBe(home.url + WHOAMI);
    await untilControlled(page);
    const { picture, width } = await showPicture(page, servers);
    expect(width, `${when}`).toBe(1);
    const asked = home.recorder.requests(({ path }) => path.includes(picture));
    expect(asked.map((request) => request.token)).toEqual([token]);
    await page.reload({ waitUntil: 'domcontentloaded' });
  }
  expect(portal.recorder.withToken(token)).toEqual([]);
  expect(portal.recorder.requests(isMedia)).toEqual([]);
}

/** As if nobody had added anything. The portal can serve; answers the token. */
export async function expectUnchanged(page: Page, { portal }: Servers): Promise<string> {
  const token = await tokenOf(page);
  for (const when of ['first visit', 'after a reload']) {
    expect((await whoami(page, portal.url, token)).url, `${when}`).toBe(portal.url + WHOAMI);
    await page.reload({ waitUntil: 'domcontentloaded' });
  }
  expect(await page.evaluate(registrations)).toEqual([]);
  return token;
}

/** Scopes, once ours would be among them: it comes half a second after the load event. Runs in the page. */
export async function registrations(): Promise<string[]> {
  if (document.readyState !== 'complete') {
    await new Promise((resolve) => addEventListener('load', resolve, { once: true }));
  }
  await new Promise((resolve) => setTimeout(resolve, 1500));
  // not there where the page is no secure context
  const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
  return ((await serviceWorker?.getRegistrations()) ?? []).map(({ scope }) => scope);
}
