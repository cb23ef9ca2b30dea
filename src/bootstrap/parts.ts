/**
 * Firefox asks for further parts of sound and videos at the URL of the first answer: the homeserver's, which nobody maps.
 * What was asked for at first still says where it goes, and with which token now.
 */
import type { Guide } from '../page/start.ts';
import type { Where } from '../site/messages.ts';

/** @param isPlayed of sound or a video, which is asked for in parts */
export type WhereTo = (url: string, isPlayed: boolean) => Promise<Where>;

export function followPlayers(whereTo: Guide['whereTo']): WhereTo {
  const first = new Map<string, string>();
  return async (url, isPlayed) => {
    const place = await whereTo(url);
    if (!isPlayed) return place;
    if (place) first.set(withoutFragment(place.url), url);
    const begun = first.get(withoutFragment(url));
    return place ?? (begun === undefined ? null : whereTo(begun));
  };
}

const withoutFragment = (url: string): string => url.replace(/#.*/, '');
