/** The popup, opened once in a tab and shown for one client after the other. */
import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import messages from '../../_locales/en/messages.json' with { type: 'json' };
import type { TestBrowser } from '../support/browser.ts';
import { attempt } from '../support/drive-page.ts';

export interface StoredSession {
  id: string;
  client: string;
  user: string;
  named: string | null;
  standing: { at: string; why?: string };
  refused: string | null;
  movedFrom: string | null;
}

export interface Popup {
  readonly page: Page;
  /** Shows it anew. */
  show(client: string): Promise<void>;
  /** All the text in it, shown anew. */
  text(client: string): Promise<string>;
  /** Presses *Turn on* and waits until the client is shown as on. */
  turnOn(client: string): Promise<void>;
  /** Presses the button that asks for access to portal and homeserver, if it is there, and waits until it is not. */
  grant(client: string): Promise<void>;
  press(selector: string): Promise<void>;
  /** The sessions of a client as they are on disk. */
  sessions(client: string): Promise<StoredSession[]>;
  /** The badge on the tab of a client. */
  badge(client: string): Promise<string>;
}

interface ExtensionPage {
  browser: {
    storage: { local: { get(): Promise<{ state?: { sessions?: StoredSession[] } }> } };
    tabs: { query(of: object): Promise<{ id: number; url?: string }[]> };
    action: { getBadgeText(of: { tabId: number }): Promise<string> };
  };
}

/** A message of the extension, with its names filled in. */
export function sentence(key: keyof typeof messages, ...names: string[]): string {
  const { message } = messages[key];
  let index = 0;
  return message.replaceAll(/\$\w+\$/g, () => names[index++] ?? '');
}

export async function openPopupPage(browser: TestBrowser): Promise<Popup> {
  const page = await browser.openPopup('http://nobody.invalid');
  let shown = 0;
  const show = (client: string): Promise<void> =>
    attempt(page, `popup for ${client}`, async () => {
      shown += 1;
      const search = `?client=${encodeURIComponent(client)}&shown=${shown}`;
      await page.evaluate((next) => {
        location.search = next;
      }, search);
      await waitFor(
        page,
        (next) => location.search === next && !!document.querySelector('main > :not(.no-answer)'),
        search,
      );
    });
  const press = (selector: string): Promise<void> =>
    attempt(page, `press ${selector} in the popup`, async () => {
      await page.bringToFront();
      await clicked(async () => {
        await page.waitForSelector(selector);
        await page.click(selector);
      });
    });
  return {
    page,
    show,
    press,
    async text(client) {
      await show(client);
      return textOf(page);
    },
    async turnOn(client) {
      await show(client);
      await press('.turn-on');
      await attempt(page, `turn on ${client}`, () =>
        waitFor(page, () => !!document.querySelector('.turn-off')),
      );
    },
    async grant(client) {
      await show(client);
      await waitFor(page, () => !!document.querySelector('.session'));
      if (!(await page.$('.grant'))) return;
      await press('.grant');
      await attempt(page, `grant access for ${client}`, () =>
        waitFor(page, () => !!document.querySelector('.session') && !document.querySelector('.grant')),
      );
    },
    sessions: (client) => page.evaluate(storedSessions, client),
    badge: (client) => page.evaluate(badgeText, client),
  };
}

/**
 * Where there is no extension: a site has Homeward or not, and needs no access. Its page of settings shows what the popup
 * does.
 */
export function noPopup(
  browser: TestBrowser,
  turnOn: (client: string) => void,
  sessions: (client: string) => Promise<StoredSession[]>,
): Popup {
  const missing = (): never => {
    throw new Error('there is no popup in this form');
  };
  return {
    get page() {
      return missing();
    },
    show: missing,
    async text(client) {
      const page = await browser.newPage();
      try {
        await page.goto(`${client}/homeward.html`, { waitUntil: 'domcontentloaded' });
        const shown = () => settingsText(page);
        await expect.poll(shown, { timeout: 10_000, message: `settings at ${client}` }).not.toBe('');
        return await shown();
      } finally {
        await page.close();
      }
    },
    turnOn(client) {
      turnOn(client);
      return Promise.resolve();
    },
    grant: () => Promise.resolve(),
    press: missing,
    sessions,
    badge: missing,
  };
}

function settingsText(page: Page): Promise<string> {
  return page.evaluate(
    () => document.querySelector('homeward-identity')?.shadowRoot?.querySelector('main')?.textContent ?? '',
  );
}

/** Again if it fails because what is clicked was drawn anew under the click. */
export async function clicked(click: () => Promise<void>): Promise<void> {
  for (let tries = 3; ; tries -= 1) {
    const failure = await click().then(
      () => null,
      (error: Error) => error,
    );
    if (failure === null) return;
    if (tries === 0 || !/detached|not clickable/i.test(failure.message)) throw failure;
  }
}

export function textOf(page: Page): Promise<string> {
  return page.evaluate(() => document.querySelector('main')?.textContent ?? '');
}

/** Not by animation frame: a tab in the background has none. */
export async function waitFor(page: Page, test: (text: string) => boolean, text = ''): Promise<void> {
  await page.waitForFunction(test, { polling: 50, timeout: 20_000 }, text);
}

async function storedSessions(client: string): Promise<StoredSession[]> {
  const { browser } = globalThis as unknown as ExtensionPage;
  const { state } = await browser.storage.local.get();
  return (state?.sessions ?? []).filter((session) => session.client === client);
}

async function badgeText(client: string): Promise<string> {
  const { browser } = globalThis as unknown as ExtensionPage;
  const tabs = await browser.tabs.query({});
  const tab = tabs.find(({ url }) => url?.startsWith(`${client}/`));
  return tab ? browser.action.getBadgeText({ tabId: tab.id }) : 'no tab';
}
