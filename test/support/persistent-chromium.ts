/** Chromium with the extension as an unpacked one, named on the command line. */
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { extensionFolder, grantSilently } from './browser.ts';
import { startOptions, type LaunchOptions } from './browser-options.ts';
import { setVersion, type Control } from './persistent-control.ts';

interface ExtensionsPage {
  chrome: {
    developerPrivate: {
      reload(id: string, options: { failQuietly: boolean }): Promise<unknown>;
      updateProfileConfiguration(update: { inDeveloperMode: boolean }): Promise<void>;
    };
    management: { setEnabled(id: string, enabled: boolean): Promise<void> };
  };
}

export async function chromiumControl(root: string, options: LaunchOptions): Promise<Control> {
  const folder = path.join(root, 'extension');
  await fs.cp(extensionFolder('chromium'), folder, { recursive: true });
  const id = idOf(await fs.realpath(folder));
  const basic = await startOptions('chromium', options);

  const start: Control['start'] = async ({ page }) => {
    const browser = await puppeteer.launch({
      ...basic,
      userDataDir: path.join(root, 'profile'),
      ignoreDefaultArgs: ['--disable-extensions'],
      args: [
        ...(basic.args ?? []),
        `--load-extension=${folder}`,
        '--disable-features=DisableLoadExtensionCommandLineSwitch',
        // its tabs of before: a page on the command line is not loaded when an extension is named there as well
        ...(page === undefined ? [] : ['--restore-last-session']),
      ],
    });
    await onExtensionsPage(browser, (extensions) => prepare(extensions, id));
    return browser;
  };

  const reload = (browser: Browser): Promise<void> =>
    onExtensionsPage(browser, async (page) => {
      await page.evaluate(async (extension) => {
        const { developerPrivate } = (globalThis as unknown as ExtensionsPage).chrome;
        await developerPrivate.reload(extension, { failQuietly: true });
      }, id);
    });
  return {
    base: `chrome-extension://${id}`,
    start,
    quit: (browser) => browser.close(),
    setVersion: (version) => setVersion(folder, version),
    reload,
    async update(browser, version) {
      await setVersion(folder, version);
      await reload(browser);
    },
    setEnabled: (browser, enabled) =>
      onExtensionsPage(browser, (page) =>
        page.evaluate(
          (extension, wanted) =>
            (globalThis as unknown as ExtensionsPage).chrome.management.setEnabled(extension, wanted),
          id,
          enabled,
        ),
      ),
  };
}

async function onExtensionsPage<T>(browser: Browser, work: (page: Page) => Promise<T>): Promise<T> {
  const page = await browser.newPage();
  await page.goto('chrome://extensions/');
  const result = await work(page);
  await page.close();
  return result;
}

/** Without developer mode a reload disables an unpacked extension. */
async function prepare(page: Page, id: string): Promise<void> {
  await page.evaluate(() =>
    (globalThis as unknown as ExtensionsPage).chrome.developerPrivate.updateProfileConfiguration({
      inDeveloperMode: true,
    }),
  );
  await grantSilently(page, id);
}

/** Of an unpacked extension: the start of its path's hash, in letters a to p. */
function idOf(folder: string): string {
  const hash = createHash('sha256').update(folder).digest('hex');
  return hash
    .slice(0, 32)
    .replaceAll(/./g, (digit) => String.fromCodePoint('a'.charCodeAt(0) + Number.parseInt(digit, 16)));
}
