import { BODYLESS } from '../core/role.ts';

const { Request, Headers } = globalThis;

const COPIED = ['method', 'cache', 'redirect', 'referrerPolicy', 'integrity', 'keepalive', 'signal'] as const;

/**
 * A request with another URL and nothing else changed (but for the body, if one is given), for a server of another origin. No API copies a `Request` to a
 * new URL: with a body, `new Request(url, request)` fails in Chromium over HTTP/1.1 and sends an empty body in Firefox,
 * so the body is read to a Blob. `request` counts as used at once.
 *
 * Credentials are left out: homeservers answer `Access-Control-Allow-Origin: *`, which forbids them (spec, "Web browser
 * clients").
 *
 * @param text a body in the place of the request's own
 */
export async function readdress(
  request: Request,
  url: string,
  dropToken: boolean,
  text?: string,
): Promise<Request> {
  const copied = Object.fromEntries(COPIED.map((key) => [key, request[key]])) as RequestInit;
  const headers = new Headers(request.headers);
  if (dropToken) headers.delete('authorization');
  const { mode, referrer } = request;
  const body = BODYLESS.test(request.method) ? null : await request.blob();
  return new Request(url, {
    ...copied,
    headers,
    body: text ?? (body?.size ? body : null),
    mode: mode === 'no-cors' ? mode : 'cors',
    credentials: 'omit',
    ...(referrer !== 'about:client' && { referrer }),
  });
}
