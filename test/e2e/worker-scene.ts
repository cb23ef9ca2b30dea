/** Clients with and without the page worker: which service worker is in charge, and whether all goes home. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { attempt } from '../support/drive-page.ts';
import type { Homeserver } from '../support/homeserver.ts';
import type { Portal } from '../support/portal.ts';
import type { Recorded } from '../support/recorder.ts';
import type { Site, SiteOptions } from '../support/static-site.ts';
import { isMedia, showPicture, startServers } from './hosting-stage.ts';
import { untilControlled, type Lab } from './lab.ts';
import { logIn, whoami } from './page-calls.ts';
import { askers } from './worker-pages.ts';

export const OURS = '/homeward-sw.js';
export const WHOAMI = '/_matrix/client/v3/account/whoami';

/** Ours with a client's inside. */
export const around = (client: string): string => `${OURS}?${new URLSearchParams({ client }).toString()}`;

/** A file of the page worker as it is built. */
export function built(name: string): Promise<string> {
  return readFile(path.resolve(import.meta.dirname, '../../dist/worker', name), 'utf8');
}

export interface Visit {
  readonly site: Site;
  readonly page: Page;
  readonly portal: Portal;
  readonly home: Homeserver;
}

export interface SignedIn extends Visit {
  readonly token: string;
}

/** Servers, and the first visit to a site; with Homeward unless told otherwise. */
export async function visit(lab: Lab, options: Partial<SiteOptions> = {}, at = '/'): Promise<Visit> {
  const servers = await startServers(lab);
  const site = await lab.site({ homeward: true, ...options });
  return { ...servers, site, page: await lab.page(site.url + at) };
}

export async function signIn(scene: Visit): Promise<SignedIn> {
  return { ...scene, token: (await logIn(scene.page, scene.portal.url)).token };
}

/** Path and query of the script that sees the page's requests. */
export function inCharge(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { controller } = navigator.serviceWorker;
    return controller ? controller.scriptURL.slice(location.origin.length) : 'none';
  });
}

export async function untilInCharge(page: Page, script: string): Promise<void> {
  await expect.poll(() => inCharge(page), { timeout: 15_000, message: 'in charge' }).toBe(script);
}

/** `SCOPE: SCRIPT`, of the script that is or will be active. */
export function registered(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const all = await navigator.serviceWorker.getRegistrations();
    const plain = (url = ''): string => url.slice(location.origin.length);
    return all
      .map(({ scope, installing, waiting, active }) => {
        const worker = installing ?? waiting ?? active;
        return `${plain(scope)}: ${plain(worker?.scriptURL)}`;
      })
      .toSorted();
  });
}

/** How often the site was asked for it. */
export function scripts({ site }: Visit, script: string): number {
  return site.recorder.requests((request) => request.path === script).length;
}

/** As a client's page does at every load. @returns the name of the error, or of the script that came of it */
export function register(page: Page, script: string, options?: RegistrationOptions): Promise<string> {
  return page.evaluate(
    async (url, given) => {
      try {
        const { installing, waiting, active } = await navigator.serviceWorker.register(url, given);
        return (installing ?? waiting ?? active)?.scriptURL.slice(location.origin.length) ?? 'no worker';
      } catch (error) {
        return (error as Error).name;
      }
    },
    script,
    options,
  );
}

/** The client's own is registered, has its place, and is told the token (worker-pages.ts). */
export async function startClientWorker(scene: SignedIn, page = scene.page): Promise<void> {
  await register(page, '/sw.js');
  await untilInCharge(page, around('/sw.js'));
  await tellToken(scene, page);
}

/** Done when the worker in charge has said that it has it. */
export async function tellToken({ portal, token }: SignedIn, page: Page): Promise<void> {
  const said = attempt(page, "the client's worker takes the token", () =>
    page.evaluate(tellWorker, { token, homeserver: portal.url, url: '' }),
  );
  expect(await said).toBe('taken');
}

function tellWorker(data: object): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.addEventListener('message', (event) => resolve(event.data));
    port1.start();
    navigator.serviceWorker.controller?.postMessage(data, [port2]);
  });
}

/** Requests of the page, and pictures, which only a service worker sees. */
export async function expectHome(scene: SignedIn, when: string, page = scene.page): Promise<void> {
  const { portal, home, token } = scene;
  expect((await whoami(page, portal.url, token)).url, `${when}`).toBe(home.url + WHOAMI);
  await untilControlled(page);
  await expectPicture(scene, when, page);
  expectNothingAtPortal(scene, when);
}

/** One that is not in the browser's cache. */
export async function expectPicture(
  scene: Omit<SignedIn, 'site'>,
  when: string,
  page = scene.page,
): Promise<void> {
  const { portal, home, token } = scene;
  const { picture, width, took } = await showPicture(page, scene);
  const seen = ({ recorder }: Homeserver | Portal) =>
    recorder.requests(({ path: at }) => at.includes(picture));
  const of = seen(home);
  const told = JSON.stringify({ took, home: of.map(plain), portal: seen(portal).map(plain) });
  expect(width, `a picture, ${when}: ${told}`).toBe(1);
  expect(new Set(of.map((request) => request.token)), `${when}`).toEqual(new Set([token]));
}

const plain = ({ status, broken, tokenIn }: Recorded) => ({ status, broken, tokenIn });

/**
 * By what only the service worker sees, and with the token.
 *
 * @param when another at each call: it tells the requests of one from those of the others
 */
export async function expectWorkersAtHome(
  { page, portal, home, token }: SignedIn,
  when: string,
): Promise<void> {
  const mark = `when=${encodeURIComponent(when)}`;
  for (const { kind, ask } of askers.filter((asker) => /^(dedicated|shared) worker$/.test(asker.kind))) {
    const answered = await ask(page, `${portal.url}/_matrix/client/v3/sync?timeout=0&${mark}`, token);
    expect(answered, `${kind}, ${when}`).toBe('200');
  }
  expect(portal.recorder.withToken(token), `${when}`).toEqual([]);
  const arrived = home.recorder.requests(({ url }) => url.endsWith(mark));
  expect(
    arrived.map((request) => request.token),
    `${when}`,
  ).toEqual([token, token]);
}

export function expectNothingAtPortal({ portal, token }: SignedIn, when: string): void {
  expect(portal.recorder.withToken(token), `with the token, ${when}`).toEqual([]);
  expect(portal.recorder.requests(isMedia), `media, ${when}`).toEqual([]);
}

export async function reload(page: Page): Promise<void> {
  await page.reload({ waitUntil: 'domcontentloaded' });
}
