import { BODYLESS } from '../core/role.ts';

const { Request, Headers } = globalThis;

const COPIED = ['method', 'cache', 'redirect', 'referrerPolicy', 'integrity', 'keepalive', 'signal'] as const;

/** What CORS lets pass without asking, and a token. */
const SIMPLE = new Set([
  'accept',
  'accept-language',
  'authorization',
  'content-language',
  'content-type',
  'range',
]);

export interface Address {
  readonly url: string;
  readonly dropToken?: boolean;
  readonly addToken?: string | null;
  /** In the place of the request's own. */
  readonly body?: string;
}

/**
 * A request with another URL and nothing else changed but what `address` says. No API copies a `Request` to a new URL:
 * with a body, `new Request(url, request)` fails in Chromium over HTTP/1.1 and sends an empty body in Firefox, so the
 * body is read to a Blob. `request` counts as used at once.
 *
 * @param isSameServer otherwise credentials are left out: homeservers answer `Access-Control-Allow-Origin: *`, which
 *   forbids them (spec, "Web browser clients")
 */
export async function readdress(
  request: Request,
  { url, dropToken, addToken, body: text }: Address,
  isSameServer = false,
): Promise<Request> {
  const copied = Object.fromEntries(COPIED.map((key) => [key, request[key]])) as RequestInit;
  const headers = headersOf(request);
  if (dropToken) headers.delete('authorization');
  if (addToken) headers.set('authorization', `Bearer ${addToken}`);
  const { mode, referrer, credentials } = request;
  const body = BODYLESS.test(request.method) ? null : await request.blob();
  return new Request(url, {
    ...copied,
    headers,
    body: text ?? (body?.size ? body : null),
    // without CORS there is no such header, and no range of a file
    mode: isSameServer || (mode === 'no-cors' && !addToken && !headers.has('range')) ? mode : 'cors',
    credentials: isSameServer ? credentials : 'omit',
    ...(referrer !== 'about:client' && { referrer }),
  });
}

/**
 * Without what the browser itself has put there (WebKit: `icy-metadata` for players, `cache-control` for an EventSource):
 * as headers of a request with CORS they would have to be allowed, and no homeserver does.
 */
function headersOf({ headers, mode, destination }: Request): Headers {
  const copy = new Headers(headers);
  const isByBrowser = mode === 'no-cors' || destination !== '' || copy.get('accept') === 'text/event-stream';
  for (const name of headers.keys()) {
    if (isByBrowser && !SIMPLE.has(name)) copy.delete(name);
  }
  return copy;
}
