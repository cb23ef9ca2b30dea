/**
 * The hook's end of the private channel to the bridge.
 *
 * The bridge, which runs right after the hook and before any script of the page, sends a detached element as
 * `relatedTarget` of one event; string `CustomEvent`s on that element are the channel. A page has no reference to it,
 * and nothing here is observable from a page (platform.md b): natives are captured, and every object handed to one has
 * a null prototype. After an extension reload another bridge comes, under a name that only this hook was told.
 */
import { addEventListener, apply, dispatchEvent, getter } from '../patch/natives.ts';
import { HANDSHAKE, PROTOCOL } from '../wire/channel.ts';
import type { Background, Listener } from '../page/background.ts';
import type { Change, Tell } from '../wire/document.ts';

const { removeEventListener } = EventTarget.prototype;
const { stopImmediatePropagation, preventDefault } = Event.prototype;
const { parse, stringify } = JSON;
const { CustomEvent } = window;
const relatedTarget = getter(MouseEvent.prototype, 'relatedTarget');
const uiDetail = getter(UIEvent.prototype, 'detail');
const detail = getter(CustomEvent.prototype, 'detail');

/** Milliseconds that calls wait for another bridge when theirs is dead: an extension reload takes one or two seconds. */
const PATIENCE = 5000;

function unheardByPage(event: Event): void {
  apply(stopImmediatePropagation, event, []);
}

interface Waiting {
  readonly text: string;
  readonly settle: (tell: Tell) => void;
}

const GONE: Tell = { id: 0, ok: false, value: null };

export function openChannel({ onChange, onReopen, collect }: Listener): Background {
  let element: unknown = null;
  let name = HANDSHAKE;
  let isGone = false;
  let count = 0;
  let open: () => void;
  // no method that a page may have replaced is called on it
  const waiting = { __proto__: null } as unknown as Record<number, Waiting>;

  const dispatch = (type: string, text: string): boolean => {
    const init = { __proto__: null, detail: text, cancelable: true } as CustomEventInit;
    return apply(dispatchEvent, element, [new CustomEvent(type, init)]);
  };

  /** A bridge that lives prevents the default of what it takes; one without its extension does not. */
  const send = (id: number, { text }: Waiting): void => {
    if (dispatch('ask', text)) lost(id);
  };

  const lost = (id: number): void => {
    const sentTo = element;
    setTimeout(() => {
      if (element !== sentTo) return;
      isGone = true;
      waiting[id]?.settle(GONE);
    }, PATIENCE);
  };

  const listenTo = (bridge: unknown): void => {
    const receive = (event: Event): void => {
      const tell = parse(apply(detail, event, []) as string) as Tell;
      if (bridge !== element) return;
      if (tell.id === 0) onChange(tell.value as Change);
      else if (!tell.ok && tell.value !== 'refused') lost(tell.id);
      else waiting[tell.id]?.settle(tell);
    };
    apply(addEventListener, bridge, ['tell', receive]);
    apply(addEventListener, bridge, ['collect', () => dispatch('collected', stringify(collect()))]);
  };

  const handshake = (event: Event): void => {
    apply(stopImmediatePropagation, event, []);
    if (apply(uiDetail, event, []) !== PROTOCOL) return;
    // the first name keeps its listener: Firefox runs the bridge again after a reload, and no page is to hear it
    apply(removeEventListener, window, [name, handshake, true]);
    apply(addEventListener, window, [HANDSHAKE, unheardByPage, true]);
    apply(preventDefault, event, []);
    const isFirst = element === null;
    element = apply(relatedTarget, event, []);
    isGone = false;
    listenTo(element);
    if (isFirst) return open();
    onReopen();
    for (const id in waiting) send(Number(id), waiting[id] as Waiting);
  };
  apply(addEventListener, window, [HANDSHAKE, handshake, true]);

  return {
    opened: new Promise((resolve) => {
      open = resolve;
    }),
    call: (call, args) =>
      new Promise((resolve, reject) => {
        count += 1;
        const id = count;
        const settle = ({ ok, value }: Tell): void => {
          delete waiting[id];
          if (ok) resolve(value as never);
          else reject();
        };
        const ask: Waiting = { text: stringify({ __proto__: null, id, call, args }), settle };
        // an event on null would be one on the window
        if (!element || isGone) return reject();
        waiting[id] = ask;
        send(id, ask);
      }),
    again(next) {
      if (next === name) return;
      apply(removeEventListener, window, [name, handshake, true]);
      name = next;
      apply(addEventListener, window, [name, handshake, true]);
    },
  };
}
