/** What a reader of the popup sees, as numbers and texts. */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'puppeteer-core';

const RESULTS = path.resolve(import.meta.dirname, '../../test-results');

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

/** Texts that are hard to read: contrast below 4.5 (WCAG 2.2, 1.4.3). What cannot be pressed is not meant. */
export function faint(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (color: string): number => {
      const [red = 0, green = 0, blue = 0] = channels(color).map((value) => {
        const part = value / 255;
        return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const backgroundOf = (element: Element | null): string => {
      const color = element ? getComputedStyle(element).backgroundColor : 'rgb(255, 255, 255)';
      return channels(color)[3] === 0 ? backgroundOf(element?.parentElement ?? null) : color;
    };
    const hasText = (element: Element): boolean =>
      element instanceof HTMLInputElement ||
      [...element.childNodes].some(({ nodeType, textContent }) => nodeType === 3 && !!textContent?.trim());
    return [...document.querySelectorAll('main *:not(:disabled, option)')]
      .filter(hasText)
      .flatMap((element) => {
        const lights = [getComputedStyle(element).color, backgroundOf(element)].map(luminance);
        const ratio = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
        return ratio < 4.5 ? [`${ratio.toFixed(2)}: ${element.textContent}`] : [];
      });
  });
}

/** As if the reader had set it, also where a test cannot. */
export async function setScheme(page: Page, scheme: 'light' | 'dark'): Promise<void> {
  await page.evaluate((wanted) => {
    document.documentElement.style.colorScheme = wanted;
  }, scheme);
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

/** A picture of it for whoever wants to look. */
export async function save(page: Page, name: string): Promise<void> {
  await fs.mkdir(RESULTS, { recursive: true });
  await page.bringToFront();
  await page.screenshot({
    path: path.join(RESULTS, `popup-${name}.png`),
    fullPage: name.startsWith('identity'),
  });
}
