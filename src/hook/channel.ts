/**
 * The hook's end of the private channel to the bridge.
 *
 * The bridge, which runs right after the hook and before any script of the page, sends a detached element as
 * `relatedTarget` of one event; string `CustomEvent`s on that element are the channel. A page has no reference to it,
 * and nothing here is observable from a page (platform.md b): natives are captured, and every object handed to one has
 * a null prototype.
 */
import { addEventListener, apply, dispatchEvent, getter } from '../patch/natives.ts';
import { HANDSHAKE } from '../wire/channel.ts';
import type { Ask, CallBackground, Change, Tell } from '../wire/document.ts';

const { removeEventListener } = EventTarget.prototype;
const { stopImmediatePropagation } = Event.prototype;
const { parse, stringify } = JSON;
const { CustomEvent } = window;
const relatedTarget = getter(MouseEvent.prototype, 'relatedTarget');
const detail = getter(CustomEvent.prototype, 'detail');

export interface Channel {
  /** Resolves when the bridge is there. */
  readonly opened: Promise<void>;
  /** Rejects when nobody will answer any more: the extension was reloaded, disabled or removed. */
  readonly call: CallBackground;
}

/** @param onChange gets what the background tells without being asked */
export function openChannel(onChange: (change: Change) => void): Channel {
  let element: unknown = null;
  let open: () => void;
  const waiting: ((tell: Tell) => void)[] = [({ value }) => onChange(value as Change)];

  const receive = (event: Event): void => {
    const tell = parse(apply(detail, event, []) as string) as Tell;
    waiting[tell.id]?.(tell);
  };

  const handshake = (event: Event): void => {
    apply(stopImmediatePropagation, event, []);
    apply(removeEventListener, window, [HANDSHAKE, handshake, true]);
    element = apply(relatedTarget, event, []);
    apply(addEventListener, element, ['tell', receive]);
    open();
  };
  apply(addEventListener, window, [HANDSHAKE, handshake, true]);

  return {
    opened: new Promise((resolve) => {
      open = resolve;
    }),
    call: (call, args) =>
      new Promise((resolve, reject) => {
        const id = waiting.push(({ ok, value }) => (ok ? resolve(value as never) : reject())) - 1;
        const ask = { __proto__: null, id, call, args } as Ask;
        const init = { __proto__: null, detail: stringify(ask) } as CustomEventInit;
        // an event on null would be one on the window
        if (!element) reject();
        else apply(dispatchEvent, element, [new CustomEvent('ask', init)]);
      }),
  };
}
