/**
 * A browser on a profile of its own with the extension installed, not lent for one run: both survive a restart, and
 * the extension can be reloaded, updated, disabled and enabled while pages are open (platform.md l).
 */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'puppeteer-core';
import { testBrowser, type Engine, type LaunchOptions, type TestBrowser } from './browser.ts';
import { chromiumControl } from './persistent-chromium.ts';
import { firefoxControl } from './persistent-firefox.ts';

export interface PersistentBrowser extends TestBrowser {
  /** Quits the browser and opens it again on the same profile. Every `Page` and `puppeteer` of before is dead. */
  restart(options?: RestartOptions): Promise<void>;
  /** As a press on *Reload* does; open pages of the extension are closed by it. */
  reloadExtension(): Promise<void>;
  /** Installs the same extension under another version, while it runs. */
  updateExtension(version: string): Promise<void>;
  disable(): Promise<void>;
  enable(): Promise<void>;
  /** Those of declarativeNetRequest. */
  rules(): Promise<Rules>;
  /** The ids of the registered content scripts. */
  scripts(): Promise<string[]>;
  /** The page that a tab shows which this process has not opened, such as one of a restart. */
  pageAt(url: string): Promise<Page>;
}

export interface RestartOptions {
  /**
   * What the browser opens by itself, before anybody could have talked to it. In Chromium it must be open in a tab,
   * and all tabs are restored as they were; in Firefox it is the start page.
   */
  page?: string;
  /** Installs this version while the browser is not running. */
  version?: string;
}

export interface Rules {
  readonly dynamic: unknown[];
  readonly session: unknown[];
}

export async function launchPersistent(
  engine: Engine,
  options: LaunchOptions = {},
): Promise<PersistentBrowser> {
  const root = await fs.mkdtemp(path.join(os.tmpdir(), 'homeward-profile-'));
  const control = await (engine === 'chromium' ? chromiumControl : firefoxControl)(root, options);
  let running = await control.start({});
  const basic = testBrowser(engine, control.base, () => running);
  const inExtension = async <T>(run: () => Promise<T>): Promise<T> => {
    const page = await basic.openPopup('http://nobody.invalid');
    const result = await page.evaluate(run);
    await page.close();
    return result;
  };
  const { killBackground } = basic;
  // not a copy: `puppeteer` is a getter
  return Object.assign(basic, {
    async restart(how: RestartOptions = {}) {
      await control.quit(running);
      if (how.version !== undefined) await control.setVersion(how.version);
      running = await control.start(how);
    },
    reloadExtension: () => control.reload(running),
    updateExtension: (version: string) => control.update(running, version),
    disable: () => control.setEnabled(running, false),
    enable: () => control.setEnabled(running, true),
    rules: () => inExtension(rules),
    scripts: () => inExtension(scripts),
    pageAt: (url: string) => pageAt(() => running.pages(), url),
    killBackground: () => control.killBackground?.(running) ?? killBackground(),
    async close() {
      await running.close();
      // the browser's last processes may still write
      await fs.rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  });
}

interface ExtensionPage {
  browser: {
    declarativeNetRequest: { getDynamicRules(): Promise<unknown[]>; getSessionRules(): Promise<unknown[]> };
    scripting: { getRegisteredContentScripts(): Promise<{ id: string }[]> };
  };
}

async function rules(): Promise<Rules> {
  const { declarativeNetRequest } = (globalThis as unknown as ExtensionPage).browser;
  return {
    dynamic: await declarativeNetRequest.getDynamicRules(),
    session: await declarativeNetRequest.getSessionRules(),
  };
}

async function scripts(): Promise<string[]> {
  const { scripting } = (globalThis as unknown as ExtensionPage).browser;
  return (await scripting.getRegisteredContentScripts()).map(({ id }) => id);
}

async function pageAt(pages: () => Promise<Page[]>, url: string): Promise<Page> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const page = (await pages()).find((each) => each.url().startsWith(url));
    if (page) return page;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error(`no tab shows ${url}`);
}
