/**
 * `fetch`. A request that is not Matrix's goes to the native function as it came; a rewritten one differs in its URL
 * only. Held and re-addressed requests become a `Request` at once, so that what the page does later to the parts it
 * passed has no effect, as natively.
 */
import { PASS, type Sketch, type Verdict, type Watch } from '../core/verdict.ts';
import { decodedLater } from './decoded.ts';
import { locate } from '../core/place.ts';
import { readJson } from '../request/answer.ts';
import { READ, STORED_DEADLINE } from '../request/learn.ts';
import { inTime } from '../request/patience.ts';
import { readdress } from '../request/readdress.ts';
import { tokenOf } from '../request/sketch.ts';
import {
  addEventListener,
  apply,
  defineProperty,
  Headers,
  Request,
  Response,
  urlOfRequest,
} from './natives.ts';
import { replace } from './replace.ts';
import type { Router } from '../request/router.ts';
import { settle } from '../request/settle.ts';

export type Native = (...args: unknown[]) => Promise<Response>;
type Sent = Extract<Verdict, { act: 'send' }>;

/** A port that fetch blocks: the native function rejects with its own network error and nothing is sent. */
const UNREACHABLE = 'http://localhost:1/';

/** @returns undoes it */
export function patchFetch(owner: Window & typeof globalThis, router: Router): () => void {
  return replace(owner, 'fetch', (run, self, args) => {
    const native: Native = (...changed) => run(self, changed) as Promise<Response>;
    if (args.length === 0) return native();
    const [input, ...rest] = args;
    const url = urlOfRequest(input);
    if (url !== null) return route(native, url, args, router);
    try {
      // made a string once, by us instead of by the browser
      const text = `${input as string}`;
      return route(native, text, [text, ...rest], router);
    } catch (error) {
      return Promise.reject(error);
    }
  });
}

/** @param args of `fetch`, whose first is a `Request` or the URL as a string */
export function route(native: Native, url: string, args: unknown[], router: Router): Promise<Response> {
  const page = document.baseURI;
  const [input, init] = args as [RequestInfo, RequestInit | undefined];
  const sketch = locate(url, page) && sketchOf(input, url, init, page);
  if (!sketch) return native(...args);
  const verdict = router.decide(sketch);
  const { marked } = verdict as Partial<typeof PASS>;
  if (verdict.act === 'pass' && (!marked || typeof input === 'string')) {
    return watched(marked ? native(marked, ...args.slice(1)) : native(...args), verdict.watch, router);
  }
  // a user name in the URL (`@`) is for `Request` to refuse
  if (verdict.act === 'send' && typeof input === 'string' && !url.includes('@') && canKeep(init, verdict)) {
    return sending(native(verdict.url, ...args.slice(1)), verdict, router, (back) =>
      native(back, ...args.slice(1)),
    );
  }
  try {
    return asRequest(native, new Request(input, init), sketch, verdict, router);
  } catch {
    return native(...args);
  }
}

/** Waits until the request may go, then sends it. Abort rejects at once, with the page's reason. */
async function asRequest(
  native: Native,
  request: Request,
  sketch: Sketch,
  first: Verdict,
  router: Router,
): Promise<Response> {
  const settled = settle(router, sketch, first, () => request.clone().text());
  const verdict = await Promise.race([settled, aborted(request.signal)]);
  if (verdict.act === 'refuse') return native(UNREACHABLE);
  if (verdict.act === 'pass') {
    const { marked, watch } = verdict;
    const passed = marked ? await readdress(request, { url: marked }, true) : request;
    return watched(native(passed), watch, router);
  }
  if (verdict.act === 'answer') return answerOf(verdict, request.url.replace(/#.*/, ''));
  const sent = native(await readdress(request, verdict));
  return sending(sent, verdict, router, async (back) =>
    native(await readdress(request, { url: back }, true)),
  );
}

/** A GET without a token that cannot reach the target is tried once at the portal; an aborted one fails there too. */
function sending(
  sent: Promise<Response>,
  verdict: Sent,
  router: Router,
  again: (url: string) => Promise<Response>,
): Promise<Response> {
  const { orPortal, watch } = verdict;
  return watched(orPortal ? sent.catch(() => again(orPortal.url)) : sent, watch, router);
}

/** The tokens of a login or refresh are stored before the page has them, a 401 is learnt beside; a sync as the page reads it. */
async function observe(sent: Promise<Response>, watch: Watch, router: Router): Promise<Response> {
  const response = await sent;
  const { status, url, ok } = response;
  const learn = (body: unknown) => router.learn(watch, { status, url, body });
  // a page that reloads in the turn of its answer: Firefox has lost what was told in the same turn
  if (ok && READ.test(watch.for)) await inTime(STORED_DEADLINE, learn(await readJson(response)));
  else if (status === 401) void readJson(response).then(learn);
  else if (watch.for === 'sync') decodedLater(response, (body) => void learn(body));
  else void learn(null);
  return response;
}

/** An answer that no server gave. A page-built `Response` has no URL, so it gets one. */
function answerOf({ status, text }: Extract<Verdict, { act: 'answer' }>, url: string): Response {
  const response = new Response(text, { status, headers: { 'Content-Type': 'application/json' } });
  defineProperty(response, 'url', { value: url });
  return response;
}

function watched(sent: Promise<Response>, watch: Watch | null, router: Router): Promise<Response> {
  return watch ? observe(sent, watch, router) : sent;
}

/** Resolves when the page aborts: the native function then rejects with the page's reason and sends nothing. */
function aborted(signal: AbortSignal): Promise<typeof PASS> {
  return new Promise((resolve) => {
    const pass = (): void => resolve(PASS);
    if (signal.aborted) pass();
    apply(addEventListener, signal, ['abort', pass]);
  });
}

/** null: what the native function will refuse too. */
function sketchOf(
  input: RequestInfo,
  url: string,
  init: RequestInit | undefined,
  page: string,
): Sketch | null {
  try {
    const request = typeof input === 'string' ? null : input;
    const headers = init?.headers ? new Headers(init.headers) : request?.headers;
    const method = String(init?.method ?? request?.method ?? 'GET');
    const token = tokenOf(headers?.get('authorization') ?? null, url);
    return { method, url, page, token, body: undefined, sync: false, ruled: false };
  } catch {
    return null;
  }
}

/** Whether the page's own `init` can go along as it is: what it says must make sense at another origin. */
function canKeep(init: RequestInit | undefined, { dropToken, addToken }: Sent): boolean {
  return !dropToken && !addToken && init?.credentials !== 'include' && init?.mode !== 'same-origin';
}
