/** Which requests the worker answers: those of Matrix that nobody has decided about. All others it leaves alone. */
import { Route } from 'workbox-routing/Route.js';
import { Router } from 'workbox-routing/Router.js';
import { isMatrix, PASSED, placeOf } from '../core/place.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const FALLBACK = /^client\/.*\/auth\/[^/]+\/fallback\/web$/;

/**
 * For `InstallEvent.addRoutes`, where there is one: all else does not even start the worker. Of what a document has
 * decided, Chromium loses what is sent while its page is being left (`keepalive`), where a worker sees it.
 */
export function notOurs(): object {
  const isMatrixPath = { urlPattern: new URLPattern({ pathname: '*/_matrix/*' }) };
  const isDecided = { urlPattern: new URLPattern({ hash: PASSED.slice(1) }) };
  return { condition: { or: [{ not: isMatrixPath }, isDecided] }, source: 'network' };
}

export function isUndecided(url: URL, request: Request): boolean {
  const place = placeOf(url);
  if (!place || url.hash === PASSED) return false;
  return request.mode === 'navigate' ? FALLBACK.test(place.path) : isMatrix(place.path);
}

/** @param client id of the document or worker that asks, empty when it is not known */
export function createRouter(answer: (request: Request, client: string) => Promise<Response>): Router {
  const router = new Router();
  for (const method of METHODS) {
    router.registerRoute(
      new Route(
        ({ url, request }) => isUndecided(url, request),
        ({ request, event }) => answer(request, (event as FetchEvent).clientId),
        method,
      ),
    );
  }
  return router;
}
