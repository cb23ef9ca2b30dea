/** The two engines with the built extension in them, behind one interface. */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import puppeteer, { TargetType, type Browser, type Page } from 'puppeteer-core';
import { startOptions, UUID, type Engine, type LaunchOptions } from './browser-options.ts';
import { killInChromium, killServiceWorkers } from './service-workers.ts';
import { launchWebkit } from './webkit.ts';

export type { Engine, LaunchOptions } from './browser-options.ts';

/** Those that the extension runs in. */
export const engines: readonly Engine[] = ['chromium', 'firefox'];
/** Those that the page worker runs in. */
export const workerEngines: readonly Engine[] = [...engines, 'webkit'];

/** How Homeward comes to a client. */
export type Form = 'extension' | 'worker';

export interface TestBrowser {
  readonly engine: Engine;
  readonly puppeteer: Browser;
  newPage(): Promise<Page>;
  /** Opens the popup as a page, for a client that may be open in another tab. */
  openPopup(client: string): Promise<Page>;
  /** Presses *Turn on* in the popup and waits until it shows the client as turned on. */
  turnOn(client: string): Promise<void>;
  /** Presses *Allow access* in the popup, for the sign-in that it shows, and waits until there is nothing to allow. */
  grant(client: string): Promise<void>;
  /** Everything that the extension has in `storage.local`, as text. */
  storedText(): Promise<string>;
  /** Ends the service worker or event page, without the extension all service workers, and waits until it is gone. */
  killBackground(): Promise<void>;
  close(): Promise<void>;
}

const top = path.resolve(import.meta.dirname, '../..');

/** The built extension. */
export function extensionFolder(engine: Engine): string {
  return path.join(top, 'dist', engine);
}

export async function launch(engine: Engine, options: LaunchOptions = {}): Promise<TestBrowser> {
  if (engine === 'webkit') return launchWebkit(options);
  const { extension = true } = options;
  const start = await startOptions(engine, options);
  const isChromium = engine === 'chromium';
  const folder = extensionFolder(engine);
  const browser = await puppeteer.launch(
    isChromium && extension ? { ...start, enableExtensions: [folder] } : start,
  );
  if (!isChromium && extension) await browser.installExtension(folder);
  const base = extension ? await extensionBase(engine, browser) : '';
  return testBrowser(engine, base, () => browser);
}

/**
 * @param base of the extension's pages; empty: there is no extension
 * @param running the browser as it is now: it may have been started again
 */
export function testBrowser(engine: Engine, base: string, running: () => Browser): TestBrowser {
  const openPopup = (client: string): Promise<Page> =>
    openExtensionPage(() => running().newPage(), `${base}/popup.html?client=${encodeURIComponent(client)}`);
  return {
    engine,
    get puppeteer() {
      return running();
    },
    newPage: () => running().newPage(),
    openPopup,
    async turnOn(client) {
      const page = await openPopup(client);
      await page.waitForSelector('.turn-on');
      await page.click('.turn-on');
      await page.waitForSelector('.turn-off');
      await page.close();
    },
    async grant(client) {
      const page = await openPopup(client);
      const button = await page.waitForSelector('.session .grant');
      // the popup may draw itself anew under the click
      await button?.click().catch(() => page.click('.session .grant'));
      await page.waitForFunction(
        () => document.querySelector('.session') && !document.querySelector('.grant'),
        {
          polling: 50,
        },
      );
      await page.close();
    },
    async storedText() {
      const page = await openPopup('http://nobody.invalid');
      const text = await page.evaluate(async () => {
        const { browser: api } = globalThis as unknown as {
          browser: { storage: { local: { get(): Promise<unknown> } } };
        };
        return JSON.stringify(await api.storage.local.get());
      });
      await page.close();
      return text;
    },
    killBackground() {
      if (!base) return killServiceWorkers(engine, running());
      return engine === 'chromium' ? killInChromium(running(), 'chrome-extension') : waitForIdle(openPopup);
    },
    close: () => running().close(),
  };
}

/** `moz-extension://…` or `chrome-extension://…`; in Chromium also lets the popup's request be granted silently. */
async function extensionBase(engine: Engine, browser: Browser): Promise<string> {
  if (engine === 'firefox') return `moz-extension://${UUID}`;
  const worker = await browser.waitForTarget((target) => target.type() === TargetType.SERVICE_WORKER);
  const { origin, host } = new URL(worker.url().replace('chrome-extension:', 'http:'));
  const page = await browser.newPage();
  await page.goto('chrome://extensions/');
  await grantSilently(page, host);
  await page.close();
  return origin.replace('http:', 'chrome-extension:');
}

/**
 * Grants nothing yet: every later `permissions.request` from a click is answered with yes (platform.md f).
 *
 * @param page chrome://extensions
 */
export async function grantSilently(page: Page, id: string): Promise<void> {
  await page.evaluate(async (extension) => {
    const { chrome } = globalThis as unknown as { chrome: { developerPrivate: DeveloperPrivate } };
    await chrome.developerPrivate.addHostPermission(extension, '*://*/*');
  }, id);
}

interface DeveloperPrivate {
  addHostPermission(id: string, pattern: string): Promise<void>;
}

/** Milliseconds until a page of an extension that is not there is asked for again. */
const AGAIN = 3000;

/**
 * In Firefox the navigation to a page of an extension is never reported as done, but the page is there; a look that
 * meets the navigation itself fails, so look again until it is shown. While an extension is reloaded, Chromium gives no
 * page of it, and closes the tabs that have one.
 */
async function openExtensionPage(newPage: () => Promise<Page>, url: string): Promise<Page> {
  let page = await newPage();
  let told = '';
  const go = (): number => {
    page.goto(url, { timeout: 2500, waitUntil: 'domcontentloaded' }).catch((error: unknown) => {
      told = String(error);
    });
    return Date.now();
  };
  let began = go();
  for (const end = Date.now() + 30_000; !(await page.evaluate(isShown).catch(() => false));) {
    if (Date.now() > end) throw new Error(`${url} did not show in 30 s: ${told}`);
    if (page.isClosed() || Date.now() - began > AGAIN) {
      if (page.isClosed()) page = await newPage();
      began = go();
    }
    await pause(50);
  }
  return page;
}

function isShown(): boolean {
  const isExtension = location.protocol.endsWith('extension:');
  return isExtension && document.querySelector('main > :not(.no-answer)') !== null;
}

async function waitForIdle(openPopup: (client: string) => Promise<Page>): Promise<void> {
  const page = await openPopup('http://nobody.invalid');
  await page.waitForFunction(
    () => {
      const { browser } = globalThis as unknown as { browser: { extension: { getViews(): Window[] } } };
      return browser.extension
        .getViews()
        .every((view) => !view.location.href.includes('generated_background'));
    },
    { polling: 200 },
  );
  await page.close();
}
