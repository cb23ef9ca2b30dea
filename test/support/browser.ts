/** The two engines with the built extension in them, behind one interface. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import puppeteer, { TargetType, type Browser, type Page } from 'puppeteer-core';
import { browserPath } from './install.ts';

export type Engine = 'chromium' | 'firefox';
export const engines: readonly Engine[] = ['chromium', 'firefox'];

export interface TestBrowser {
  readonly engine: Engine;
  readonly puppeteer: Browser;
  newPage(): Promise<Page>;
  /** Opens the popup as a page, for a client that may be open in another tab. */
  openPopup(client: string): Promise<Page>;
  /** Presses *Turn on* in the popup and waits until it shows the client as turned on. */
  turnOn(client: string): Promise<void>;
  /** Everything that the extension has in `storage.local`, as text. */
  storedText(): Promise<string>;
  /** Ends the service worker or event page and waits until it is gone. */
  killBackground(): Promise<void>;
  close(): Promise<void>;
}

export interface LaunchOptions {
  /** false: no extension. */
  extension?: boolean;
  headless?: boolean;
  /** Firefox ends its event page after so many ms without work (default there: 30 000). */
  idleTimeout?: number;
  /** Ordinary host names that resolve to this machine, such as `client.test`. */
  hosts?: readonly string[];
  /** Accepts certificates of anybody, as of the identity servers that `startSydent` runs. */
  insecure?: boolean;
}

/** Fixed, so that the extension's pages have a known address in Firefox. */
const UUID = 'f3b2c9d4-5a61-4e0b-8f27-1c9a6d3e7b10';
const CHROMIUM_ARGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-search-engine-choice-screen'.split(
    ' ',
  );

const top = path.resolve(import.meta.dirname, '../..');

export async function launch(engine: Engine, options: LaunchOptions = {}): Promise<TestBrowser> {
  const browser = engine === 'chromium' ? await launchChromium(options) : await launchFirefox(options);
  const base = options.extension === false ? '' : await extensionBase(engine, browser);
  const openPopup = async (client: string): Promise<Page> => {
    const page = await browser.newPage();
    await openExtensionPage(page, `${base}/popup.html?client=${encodeURIComponent(client)}`);
    return page;
  };
  return {
    engine,
    puppeteer: browser,
    newPage: () => browser.newPage(),
    openPopup,
    async turnOn(client) {
      const page = await openPopup(client);
      await page.waitForSelector('.turn-on');
      await page.click('.turn-on');
      await page.waitForSelector('.turn-off');
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
    killBackground: () => (engine === 'chromium' ? killWorker(browser) : waitForIdle(openPopup)),
    close: () => browser.close(),
  };
}

async function launchChromium({
  extension = true,
  headless = true,
  hosts = [],
  insecure = false,
}: LaunchOptions): Promise<Browser> {
  const rules = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(',');
  return puppeteer.launch({
    browser: 'chrome',
    executablePath: await browserPath('chromium'),
    headless,
    pipe: true,
    ...(extension && { enableExtensions: [path.join(top, 'dist/chromium')] }),
    args: [
      ...CHROMIUM_ARGS,
      ...(rules ? [`--host-resolver-rules=${rules}`] : []),
      ...(insecure ? ['--ignore-certificate-errors'] : []),
    ],
    defaultViewport: { width: 1100, height: 800 },
  });
}

async function launchFirefox(options: LaunchOptions): Promise<Browser> {
  const { extension = true, headless = true, idleTimeout, hosts = [], insecure = false } = options;
  const folder = path.join(top, 'dist/firefox');
  const manifest = JSON.parse(await fs.readFile(path.join(top, 'manifest.json'), 'utf8')) as {
    browser_specific_settings: { gecko: { id: string } };
  };
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: await browserPath('firefox'),
    headless,
    acceptInsecureCerts: insecure,
    // without it BiDi does not open pages of an extension
    args: ['--remote-allow-system-access'],
    extraPrefsFirefox: {
      'extensions.webextOptionalPermissionPrompts': false,
      'extensions.webextensions.uuids': JSON.stringify({
        [manifest.browser_specific_settings.gecko.id]: UUID,
      }),
      ...(idleTimeout !== undefined && { 'extensions.background.idle.timeout': idleTimeout }),
      ...(hosts.length > 0 && { 'network.dns.localDomains': hosts.join(',') }),
    },
    defaultViewport: { width: 1100, height: 800 },
  });
  if (extension) await browser.installExtension(folder);
  return browser;
}

/** `moz-extension://…` or `chrome-extension://…`; in Chromium also lets the popup's request be granted silently. */
async function extensionBase(engine: Engine, browser: Browser): Promise<string> {
  if (engine === 'firefox') return `moz-extension://${UUID}`;
  const worker = await browser.waitForTarget((target) => target.type() === TargetType.SERVICE_WORKER);
  const { origin, host } = new URL(worker.url().replace('chrome-extension:', 'http:'));
  const page = await browser.newPage();
  await page.goto('chrome://extensions/');
  // grants nothing yet: every later `permissions.request` from a click is answered with yes (platform.md f)
  await page.evaluate(
    (id) =>
      new Promise<void>((resolve) => {
        const { developerPrivate } = (
          globalThis as unknown as { chrome: { developerPrivate: DeveloperPrivate } }
        ).chrome;
        developerPrivate.addHostPermission(id, '*://*/*', () => resolve());
      }),
    host,
  );
  await page.close();
  return origin.replace('http:', 'chrome-extension:');
}

interface DeveloperPrivate {
  addHostPermission(id: string, pattern: string, done: () => void): void;
}

/**
 * In Firefox the navigation to a page of an extension is never reported as done, but the page is there; a look that
 * meets the navigation itself fails, so look again until it is shown.
 */
async function openExtensionPage(page: Page, url: string): Promise<void> {
  void page.goto(url, { timeout: 2500, waitUntil: 'domcontentloaded' }).catch(() => undefined);
  const isShown = (): Promise<boolean> =>
    page.evaluate(
      () => location.protocol.endsWith('extension:') && document.querySelector('main *') !== null,
    );
  for (const end = Date.now() + 30_000; !(await isShown().catch(() => false));) {
    if (Date.now() > end) throw new Error(`${url} did not show in 30 s`);
    await pause(50);
  }
}

async function killWorker(browser: Browser): Promise<void> {
  const isWorker = (target: { type(): string }): boolean => target.type() === 'service_worker';
  for (const target of browser
    .targets()
    .filter((each) => isWorker(each) && each.url().startsWith('chrome-extension:'))) {
    await (await target.worker())?.close();
  }
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
