/**
 * `XMLHttpRequest`: methods and getters of its prototype; the constructor stays what it is.
 *
 * A request is known at `open()`, its token only at `send()`: there the native `open()` runs again with the new URL.
 * That fires no event (the state is OPENED already) and keeps everything but the author's headers, which are replayed.
 */
import { PASS, type Mutable, type Sketch, type Verdict, type Watch } from '../core/verdict.ts';
import { locate } from '../core/place.ts';
import { BODYLESS } from '../core/role.ts';
import { readBodyFields, tokenOf } from '../request/sketch.ts';
import { addEventListener, apply, open, send, setRequestHeader } from './natives.ts';
import { replace } from './replace.ts';
import type { Router } from '../request/router.ts';
import { settle, type Settled } from '../request/settle.ts';
import { learnFrom } from './xhr-answer.ts';
import { patchFakes, type Fake } from './xhr-fake.ts';
import { end, snapshot, textOf, type Body, type Ending } from './xhr-hold.ts';

type Header = readonly [name: unknown, value: unknown];

/** One `open()` of a Matrix request. */
interface Opened {
  /** As `open()` was called, the URL a string. */
  readonly args: unknown[];
  readonly headers: Header[];
  sent: boolean;
  /** What was sent, while `send()` has returned and nothing went out. */
  held: { readonly body: Body } | null;
  watch: Watch | null;
  /** What `readyState` says of a request that ended while it was held. */
  state?: number;
  /** Its answer, where no server gave it. */
  fake?: Fake;
}

type Sent = Extract<Verdict, { act: 'send' }>;

const requests = new WeakMap<object, Opened>();

/** @returns undoes it */
export function patchXhr(prototype: XMLHttpRequest, router: Router): () => void {
  const undo = [
    replace(prototype, 'open', (run, self, args) => {
      // made strings once and in this order, by us instead of by the browser
      const [method, url, ...rest] = args;
      const changed = args.length > 1 ? [once(method), once(url), ...rest] : args;
      requests.delete(self);
      // before the native call, whose event a page may set headers in (browser-request does)
      if (args.length > 1 && locate(changed[1] as string, document.baseURI)) {
        requests.set(self, { args: changed, headers: [], sent: false, held: null, watch: null });
      }
      try {
        run(self, changed);
      } catch (error) {
        requests.delete(self);
        throw error;
      }
    }),
    replace(prototype, 'setRequestHeader', (run, self, args) => {
      const opened = requests.get(self);
      if (!opened || args.length < 2) return run(self, args);
      if (isOver(opened)) throw wrongState();
      const header = [once(args[0]), once(args[1])] as const;
      run(self, header);
      opened.headers.push(header);
    }),
    replace(prototype, 'send', (run, self, args) => {
      const opened = requests.get(self);
      if (!opened) return run(self, args);
      if (isOver(opened)) throw wrongState();
      if (opened.sent) return run(self, args);
      opened.sent = true;
      return start(self as XMLHttpRequest, opened, args, router);
    }),
    replace(prototype, 'abort', (run, self, args) => {
      const opened = requests.get(self);
      if (opened?.held) finish(self as XMLHttpRequest, opened, 'abort');
      else run(self, args);
      if (opened?.state) opened.state = 0;
    }),
    replace(prototype, 'readyState', (run, self, args) => requests.get(self)?.state ?? run(self, args)),
    ...['response', 'responseText'].map((key) =>
      replace(prototype, key, (run, self, args) => {
        const value = run(self, args);
        const opened = requests.get(self);
        if (opened) learnFrom(self as XMLHttpRequest, opened, router, value);
        return value;
      }),
    ),
    ...patchFakes(prototype, (self) => requests.get(self)?.fake),
  ];
  return () => undo.forEach((restore) => restore());
}

function start(xhr: XMLHttpRequest, opened: Opened, args: unknown[], router: Router): void {
  const body = args[0] as Body;
  const [method, url, isAsync = false] = opened.args as [unknown, string, unknown];
  const authorization = opened.headers.filter(isAuthorization).map(([, value]) => value);
  const sync = opened.args.length > 2 && !isAsync;
  const token = tokenOf(authorization.join(', '), url);
  const sketch: Mutable<Sketch> = {
    method: `${method as string}`,
    url,
    page: document.baseURI,
    token,
    body: undefined,
    sync,
    ruled: false,
  };
  let verdict = router.decide(sketch);
  if (verdict.act === 'read' && (sync || typeof body === 'string')) {
    sketch.body = readBodyFields(textOf(body));
    verdict = router.decide(sketch);
  }
  const asksFirst = verdict.act === 'send' && verdict.orPortal && !sync;
  if (asksFirst || verdict.act === 'hold' || verdict.act === 'read' || verdict.act === 'rule') {
    opened.held = { body: snapshot(body) };
    void hold(xhr, opened, opened.held.body, sketch, verdict, router);
  } else go(xhr, opened, args, verdict, router);
}

/** Waits, then sends, unless the request was opened again, aborted or timed out meanwhile. */
async function hold(
  xhr: XMLHttpRequest,
  opened: Opened,
  body: Body,
  sketch: Sketch,
  first: Verdict,
  router: Router,
): Promise<void> {
  const { timeout } = xhr;
  const isWaiting = (): boolean => !!opened.held && requests.get(xhr) === opened;
  if (timeout > 0) setTimeout(() => isWaiting() && finish(xhr, opened, 'timeout'), timeout);
  let verdict = await settle(router, sketch, first, () => textOf(body));
  // the events of a request that was sent cannot be taken back, so the target is asked first whether it is there
  const orPortal = verdict.act === 'send' && verdict.orPortal;
  if (orPortal && !(await router.reaches(orPortal.target))) verdict = { ...PASS, marked: orPortal.url };
  if (!isWaiting()) return;
  if (verdict.act === 'refuse') return finish(xhr, opened, 'error');
  if (verdict.act === 'answer') {
    const [, url] = opened.args as [unknown, string];
    opened.fake = { ...verdict, url: new URL(url, sketch.page).href.replace(/#.*/, '') };
    return finish(xhr, opened, 'load');
  }
  opened.held = null;
  const text = verdict.act === 'send' ? verdict.body : undefined;
  go(xhr, opened, [text ?? body], verdict, router);
}

function go(xhr: XMLHttpRequest, opened: Opened, args: unknown[], verdict: Settled, router: Router): void {
  if (verdict.act === 'refuse' || verdict.act === 'answer')
    throw new DOMException('Network error.', 'NetworkError');
  const { dropToken, addToken, url = verdict.act === 'pass' && verdict.marked } = verdict as Partial<Sent>;
  if (url) {
    const [method, , ...rest] = opened.args;
    apply(open, xhr, [method, url, ...rest]);
    // servers answer `Access-Control-Allow-Origin: *`, which forbids credentials
    if (verdict.act === 'send') xhr.withCredentials = false;
    for (const header of opened.headers) {
      if (!dropToken || !isAuthorization(header)) apply(setRequestHeader, xhr, header);
    }
    if (addToken) apply(setRequestHeader, xhr, ['Authorization', `Bearer ${addToken}`]);
  }
  opened.watch = verdict.watch;
  if (opened.watch) {
    apply(addEventListener, xhr, ['readystatechange', () => learnFrom(xhr, opened, router)]);
  }
  apply(send, xhr, args);
}

function finish(xhr: XMLHttpRequest, opened: Opened, kind: Ending): void {
  const hasBody = opened.held?.body !== null && !BODYLESS.test(opened.args[0] as string);
  opened.held = null;
  opened.state = 4;
  end(xhr, kind, hasBody);
}

function isAuthorization([name]: Header): boolean {
  return /^authorization$/i.test(name as string);
}

/** It waits, or ended while it did: to the browser it looks as if it could still be changed and sent. */
function isOver({ held, state }: Opened): boolean {
  return !!held || state !== undefined;
}

/** A string for an object, so that it is converted once; the browser converts the rest or refuses it. */
function once(value: unknown): unknown {
  return Object(value) === value ? `${value as string}` : value;
}

function wrongState(): DOMException {
  return new DOMException('Not OPENED.', 'InvalidStateError');
}
