/** Elements of a page in WebKitGTK, and what a person does with them, as puppeteer has it. */
import type { PageFunction } from './webkit-script.ts';

/** A page, as its elements use it. */
export interface Handled {
  readonly keyboard: Keyboard;
  evaluate(test: PageFunction, ...args: unknown[]): Promise<unknown>;
  /** By what a person has in hand: a source of actions of WebDriver. */
  act(source: object): Promise<void>;
}

export interface Keyboard {
  press(key: string): Promise<void>;
  type(text: string): Promise<void>;
}

export interface Press {
  count?: number;
}

const KEYS: Record<string, string> = {
  Backspace: '\uE003',
  Tab: '\uE004',
  Enter: '\uE007',
  Escape: '\uE00C',
  End: '\uE010',
  Home: '\uE011',
  ArrowLeft: '\uE012',
  ArrowUp: '\uE013',
  ArrowRight: '\uE014',
  ArrowDown: '\uE015',
  Delete: '\uE017',
};

/** What WebDriver sends and takes for an element of the page. */
export type Reference = Record<string, string>;

export class WebkitElement {
  readonly #page: Handled;
  readonly reference: Reference;

  constructor(page: Handled, reference: Reference) {
    this.#page = page;
    this.reference = reference;
  }

  evaluate(test: PageFunction, ...args: unknown[]): Promise<unknown> {
    return this.#page.evaluate(test, this.reference, ...args);
  }

  async focus(): Promise<void> {
    await this.evaluate((element: HTMLElement) => element.focus());
  }

  /** In its middle, wherever that is shown, as puppeteer does it: WebDriver's own click refuses what lies below another. */
  async click({ count = 1 }: Press = {}): Promise<void> {
    await this.evaluate((element: Element) =>
      element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' }),
    );
    const presses = Array.from({ length: count }, () => [
      { type: 'pointerDown', button: 0 },
      { type: 'pointerUp', button: 0 },
    ]);
    const move = { type: 'pointerMove', duration: 0, origin: this.reference, x: 0, y: 0 };
    const actions = [move, ...presses.flat()];
    await this.#page.act({ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions });
  }

  async type(text: string): Promise<void> {
    await this.focus();
    await this.#page.keyboard.type(text);
  }

  async press(key: string): Promise<void> {
    await this.focus();
    await this.#page.keyboard.press(key);
  }

  async dispose(): Promise<void> {
    // it goes with its document
  }
}

export function keyboardOf(page: Pick<Handled, 'act'>): Keyboard {
  const keys = async (values: readonly string[]): Promise<void> => {
    const actions = values.flatMap((value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ]);
    await page.act({ type: 'key', id: 'keyboard', actions });
  };
  return {
    press: (key) => keys([keyOf(key)]),
    type: (text) => keys(Array.from(text)),
  };
}

function keyOf(name: string): string {
  const key = KEYS[name] ?? (name.length === 1 ? name : undefined);
  if (key === undefined) throw new Error(`WebKitGTK's page has no key '${name}'`);
  return key;
}
