/** What runs in pages of WebKitGTK for a test, and how it gets there. */
import { setTimeout as pause } from 'node:timers/promises';

/** Sees nothing but its arguments. */
// oxlint-disable-next-line typescript/no-explicit-any -- as puppeteer's: the caller knows what the page gets
export type PageFunction = (...args: any[]) => unknown;

/** The document that would have answered is gone. */
export class ContextGone extends Error {
  override name = 'ContextGone';
  constructor() {
    super('Execution context was destroyed, most likely because of a navigation.');
  }
}

interface Told {
  /** absent: not settled yet */
  readonly state?: 'value' | 'error' | 'gone';
  readonly value: unknown;
  /** JSON has none */
  readonly isUndefined: boolean;
  readonly url: string;
}

type Execute = (script: string, args: unknown[]) => Promise<unknown>;

let count = 0;

/**
 * Only begins it, and asks later what came of it: a script that the driver waits for would keep all other pages waiting.
 *
 * @param source of a function
 */
export async function run(
  execute: Execute,
  source: string,
  args: unknown[],
): Promise<{ value: unknown; url: string }> {
  count += 1;
  const key = `${process.pid}-${count}`;
  const start = `const __name = (given) => given; return (${sourceOf(begin)})(${JSON.stringify(key)}, (${source}), [...arguments])`;
  // each an argument of its own: the driver sees no element within another value
  let told = (await execute(start, args)) as Told;
  for (let wait = 5; told.state === undefined; wait = Math.min(wait * 2, 50)) {
    await pause(wait);
    told = (await execute(`return (${sourceOf(look)})(arguments[0])`, [key])) as Told;
  }
  if (told.state === 'gone') throw new ContextGone();
  if (told.state === 'error') throw new Error(String(told.value));
  return { value: told.isUndefined ? undefined : told.value, url: told.url };
}

export function sourceOf(test: PageFunction | string): string {
  return typeof test === 'string' ? `() => (${test.replace(/;\s*$/, '')}\n)` : String(test);
}

type Slots = Map<string, Promise<Told> | Told>;

function begin(key: string, test: PageFunction, args: unknown[]): object {
  const url = location.href;
  const told = (value: unknown): object => ({ state: 'value', value, isUndefined: value === undefined, url });
  const failed = (error: unknown): object => {
    const value = error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error);
    return { state: 'error', value, isUndefined: false, url };
  };
  try {
    const value = test(...args);
    if (!(value instanceof Promise)) return told(value);
    const name = Symbol.for('test.slots');
    const { [name]: slots = new Map() } = window as unknown as Record<symbol, Map<string, object>>;
    Object.defineProperty(window, name, { value: slots, configurable: true });
    slots.set(key, { url });
    value.then(
      (result) => slots.set(key, told(result)),
      (error: unknown) => slots.set(key, failed(error)),
    );
    return { url };
  } catch (error) {
    return failed(error);
  }
}

function look(key: string): object {
  const { [Symbol.for('test.slots')]: slots } = window as unknown as Record<symbol, Slots | undefined>;
  const slot = slots?.get(key);
  if (!slot) return { state: 'gone', url: location.href };
  if ('state' in slot) slots?.delete(key);
  return slot;
}

/** `A ::-p-text(words)` as in puppeteer: the innermost elements with the words, in A. */
function findAll(selector: string): Element[] {
  const [, css = '', words] = /^(.*?)\s*::-p-text\((.*)\)$/s.exec(selector) ?? [];
  if (words === undefined) return [...document.querySelectorAll(selector)];
  const has = (each: Element): boolean => each.textContent.includes(words);
  return [...document.querySelectorAll(css || 'body')]
    .flatMap((root) => [root, ...root.querySelectorAll('*')])
    .filter((each) => has(each) && ![...each.children].some(has));
}

function isShown(element: Element): boolean {
  const { width, height } = element.getBoundingClientRect();
  return getComputedStyle(element).visibility === 'visible' && width > 0 && height > 0;
}

/** For sources of functions that need them. */
export const FIND_ALL = sourceOf(findAll);
export const IS_SHOWN = sourceOf(isShown);
