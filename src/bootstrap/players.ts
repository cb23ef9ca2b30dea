/**
 * Firefox asks for what `<audio>` and `<video>` play past the service worker, unless with CORS (bugzilla 1923096). One of
 * the homeserver's that failed is asked for again with it; the page does not hear of the first failure.
 */
import type { Guide } from '../page/start.ts';
import { addEventListener, apply, getter } from '../patch/natives.ts';
import { unheard } from '../request/patience.ts';

const target = getter(Event.prototype, 'target');
const { stopImmediatePropagation } = Event.prototype;
const { load, play } = HTMLMediaElement.prototype;

export function mendPlayers(goesTo: Guide['goesTo']): void {
  const failed = (event: Event): void => {
    const failing = apply(target, event, []);
    const player = failing instanceof HTMLSourceElement ? failing.parentElement : failing;
    if (!(player instanceof HTMLMediaElement) || player.crossOrigin !== null) return;
    // one that has begun to play has another reason
    if (player.readyState !== HTMLMediaElement.HAVE_NOTHING) return;
    const { src } = failing as HTMLMediaElement | HTMLSourceElement;
    if (!src || !goesTo(src)) return;
    apply(stopImmediatePropagation, event, []);
    const isPlaying = !player.paused;
    player.crossOrigin = 'anonymous';
    apply(load, player, []);
    if (isPlaying) apply(play, player, []).catch(unheard);
  };
  apply(addEventListener, window, ['error', failed, true]);
}
