/**
 * The one grammar of media URLs, for `decide` and for the browser's rules: nothing but a file of a homeserver's media
 * repository may get a token on the way. Strict on purpose: an `mxc:` URI that somebody else chose is pasted into these
 * URLs by old clients, `../` included.
 */

/**
 * A character of a path segment: nothing that begins a query, a fragment, an escape or (`;`) a parameter. `%3A` is the
 * colon of a port.
 */
const CHAR = '[&-.0-:=@-~]';

/**
 * `download/SERVER/ID[/NAME]` or `thumbnail/…`, for RE2 and JavaScript alike. No slash hides behind a percent sign.
 * Written for RE2's small memory in Chromium: few ranges, none negated.
 */
export const FILE = `(?:download|thumbnail)/(?:${CHAR}|%3A)+/${CHAR}+(?:/${CHAR}*)?`;

/** Any characters but a fragment's beginning. */
export const QUERY_CHARS = '[!-"$-~]*';

/** Where downloads without a token were (until MSC3916), and where they are with one. Below `/_matrix/`. */
export const LEGACY = 'media/(?:r0|v1|v3)/';
export const AUTHENTICATED = 'client/v1/media/';

/** Parameters that authenticated media do not have (`mediaMapping` in endpoints.json). */
export const DROPPED = ['allow_remote', 'allow_redirect'] as const;

const FILES = new RegExp(`^/_matrix/(?:${LEGACY}|${AUTHENTICATED})(${FILE})([?].*)?$`);
const MOVED = /^\/_matrix\/media\/(?:r0|v3)\/((?:preview_url|config)(?:[?].*)?)$/;

export interface Media {
  /** Path from `/_matrix` on and query, at a homeserver with authenticated media. */
  readonly rest: string;
  /** A file, which anybody who has a link may ask for without knowing a token. */
  readonly isFile: boolean;
}

/**
 * What a GET asks a media repository for; null for everything else.
 *
 * @param rest path from `/_matrix` on and query, as written
 */
export function mediaOf(rest: string): Media | null {
  const [, file, query = ''] = FILES.exec(rest) ?? [];
  if (file) return { rest: `/_matrix/${AUTHENTICATED}${file}${without(query)}`, isFile: true };
  const [, moved] = MOVED.exec(rest) ?? [];
  return moved ? { rest: `/_matrix/${AUTHENTICATED}${moved}`, isFile: false } : null;
}

/** Whether a server says at `GET /versions` that it has authenticated media (spec v1.11, MSC3916). */
export function hasAuthenticatedMedia(versions: unknown, unstable: unknown): boolean {
  const isListed =
    Array.isArray(versions) &&
    versions.some((version) => {
      const [, minor = ''] = /^v1\.(\d+)$/.exec(String(version)) ?? [];
      return Number(minor) >= 11;
    });
  return isListed || (unstable as Record<string, unknown> | null)?.['org.matrix.msc3916.stable'] === true;
}

function without(query: string): string {
  const dropped: readonly string[] = DROPPED;
  const kept = query
    .slice(1)
    .split('&')
    .filter((pair) => !dropped.includes(pair.split('=', 1)[0] ?? ''))
    .join('&');
  return kept && `?${kept}`;
}
