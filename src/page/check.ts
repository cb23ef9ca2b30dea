/**
 * Whether a named homeserver is one that this page can use. Asked by the page's own `fetch`, without credentials,
 * headers, redirects or referrer: a server whose CORS refuses the page is of no use to it.
 */
import { field } from '../core/json.ts';
import { hasAuthenticatedMedia } from '../core/media.ts';
import { PASSED } from '../core/place.ts';
import type { Checked } from '../wire/document.ts';
import { pause } from '../request/patience.ts';

/** Milliseconds; a login token lives 5 s, so nothing on this path may be slow. */
const VERSIONS_TIMEOUT = 1500;
const WHOAMI_TIMEOUT = 1000;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Probed {
  readonly result: Exclude<Checked, 'forbidden'>;
  /** It has authenticated media. */
  readonly media: boolean;
}

/** What `GET /versions` says of a server. One that does not answer in time is followed: it may only be slow. */
export async function probe(fetch: Fetch, base: string): Promise<Probed> {
  try {
    const response = await asked(fetch, `${base}/_matrix/client/versions`, VERSIONS_TIMEOUT);
    const body: unknown = response.ok && (await response.json());
    const versions = field(body, 'versions');
    const media = hasAuthenticatedMedia(versions, field(body, 'unstable_features'));
    return { result: Array.isArray(versions) ? 'home' : 'not-a-homeserver', media };
  } catch (error) {
    const { name } = error as Error;
    // Firefox fails the requests of a page that is going away while its scripts still run: then this never resolves
    await pause(200);
    const result =
      name === 'TimeoutError' ? 'home' : name === 'SyntaxError' ? 'not-a-homeserver' : 'unreachable';
    return { result, media: false };
  }
}

/**
 * Whether a server accepts a token at `GET /account/whoami`.
 *
 * @param silence what it means when there is no answer
 */
export async function accepts(fetch: Fetch, base: string, token: string, silence: boolean): Promise<boolean> {
  return whoami(fetch, base, token, WHOAMI_TIMEOUT).then(
    ({ ok }) => ok,
    () => silence,
  );
}

/** r0: every server that has it knows that version. */
export function whoami(fetch: Fetch, base: string, token: string, ms: number): Promise<Response> {
  return asked(fetch, `${base}/_matrix/client/r0/account/whoami`, ms, token);
}

/** A GET of our own, which no rule may take elsewhere. Rejects after so many milliseconds. */
export function asked(fetch: Fetch, url: string, ms: number, token?: string): Promise<Response> {
  return fetch(url + PASSED, {
    signal: AbortSignal.timeout(ms),
    credentials: 'omit',
    redirect: 'error',
    referrerPolicy: 'no-referrer',
    cache: 'no-store',
    ...(token && { headers: { Authorization: `Bearer ${token}` } }),
  });
}
