/** How a page, or a process of a page that was taken over, could try to speak as the popup. */
import type { CDPSession, Page } from 'puppeteer-core';
import type { Engine } from '../support/browser.ts';

/** Messages of the popup, and where the extension's pages are. */
type Messages = readonly object[];
type Forge = (page: Page, messages: Messages) => Promise<unknown>;

const forgeries: readonly [string, Forge][] = [
  ['events of the channel', (page, messages) => page.evaluate(byEvents, messages)],
  ['posted messages', (page, messages) => page.evaluate(byPost, messages)],
  ['runtime.sendMessage of the page', (page, messages) => page.evaluate(byRuntime, messages)],
  ['a frame with the popup in it', (page, messages) => page.evaluate(byFrame, messages)],
];

/** In Firefox nothing of a test reaches the world of content scripts. */
export function forgeriesOf(engine: Engine): readonly [string, Forge][] {
  return engine === 'chromium'
    ? [...forgeries, ['the content script’s own world', byContentScript]]
    : forgeries;
}

async function byEvents(messages: Messages): Promise<void> {
  const element = document.createElement('i');
  document.documentElement.append(element);
  dispatchEvent(new MouseEvent('homeward-handshake', { relatedTarget: element }));
  for (const target of [element, document, window, document.documentElement]) {
    for (const [id, message] of messages.entries()) {
      const detail = JSON.stringify({ id: id + 1, ...message });
      for (const type of ['ask', 'tell', 'homeward-handshake'])
        target.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
    }
  }
  element.remove();
}

async function byPost(messages: Messages): Promise<void> {
  for (const message of messages) {
    postMessage(message, '*');
    postMessage(JSON.stringify(message), '*');
  }
}

async function byRuntime(messages: Messages): Promise<void> {
  interface Runtime {
    runtime?: { sendMessage?: (...of: unknown[]) => Promise<unknown> };
  }
  const { chrome, browser } = globalThis as unknown as { chrome?: Runtime; browser?: Runtime };
  const { base = '' } = (messages.at(-1) ?? {}) as { base?: string };
  for (const api of [chrome?.runtime, browser?.runtime]) {
    for (const message of messages) {
      try {
        await Promise.race([
          api?.sendMessage?.(new URL(base.replace(/^[a-z-]+:/, 'http:')).hostname, message),
          new Promise((resolve) => {
            setTimeout(resolve, 200);
          }),
        ]);
      } catch {
        // nobody listens
      }
    }
  }
}

/** Its buttons could be pressed unseen. */
async function byFrame(messages: Messages): Promise<void> {
  const { base = '' } = (messages.at(-1) ?? {}) as { base?: string };
  const frame = document.createElement('iframe');
  frame.src = `${base}/popup.html?client=${encodeURIComponent(location.origin)}`;
  document.body.append(frame);
  await new Promise((resolve) => {
    frame.addEventListener('load', resolve);
    setTimeout(resolve, 1000);
  });
  for (const message of messages) frame.contentWindow?.postMessage(message, '*');
}

/** What a process can do that was taken over. The background looks at who sends. */
async function byContentScript(page: Page, messages: Messages): Promise<void> {
  const session = await page.createCDPSession();
  const id = await isolatedWorld(session);
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
    contextId: id,
    awaitPromise: true,
    returnByValue: true,
    expression: `Promise.all(${JSON.stringify(messages)}.map((message) => chrome.runtime.sendMessage(message).then((answer) => answer ?? null, () => null)))`,
  });
  await session.detach();
  if (exceptionDetails) throw new Error(exceptionDetails.text);
  const answers = result.value as unknown[];
  if (answers.some((answer) => answer !== null)) throw new Error(`answered: ${JSON.stringify(answers)}`);
}

async function isolatedWorld(session: CDPSession): Promise<number> {
  const found = new Promise<number>((resolve) => {
    session.on('Runtime.executionContextCreated', ({ context }) => {
      if (context.origin.startsWith('chrome-extension:')) resolve(context.id);
    });
  });
  await session.send('Runtime.enable');
  return found;
}
