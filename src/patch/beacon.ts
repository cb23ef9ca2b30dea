/** `navigator.sendBeacon`: one that may not go as it is becomes a `fetch` that outlives the page. */
import { locate } from '../core/place.ts';
import { PASS } from '../core/verdict.ts';
import { tokenOf } from '../request/sketch.ts';
import { route } from './fetch.ts';
import { nativeFetch } from './natives.ts';
import { replace } from './replace.ts';
import type { Router } from '../request/router.ts';

/** @returns undoes it */
export function patchBeacon(prototype: Navigator, router: Router): () => void {
  return replace(prototype, 'sendBeacon', (run, self, args) => {
    if (args.length === 0) return run(self, args);
    const [input, body] = args;
    const url = `${input as string}`;
    const page = document.baseURI;
    const sketch = { method: 'POST', url, page, token: tokenOf(null, url), body: undefined };
    const verdict = locate(url, page) ? router.decide({ ...sketch, sync: false, ruled: false }) : PASS;
    if (verdict.act === 'pass') return run(self, [verdict.marked ?? url, ...args.slice(1)]);
    const init = { __proto__: null, method: 'POST', body, keepalive: true };
    route(nativeFetch, url, [url, init], router).catch(() => undefined);
    return true;
  });
}
