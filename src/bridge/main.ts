/**
 * The bridge: the extension's isolated script. Joins the page's channel and the background; knows nothing itself.
 * It uses the native `browser` (Firefox, newer Chromium) or `chrome`, both of which answer with promises.
 */
import { HANDSHAKE, MAX_MESSAGE } from '../wire/channel.ts';
import { change, documentReplies, type Ask, type Tell } from '../wire/document.ts';
import { addressed, type ToBackground, type ToDocument } from '../wire/envelope.ts';

interface Runtime {
  readonly id: string | undefined;
  sendMessage(message: ToBackground): Promise<unknown>;
  readonly onMessage: { addListener(listener: (message: unknown) => void): void };
}

declare const browser: { runtime: Runtime } | undefined;
declare const chrome: { runtime: Runtime };

/** Milliseconds between two tries while the background is starting, being killed or updated. */
const RETRY = 250;
const TRIES = 40;

/** @returns the parsed answer; rejects when the extension is gone */
async function ask(runtime: Runtime, { call, args }: Ask, tries = TRIES): Promise<unknown> {
  try {
    const answer = await runtime.sendMessage({ from: 'document', call, args });
    // a background that is ended in the middle: every real answer is a value or null
    if (answer === undefined) throw new Error('no answer');
    return documentReplies[call](answer);
  } catch (error) {
    // the id disappears when the extension was reloaded, disabled or removed ("Extension context invalidated")
    if (runtime.id === undefined || tries === 0) throw error;
    await new Promise((resolve) => {
      setTimeout(resolve, RETRY);
    });
    return ask(runtime, { id: 0, call, args }, tries - 1);
  }
}

function join({ runtime }: { runtime: Runtime }): void {
  const element = document.createElement('i');
  const tell = (message: Tell): void => {
    element.dispatchEvent(new CustomEvent('tell', { detail: JSON.stringify(message) }));
  };
  element.addEventListener('ask', (event) => {
    const text = String((event as CustomEvent).detail);
    const message = JSON.parse(text) as Ask;
    const { id, call } = message;
    const known = text.length <= MAX_MESSAGE && Object.hasOwn(documentReplies, call);
    const answer = known ? ask(runtime, message) : Promise.reject(new RangeError('no such message'));
    answer.then(
      (value) => tell({ id, ok: true, value }),
      () => tell({ id, ok: false, value: null }),
    );
  });
  runtime.onMessage.addListener((message) => {
    if (addressed(message, self.origin))
      tell({ id: 0, ok: true, value: change((message as ToDocument).change) });
  });
  window.dispatchEvent(new MouseEvent(HANDSHAKE, { relatedTarget: element }));
}

// an opaque origin (a sandboxed document) is nobody's client
if (self.origin !== 'null') join(typeof browser === 'undefined' ? chrome : browser);
