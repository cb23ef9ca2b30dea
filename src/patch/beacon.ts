/** `navigator.sendBeacon`: one that may not go as it is becomes a `fetch` that outlives the page. */
import { locate } from '../core/place.ts';
import { tokenOf } from '../request/sketch.ts';
import { route } from './fetch.ts';
import { nativeFetch } from './natives.ts';
import { replace } from './replace.ts';
import type { Router } from './router.ts';

/** @returns undoes it */
export function patchBeacon(prototype: Navigator, router: Router): () => void {
  return replace(prototype, 'sendBeacon', (run, self, args) => {
    if (args.length === 0) return run(self, args);
    const [input, body] = args;
    const url = `${input as string}`;
    const page = document.baseURI;
    const passes = (): boolean => {
      const sketch = { method: 'POST', url, page, token: tokenOf(null, url), body: undefined };
      return router.decide({ ...sketch, sync: false, ruled: false }).act === 'pass';
    };
    if (!locate(url, page) || passes()) return run(self, [url, ...args.slice(1)]);
    const init = { __proto__: null, method: 'POST', body, keepalive: true };
    route(nativeFetch, url, [url, init], router).catch(() => undefined);
    return true;
  });
}
