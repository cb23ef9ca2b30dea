/** The part of puppeteer's `Page` that tests and drivers of clients use, by WebDriver. */
import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';
import {
  keyboardOf,
  WebkitElement,
  type Handled,
  type Keyboard,
  type Press,
  type Reference,
} from './webkit-element.ts';
import { ContextGone, FIND_ALL, IS_SHOWN, run, sourceOf, type PageFunction } from './webkit-script.ts';
import { WebDriverError, type Session } from './webkit.ts';

interface Patience {
  timeout?: number;
  polling?: number;
}

interface Loading {
  timeout?: number;
  waitUntil?: string;
}

/** Milliseconds. */
const LIMIT = 30_000;
const POLLING = 50;

/** A symbol's key, on a document that is being left. */
const LEFT = 'test.left';

class WebkitPage implements Handled {
  #url = 'about:blank';
  #isClosed = false;
  readonly #session: Session;
  readonly #window: string;
  readonly keyboard: Keyboard;

  constructor(session: Session, window: string) {
    this.#session = session;
    this.#window = window;
    this.keyboard = keyboardOf(this);
  }

  /** As last seen. */
  url(): string {
    return this.#url;
  }

  isClosed(): boolean {
    return this.#isClosed;
  }

  async goto(url: string, options: Loading = {}): Promise<null> {
    const current = String(await this.evaluate(() => location.href));
    const target = new URL(url);
    if (target.hash === '' || current.split('#')[0] !== target.href.split('#')[0]) {
      return this.#leave('/url', { url }, options);
    }
    await this.evaluate((next: string) => {
      location.href = next;
    }, url);
    return null;
  }

  reload(options: Loading = {}): Promise<null> {
    return this.#leave('/refresh', {}, options);
  }

  /** Done when another document is there, and as far as is asked for. */
  async #leave(
    command: string,
    body: object,
    { waitUntil = 'load', timeout = LIMIT }: Loading,
  ): Promise<null> {
    await this.evaluate((name: string) => {
      Object.defineProperty(window, Symbol.for(name), { value: true });
    }, LEFT);
    await this.#command('POST', command, body);
    const isThere = (name: string, unwanted: string[]): boolean =>
      !(Symbol.for(name) in window) && !unwanted.includes(document.readyState);
    const unwanted = waitUntil === 'domcontentloaded' ? ['loading'] : ['loading', 'interactive'];
    await this.waitForFunction(isThere, { timeout, polling: 20 }, LEFT, unwanted);
    return null;
  }

  evaluate(test: PageFunction | string, ...args: unknown[]): Promise<unknown> {
    return this.#run(sourceOf(test), args);
  }

  async #run(source: string, args: unknown[]): Promise<unknown> {
    const plain = args.map((each) => (each instanceof WebkitElement ? each.reference : each));
    const { value, url } = await run(
      (script, given) => this.#command('POST', '/execute/sync', { script, args: given }),
      source,
      plain,
    );
    this.#url = url;
    return value;
  }

  /** Goes on in the next document when this one is left. */
  async waitForFunction(
    test: PageFunction | string,
    { timeout = LIMIT, polling }: Patience = {},
    ...args: unknown[]
  ) {
    const value = await this.#until(sourceOf(test), args, timeout, polling);
    return { jsonValue: () => Promise.resolve(value), dispose: () => Promise.resolve() };
  }

  async #until(source: string, args: unknown[], timeout: number, polling = POLLING): Promise<unknown> {
    for (const late = Date.now() + timeout; ; await pause(polling)) {
      const value = await this.#run(source, args).catch((error: unknown) => {
        const isBetween = error instanceof ContextGone || error instanceof WebDriverError;
        if (this.#isClosed || !isBetween) throw error;
      });
      if (value) return value;
      if (Date.now() > late) throw new Error(`Waiting failed: ${timeout}ms exceeded`);
    }
  }

  async waitForSelector(
    selector: string,
    {
      visible = false,
      hidden = false,
      timeout = LIMIT,
    }: Patience & { visible?: boolean; hidden?: boolean } = {},
  ): Promise<WebkitElement | null> {
    const source = `(selector, visible, hidden) => {
      const found = (${FIND_ALL})(selector).find((each) => !(visible || hidden) || (${IS_SHOWN})(each));
      return hidden ? !found : found;
    }`;
    const found = await this.#until(source, [selector, visible, hidden], timeout);
    return hidden ? null : new WebkitElement(this, found as Reference);
  }

  async $(selector: string): Promise<WebkitElement | null> {
    return (await this.$$(selector))[0] ?? null;
  }

  async $$(selector: string): Promise<WebkitElement[]> {
    const found = (await this.#run(FIND_ALL, [selector])) as Reference[];
    return found.map((each) => new WebkitElement(this, each));
  }

  async #one(selector: string): Promise<WebkitElement> {
    const found = await this.$(selector);
    if (!found) throw new Error(`failed to find element matching selector "${selector}"`);
    return found;
  }

  async $eval(selector: string, test: PageFunction, ...args: unknown[]): Promise<unknown> {
    return (await this.#one(selector)).evaluate(test, ...args);
  }

  $$eval(selector: string, test: PageFunction, ...args: unknown[]): Promise<unknown> {
    const source = `(selector, ...args) => (${sourceOf(test)})((${FIND_ALL})(selector), ...args)`;
    return this.#run(source, [selector, ...args]);
  }

  async click(selector: string, options?: Press): Promise<void> {
    await (await this.#one(selector)).click(options);
  }

  async focus(selector: string): Promise<void> {
    await (await this.#one(selector)).focus();
  }

  async type(selector: string, text: string): Promise<void> {
    await (await this.#one(selector)).type(text);
  }

  /** By what a person has in hand. */
  async act(source: object): Promise<void> {
    await this.#command('POST', '/actions', { actions: [source] });
  }

  async bringToFront(): Promise<void> {
    await this.#session.within(this.#window, () => Promise.resolve());
  }

  async title(): Promise<string> {
    return String(await this.#command('GET', '/title'));
  }

  async content(): Promise<string> {
    return String(await this.#command('GET', '/source'));
  }

  async setViewport(size: { width: number; height: number }): Promise<void> {
    await this.#command('POST', '/window/rect', size);
  }

  async screenshot({ path }: { path?: string } = {}): Promise<Uint8Array> {
    const picture = Buffer.from(String(await this.#command('GET', '/screenshot')), 'base64');
    if (path !== undefined) await writeFile(path, picture);
    return picture;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#session.close(this.#window);
  }

  #command(method: string, command: string, body?: object): Promise<unknown> {
    return this.#session.within(this.#window, () => this.#session.call(method, command, body));
  }
}

/** What it lacks is named when a test uses it. */
export async function openPage(session: Session): Promise<Page> {
  const page = new WebkitPage(session, await session.open());
  return page as unknown as Page;
}
