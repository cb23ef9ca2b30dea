/**
 * User-interactive authentication in a popup (spec, "Fallback"): the client opens a page of its homeserver, which it
 * takes the portal for; a rule takes that page home, and home it says `authDone`. The specification's own example
 * believes that only from the portal's origin, so that is what the event tells.
 */
import { locate } from '../core/place.ts';
import type { Route } from '../core/verdict.ts';
import { addEventListener, apply, defineProperty, getter } from '../patch/natives.ts';
import { replace } from '../patch/replace.ts';

const { MessageEvent } = window;
const read = Object.fromEntries(
  ['data', 'origin', 'source'].map((key) => [key, getter(MessageEvent.prototype, key)]),
) as Record<'data' | 'origin' | 'source', () => unknown>;

const FALLBACK = /^client\/.*\/auth\/[^/]+\/fallback\/web$/;

/**
 * @param routeAt the redirected session that a client at this portal uses
 * @param opensHome no rule takes the page home: it is opened there
 * @returns undoes it
 */
export function patchFallback(
  owner: Window,
  routeAt: (portal: string) => Route | null,
  opensHome: boolean,
): () => void {
  const opened = new WeakMap<object, { readonly portal: string; readonly target: string }>();

  apply(addEventListener, owner, [
    'message',
    (event: Event): void => {
      const source = apply(read.source, event, []) as object | null;
      const page = source && opened.get(source);
      if (!page || !event.isTrusted) return;
      const [data, origin] = [apply(read.data, event, []), apply(read.origin, event, [])];
      if (data !== 'authDone' || origin !== page.target) return;
      // not another event: Firefox cannot make one whose source is a window of another site
      defineProperty(event, 'origin', { __proto__: null, value: page.portal } as PropertyDescriptor);
    },
    true,
  ]);

  return replace(owner, 'open', (run, self, args) => {
    // undefined is no address, as natively
    if (args[0] === undefined) return run(self, args);
    const url = `${args[0] as string}`;
    const place = locate(url, document.baseURI);
    const route = place && FALLBACK.test(place.path) ? routeAt(place.home) : null;
    const address = opensHome && route?.target ? route.target + place?.rest : url;
    const result = run(self, [address, ...args.slice(1)]);
    if (result && route?.target) {
      const originOf = (base: string): string => new URL(base).origin;
      opened.set(result, { portal: originOf(route.portal), target: originOf(route.target) });
    }
    return result;
  });
}
