/**
 * The bridge: the extension's isolated script. Joins the page's channel and the background; knows nothing itself.
 * It uses the native `browser` (Firefox, newer Chromium) or `chrome`, both of which answer with promises.
 */
import { AGAIN, HANDSHAKE, MAX_MESSAGE, PROTOCOL } from '../wire/channel.ts';
import { change, documentReplies, type Ask, type DocumentCalls, type Tell } from '../wire/document.ts';
import { addressed, collects, type ToBackground, type ToDocument } from '../wire/envelope.ts';

interface Runtime {
  readonly id: string | undefined;
  sendMessage(message: ToBackground): Promise<unknown>;
  readonly onMessage: {
    addListener(listener: (message: unknown) => Promise<unknown> | undefined): void;
  };
}

declare const browser: { runtime: Runtime } | undefined;
declare const chrome: { runtime: Runtime };

/** Milliseconds between two tries while the background is starting, being killed or updated. */
const RETRY = 250;
const TRIES = 40;

/** A page that has just begun, in ms: before an update had registered the scripts anew. */
const YOUNG = 30_000;

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

/** @returns the element that is the channel from the hook */
function channelTo(runtime: Runtime): HTMLElement {
  const element = document.createElement('i');
  element.addEventListener('ask', (event) => {
    // one whose extension is gone takes nothing: the hook waits for the next
    if (runtime.id === undefined) return;
    event.preventDefault();
    const text = String((event as CustomEvent).detail);
    const message = JSON.parse(text) as Ask;
    const { id, call } = message;
    if (text.length > MAX_MESSAGE || !Object.hasOwn(documentReplies, call)) {
      return tell(element, { id, ok: false, value: 'refused' });
    }
    ask(runtime, message).then(
      (value) => tell(element, { id, ok: true, value }),
      () => tell(element, { id, ok: false, value: null }),
    );
  });
  return element;
}

/** What the background tells or asks without being asked. */
function listen(runtime: Runtime, element: HTMLElement): void {
  runtime.onMessage.addListener((message) => {
    if (!addressed(message, self.origin)) return undefined;
    if (collects(message)) return Promise.resolve(collected(element));
    tell(element, { id: 0, ok: true, value: change((message as ToDocument).change) });
    return undefined;
  });
}

function tell(element: HTMLElement, message: Tell): void {
  element.dispatchEvent(new CustomEvent('tell', { detail: JSON.stringify(message) }));
}

/** What the hook tells of its decisions, as JSON; it answers in the same turn. */
function collected(element: HTMLElement): unknown {
  let text: unknown = null;
  const read = (event: Event): void => {
    text = (event as CustomEvent).detail;
  };
  element.addEventListener('collected', read, { once: true });
  element.dispatchEvent(new CustomEvent('collect'));
  return text;
}

function join({ runtime }: { runtime: Runtime }): void {
  const world = globalThis as typeof globalThis & { [AGAIN]?: string; homewardJoined?: true };
  if (world.homewardJoined) return;
  const again = world[AGAIN];
  const relatedTarget = channelTo(runtime);
  const handshake = { relatedTarget, detail: PROTOCOL, cancelable: true };
  const isTaken = !window.dispatchEvent(new MouseEvent(again ?? HANDSHAKE, handshake));
  // in Firefox the first one of a reloaded extension has no hook that listens to it; the next comes under the other name
  if (isTaken) world.homewardJoined = true;
  if (isTaken) listen(runtime, relatedTarget);
  if (isTaken || again === undefined) return;
  const call: keyof DocumentCalls = 'unhooked';
  const message = { from: 'document', call, args: { young: performance.now() < YOUNG } } as const;
  // nobody to tell: reloaded once more
  runtime.sendMessage(message).catch(() => undefined);
}

// an opaque origin (a sandboxed document) is nobody's client
if (self.origin !== 'null') join(typeof browser === 'undefined' ? chrome : browser);
