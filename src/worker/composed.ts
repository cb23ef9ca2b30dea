/**
 * The client's own service worker, run inside of ours: a scope has room for one. It comes first, as if it were alone;
 * what it does not answer is ours, and so is what it asks itself.
 */
import { reaches } from '../site/reach.ts';
import { isUndecided } from './routes.ts';

declare const self: ServiceWorkerGlobalScope;

/**
 * @param script path and query on this site
 * @param answer to a Matrix request that nobody has decided about; `asker`: id of the document or worker, empty where it
 *   is not known
 */
export function runClientWorker(
  script: string,
  answer: (request: Request, asker: string) => Promise<Response>,
): void {
  const url = new URL(script, location.origin);
  if (!reaches(url, self.registration.scope))
    throw new TypeError(`${script} is not for ${self.registration.scope}`);
  const native = self.fetch.bind(self);
  const askers = new WeakMap<object, string>();
  self.addEventListener('fetch', ({ request, clientId }) => askers.set(request, clientId));
  const absolute = <T>(input: T): T | string =>
    typeof input === 'string' && URL.canParse(input, url) ? new URL(input, url).href : input;
  self.fetch = (input, init) => {
    const asked = absolute(input);
    // what is not for us, or no request at all, is for the native function
    const request = matrixRequest(asked, init);
    return request ? answer(request, askers.get(input as object) ?? '') : native(asked, init);
  };
  patchCache(absolute, (request) => (matrixRequest(request, undefined) ? self.fetch(request) : null));
  // its relative addresses are relative to it
  const importNatively = self.importScripts.bind(self);
  self.importScripts = (...scripts) => importNatively(...scripts.map(absolute));
  try {
    importNatively(url.href);
  } catch (error) {
    // one that is missing or breaks is refused, as natively
    if (self.registration.active?.scriptURL !== location.href) throw error;
    reportError(error);
    // a new version of it is thrown away, and what was there before stays; a later start goes on without it
    self.addEventListener('install', (event) => event.waitUntil(Promise.reject(error as Error)));
  }
}

/** What `Cache` fetches by itself is seen by no worker: files of the homeserver are fetched here. */
function patchCache(
  absolute: <T>(input: T) => T | string,
  fetched: (request: Request) => Promise<Response> | null,
): void {
  const { addAll, put } = Cache.prototype;
  Cache.prototype.addAll = async function (this: Cache, requests) {
    const asked = Array.from(requests, (each) => new Request(absolute(each)));
    const [own, others] = [new Map<Request, Response>(), [] as Request[]];
    for (const request of asked) {
      const response = await fetched(request);
      if (!response) others.push(request);
      else if (!response.ok || response.status === 206) throw new TypeError(`${request.url} failed`);
      else own.set(request, response);
    }
    await addAll.call(this, others);
    for (const [request, response] of own) await put.call(this, request, response);
  };
  Cache.prototype.add = function (this: Cache, request) {
    return this.addAll([request as RequestInfo]);
  };
}

function matrixRequest(input: RequestInfo | URL, init: RequestInit | undefined): Request | null {
  try {
    const url = new URL(input instanceof Request ? input.url : input, location.href);
    if (!url.pathname.includes('_matrix')) return null;
    const request = new Request(input instanceof Request ? input.clone() : input, init);
    return isUndecided(url, request) ? request : null;
  } catch {
    return null;
  }
}
