/** Where a request goes: its URL taken apart at `/_matrix`, and whose server that is (url-rules.md, section B). */

/**
 * The fragment on a request that was decided already: to the net, or to a page worker, that takes everything else home.
 * It never shows on the wire, and survives a client's own service worker.
 */
export const PASSED = '#hw-pass';

/** A URL taken apart at its first `_matrix` segment. */
export interface Place {
  readonly url: URL;
  /** Everything before `/_matrix`, as written. */
  readonly base: string;
  /** The same without the empty segments that a path may begin or end with (`//_matrix`). */
  readonly home: string;
  /**
   * The path after `/_matrix/`, each segment percent-decoded once for comparison. An encoded slash stays encoded: it
   * never makes a boundary.
   */
  readonly path: string;
  /** The path from `/_matrix` on and the query, byte for byte. */
  readonly rest: string;
}

/** Takes an absolute or page-relative URL apart; null when it has no `_matrix` segment or is no http(s) URL. */
export function locate(href: string, page: string): Place | null {
  // a data: URL may be megabytes
  if (/^\s*(data|blob):/i.test(href)) return null;
  try {
    return placeOf(new URL(href, page));
  } catch {
    return null;
  }
}

export function placeOf(url: URL): Place | null {
  const segments = url.pathname.split('/');
  const at = segments.findIndex((segment) => decode(segment) === '_matrix');
  if (at < 0 || !/^https?:/.test(url.protocol)) return null;
  const before = segments.slice(0, at).join('/');
  return {
    url,
    base: url.origin + before,
    home: url.origin + before.replace(/^\/+(?=\/|$)|\/+$/g, ''),
    path: segments
      .slice(at + 1)
      .map(decode)
      .join('/'),
    rest: `/${segments.slice(at).join('/')}${url.search}`,
  };
}

/** Whether a path is of an API that Homeward routes: client-server, media, identity. */
export function isMatrix(path: string): boolean {
  return /^(client|media|identity)(\/|$)/.test(path);
}

/** Whose server: of the target, which is tried first, or of the portal; null: of neither. */
export function sideOf(
  place: Place,
  isMedia: boolean,
  portal: string,
  target: string | null,
): 'portal' | 'target' | null {
  if (place.home === target) return 'target';
  if (place.home === portal || (isMedia && lostPrefix(place, portal))) return 'portal';
  return isMedia && lostPrefix(place, target ?? '') ? 'target' : null;
}

/** matrix-js-sdk's `new URL('/_matrix/…', base)` loses the base URL's path for media (content-repo.ts). */
export function lostPrefix({ url, home }: Place, base: string): boolean {
  return home === url.origin && base.startsWith(`${home}/`);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment).replaceAll('/', '%2F');
  } catch {
    return segment;
  }
}
