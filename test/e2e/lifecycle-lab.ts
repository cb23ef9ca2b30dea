/** A lab whose browser survives restarts; what a page of a client and the witnesses say at any time. */
import type { Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Engine, LaunchOptions, TestBrowser } from '../support/browser.ts';
import { attempt } from '../support/drive-page.ts';
import { launchPersistent, type PersistentBrowser, type Rules } from '../support/persistent-browser.ts';
import type { Recorded } from '../support/recorder.ts';
import type { AtHome } from './at-home.ts';
import { hold } from './gate.ts';
import { INDEX, starters, there, type Lab } from './lab.ts';
import { logIn, versions, ways, whoami, type Answer, type Way } from './page-calls.ts';
import { openPopupPage, waitFor, type Popup } from './popup-page.ts';

export interface LifecycleLab extends Lab {
  readonly browser: PersistentBrowser;
  /** The popup page dies with every change of the extension or the browser: opens it again. */
  reopenPopup(): Promise<void>;
  /** Quits and starts the browser, which opens this page by itself. */
  restart(page: string, options?: { version?: string }): Promise<Page>;
  /** The rules that name this client, its portal, its homeserver or its token. */
  rulesOf(scene: AtHome): Promise<Rules>;
}

export const WHOAMI = '/_matrix/client/v3/account/whoami';

/** Called in a `describe`, as `useLab` is. */
export function useLifecycleLab(engine: Engine, options: LaunchOptions = {}): LifecycleLab {
  const running: { browser?: PersistentBrowser; popup?: Popup } = {};
  const opened: { close(): Promise<unknown> }[] = [];
  const keep = <T extends { close(): Promise<unknown> }>(thing: T): T => {
    opened.push(thing);
    return thing;
  };

  beforeAll(async () => {
    running.browser = await launchPersistent(engine, options);
  });
  beforeEach(() => lab.reopenPopup());
  afterEach(async () => {
    // a page may be gone with its browser
    await Promise.allSettled(opened.splice(0).map((thing) => thing.close()));
  });
  afterAll(() => running.browser?.close());

  const lab: LifecycleLab = {
    form: 'extension',
    keep,
    get browser() {
      return there(running.browser);
    },
    get popup() {
      return there(running.popup);
    },
    async reopenPopup() {
      await running.popup?.page.close().catch(() => undefined);
      running.popup = await openPopupPage(lab.browser);
    },
    async restart(page, how) {
      // a restored popup would wake the background
      await lab.popup.page.close();
      await lab.browser.restart({ page, ...how });
      const shown = keep(await lab.browser.pageAt(page));
      await waitFor(shown, () => document.readyState === 'complete' && location.protocol === 'http:');
      return shown;
    },
    async rulesOf({ site, portal, home, token }) {
      const names = [new URL(site.url).hostname, portal.url, home.url, token];
      const isOf = (rule: unknown): boolean => names.some((name) => JSON.stringify(rule).includes(name));
      const { dynamic, session } = await lab.browser.rules();
      return { dynamic: dynamic.filter(isOf), session: session.filter(isOf) };
    },
    ...starters(
      keep,
      () => lab.browser,
      () => lab.popup,
    ),
  };
  return lab;
}

/** `naturalWidth` of a new `<img>` of this picture at the portal; 0: it did not load. */
export function pictureWidth({ portal, picture }: AtHome, page: Page): Promise<number> {
  const url = `${portal.url}/_matrix/media/v3/download/${picture}?once=${Math.random()}`;
  return attempt(page, 'load a picture', () =>
    page.evaluate(
      (src) =>
        new Promise<number>((resolve) => {
          const image = new Image();
          image.addEventListener('load', () => resolve(image.naturalWidth));
          image.addEventListener('error', () => resolve(0));
          image.src = src;
        }),
      url,
    ),
  );
}

/**
 * Once more after a network error: when an extension is reloaded, Chromium breaks off every request that is under way in
 * any page, of whatever kind.
 */
export async function steady(ask: () => Promise<Answer>): Promise<Answer> {
  const answer = await ask();
  return answer.status === 0 ? ask() : answer;
}

/** The page's requests arrive at the homeserver, by everything that page code has, with its token. */
export async function expectAtHome(scene: AtHome, page = scene.page): Promise<void> {
  const { portal, home, token } = scene;
  for (const by of ways) {
    const answer = await steady(() => whoami(page, portal.url, token, { by }));
    expect(answer, `whoami by ${by}`).toMatchObject({ status: 200, url: home.url + WHOAMI });
    const { url } = await steady(() => versions(page, portal.url, { by }));
    expect(url, `versions by ${by}`).toBe(`${home.url}/_matrix/client/versions`);
  }
  expectNothingAtPortal(scene);
}

/** Pictures at the portal load. Rules may come a moment after the page. */
export async function expectPictures(scene: AtHome, page = scene.page): Promise<void> {
  await expect.poll(() => pictureWidth(scene, page), { timeout: 10_000 }).toBe(1);
  expectNothingAtPortal(scene);
}

/** Another login in this document. */
export async function expectNextLoginAtHome(scene: AtHome, page = scene.page): Promise<void> {
  const { portal, home } = scene;
  const login = () => logIn(page, portal.url, 'bob');
  const { token } = await login().catch(login);
  expect(await steady(() => whoami(page, portal.url, token)), 'the next login').toMatchObject({
    status: 200,
    url: home.url + WHOAMI,
  });
  expect(portal.recorder.withToken(token)).toEqual([]);
}

export function expectNothingAtPortal({ portal, token }: AtHome): void {
  expect(portal.recorder.withToken(token), 'with the token at the portal').toEqual([]);
}

/** The background is gone when the portal answers. @returns the token */
export async function logInWhileKilled(
  browser: TestBrowser,
  { page, portal }: Pick<AtHome, 'page' | 'portal'>,
  by: Way,
): Promise<string> {
  const held = hold(portal, (path) => path.endsWith('/login'));
  const login = logIn(page, portal.url, 'alice', { by });
  await expect.poll(() => portal.recorder.requests().length, { timeout: 10_000 }).toBe(1);
  await browser.killBackground();
  held.open();
  return (await login).token;
}

/** Requests to this path at the homeserver, with a token or without. */
export function arrived({ home }: AtHome, path: string): Recorded[] {
  return home.recorder.requests((recorded) => recorded.path === path);
}

/** The page keeps what `startPage` uses. */
export async function remember({ page, portal, token }: AtHome): Promise<void> {
  await page.evaluate(
    (at, secret) => {
      localStorage.setItem('portal', at);
      localStorage.setItem('token', secret);
    },
    portal.url,
    token,
  );
}

/** What the very first script of a `startPage` asks. */
export const FIRST = '/_matrix/client/v3/pushrules/';

/** A page whose first script uses the token, if it is signed in. */
export function startPage(rest = ''): string {
  const ask = `fetch(localStorage.portal + '${FIRST}', { headers: { Authorization: 'Bearer ' + localStorage.token } })`;
  return `<!doctype html><script>if (localStorage.token) ${ask}.catch(() => 0)</script>${INDEX}${rest}`;
}
