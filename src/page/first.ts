import { addEventListener, apply, dispatchEvent } from '../patch/natives.ts';
import { HERE } from '../wire/channel.ts';

const { stopImmediatePropagation, preventDefault } = Event.prototype;

/** Whether Homeward is not in this document yet. Natives that a page may have replaced since are not for a second. */
export function isFirst(): boolean {
  const init = { __proto__: null, cancelable: true } as EventInit;
  if (!apply(dispatchEvent, window, [new Event(HERE, init)])) return false;
  const answer = (event: Event): void => {
    apply(stopImmediatePropagation, event, []);
    apply(preventDefault, event, []);
  };
  apply(addEventListener, window, [HERE, answer, true]);
  return true;
}
