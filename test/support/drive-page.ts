// What the drivers share: one interface, and waiting with messages that name the step.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';

/** Uses a client as a person would. Every method rejects with the name of its step. */
export interface ClientDriver {
  /** Loads a fresh document and waits for the login page. */
  open(page: Page, origin: string): Promise<void>;
  /** Fills in the login form; done when the client has synced. Rejects at once if the form shows an error. */
  login(page: Page, user: string, password: string): Promise<void>;
  openRoom(page: Page, roomId: string, roomName: string): Promise<void>;
  /** Sends into the open room; done when the message came back by sync. */
  send(page: Page, text: string): Promise<void>;
  /** Waits for a message, by anyone, in the open room. */
  waitForMessage(page: Page, text: string): Promise<void>;
  /** Done when the client has synced again; the same room is open. */
  reload(page: Page): Promise<void>;
  /** Done when the login page is back. */
  signOut(page: Page): Promise<void>;
  /** Waits for the error on the login form. */
  loginError(page: Page): Promise<string>;
}

const limit = 30_000;

/** Runs in the page, so it sees nothing but its arguments. */
type PageTest = (...args: string[]) => string | boolean | null | undefined;

/** Waits until the test in the page gives something truthy, and returns that as text. */
export async function until(page: Page, step: string, test: PageTest, ...args: string[]): Promise<string> {
  try {
    // not by animation frame: a tab in the background has none
    const handle = await page.waitForFunction(test, { timeout: limit, polling: 100 }, ...args);
    return String(await handle.jsonValue());
  } catch (error) {
    throw await failure(page, step, error);
  }
}

/** Anything else with the page: within the limit, and with the step's name in its error. */
export async function attempt<T>(page: Page, step: string, action: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${limit / 1000} s`)), limit);
  });
  try {
    return await Promise.race([action(), tooLate]);
  } catch (error) {
    throw await failure(page, step, error);
  } finally {
    clearTimeout(timer);
  }
}

/** A fresh document even if the page is at the same address up to the fragment. */
export async function visit(page: Page, url: string): Promise<void> {
  await attempt(page, `open ${url}`, async () => {
    await page.goto('about:blank');
    await page.goto(url, { waitUntil: 'domcontentloaded' });
  });
}

export async function fill(page: Page, step: string, selector: string, text: string): Promise<void> {
  await there(page, step, selector, async () => {
    await page.click(selector, { count: 3 }); // selects what is there
    await page.type(selector, text);
  });
}

export async function click(page: Page, step: string, selector: string): Promise<void> {
  await there(page, step, selector, () => page.click(selector));
}

/** Does it to what is there. Once more where a client draws its form anew between the look and the deed. */
async function there(page: Page, step: string, selector: string, act: () => Promise<void>): Promise<void> {
  const tryIt = async (): Promise<void> => {
    await page.waitForSelector(selector, { visible: true, timeout: limit });
    await act();
  };
  await attempt(page, step, () =>
    tryIt().catch((error: unknown) => {
      if (!/failed to find element|No element found/.test(String(error))) throw error;
      return tryIt();
    }),
  );
}

/** The text of the first such element that has any. */
export function textOf(page: Page, step: string, selector: string): Promise<string> {
  return until(
    page,
    step,
    (wanted) => {
      for (const element of document.querySelectorAll(wanted ?? '')) {
        const text = element.textContent.trim();
        if (text) return text;
      }
      return '';
    },
    selector,
  );
}

/** Waits for such an element that holds the text. */
export async function untilText(page: Page, step: string, selector: string, text: string): Promise<void> {
  await until(
    page,
    step,
    (wanted, part) =>
      [...document.querySelectorAll(wanted ?? '')].some((element) =>
        element.textContent.includes(part ?? ''),
      ),
    selector,
    text,
  );
}

async function failure(page: Page, step: string, cause: unknown): Promise<Error> {
  const text = page.evaluate(() => document.body.innerText.slice(0, 400)).catch(() => '(no document)');
  const shown = await Promise.race([text, sleep(2000, '(no answer)', { ref: false })]);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${step}: ${reason}\n  at ${page.url()}, which shows: ${JSON.stringify(shown)}`, {
    cause,
  });
}
