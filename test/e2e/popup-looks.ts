/** What a reader of the popup sees, as numbers and texts. */
import type { Page } from 'puppeteer-core';

export interface Looks {
  /** The text of every `<bdi>`. */
  names: string[];
  /** Those that something cuts or covers at their edges. */
  hidden: string[];
  /** CSS px that the content is wider than the body. */
  overflow: number;
  width: number;
  height: number;
  background: string;
}

export function looks(page: Page): Promise<Looks> {
  return page.evaluate(() => {
    const { body } = document;
    const frame = body.getBoundingClientRect();
    const all = [...document.querySelectorAll('bdi')];
    const cut = all.filter((name) => {
      const box = name.getBoundingClientRect();
      const style = getComputedStyle(name.parentElement ?? name);
      const inside = box.left >= frame.left && box.right <= frame.right + 0.5;
      return !inside || box.height === 0 || style.textOverflow !== 'clip' || style.overflow !== 'visible';
    });
    return {
      names: all.map((name) => name.textContent),
      hidden: cut.map((name) => name.textContent),
      overflow: Math.max(0, body.scrollWidth - body.clientWidth),
      width: frame.width,
      height: frame.height,
      background: getComputedStyle(document.documentElement).backgroundColor,
    };
  });
}

/** Texts with a URL or a user id in them that are not isolated. */
export function namesOutsideOfBdi(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode.textContent ?? '';
      const isName = /:\/\/|^@/.test(text);
      if (isName && !walker.currentNode.parentElement?.closest('bdi')) found.push(text);
    }
    return found;
  });
}

/** The classes of what has the focus, or its tag. */
export function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { activeElement } = document;
    return activeElement?.className || (activeElement?.tagName ?? '');
  });
}

/** Where the extension's scripts run. */
export function registeredPatterns(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { browser } = globalThis as unknown as {
      browser: { scripting: { getRegisteredContentScripts(): Promise<{ matches?: string[] }[]> } };
    };
    const scripts = await browser.scripting.getRegisteredContentScripts();
    return scripts.flatMap(({ matches }) => matches ?? []);
  });
}
