/**
 * Base URLs of homeservers and identity servers: the part before `/_matrix`.
 *
 * Stricter than matrix-js-sdk's `sanitizeWellKnownUrl`, because we act on a URL that a *server* names, with the user's
 * token. The rules are numbered as in the design's url-rules.md, section A.
 */

/** Why a value is no base URL that we follow. One human sentence each in `_locales` (`reason_…`). */
export type BaseUrlReason =
  | 'not-a-string'
  | 'empty'
  | 'too-long'
  | 'control-or-space'
  | 'backslash'
  | 'no-scheme'
  | 'scheme'
  | 'no-host'
  | 'query-or-fragment'
  | 'userinfo'
  | 'percent-in-host'
  | 'empty-port'
  | 'dot-segment'
  | 'encoded-slash-or-nul'
  | 'bad-percent'
  | 'empty-segment'
  | 'odd-path'
  | 'contains-matrix-path'
  | 'unparsable'
  | 'bad-host'
  | 'odd-ipv4'
  | 'unspecified-address'
  | 'link-local'
  | 'bad-port'
  | 'loopback-from-remote'
  | 'identity-needs-https'
  | 'downgrade';

export interface BaseUrlContext {
  readonly kind: 'homeserver' | 'identity';
  /** `user`: typed by hand, so a missing scheme means `https://`. */
  readonly source: 'server' | 'user';
  /** The base URL that the value is compared with: the portal, or the homeserver for an identity server. */
  readonly portal: string;
}

export type BaseUrl =
  | {
      readonly ok: true;
      /** `protocol//host[:port]path`, no trailing slash, host lower-case or punycode, path bytes as given. */
      readonly base: string;
      /** The same without the scheme, as `id_server` names it in request bodies. */
      readonly idServer: string;
      /** Whether it is the portal itself. */
      readonly same: boolean;
    }
  | { readonly ok: false; readonly reason: BaseUrlReason };

const MAX_LENGTH = 2048;

/** https://fetch.spec.whatwg.org/#port-blocking, 0 included: the browser answers a network error. */
const BAD_PORTS =
  ' 0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080 ';

/**
 * Validates and normalises a base URL.
 *
 * @param value any JSON value, as a server or a user gave it
 * @returns the normalised base or the code of the first rule it breaks; never throws
 */
export function parseBaseUrl(value: unknown, context: BaseUrlContext): BaseUrl {
  if (typeof value !== 'string') return reject('not-a-string');
  const text = value.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, '');
  const given = context.source === 'user' && !text.includes('://') ? `https://${text}` : text;
  const reason = (text === '' ? 'empty' : null) ?? reasonOfText(given) ?? reasonOfPath(pathOf(given));
  if (reason) return reject(reason);
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    return reject('unparsable');
  }
  const unsafe = reasonOfHost(url, given) ?? reasonOfReach(url, context);
  if (unsafe) return reject(unsafe);
  const idServer = url.host + url.pathname.replace(/\/+$/, '');
  const base = `${url.protocol}//${idServer}`;
  return { ok: true, base, idServer, same: base === context.portal };
}

/** Whether a host name is this machine: `localhost`, `*.localhost`, 127/8, `::1`, also IPv4-mapped. */
export function isLoopback(hostname: string): boolean {
  return /^(?:.*\.)?localhost\.?$|^127\.|^\[::1\]$/.test(mappedIpv4(hostname) ?? hostname);
}

function reject(reason: BaseUrlReason): BaseUrl {
  return { ok: false, reason };
}

/** Rules 2 to 5: what can be said of the text before a parser repairs it silently. */
function reasonOfText(text: string): BaseUrlReason | null {
  if (text.length > MAX_LENGTH) return 'too-long';
  if (/[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(text)) return 'control-or-space';
  if (text.includes('\\')) return 'backslash';
  const scheme = /^[a-z][a-z\d+.-]*(?=:)/i.exec(text)?.[0].toLowerCase();
  if (scheme === undefined) return 'no-scheme';
  if (scheme !== 'http' && scheme !== 'https') return 'scheme';
  const authority = authorityOf(text);
  if (authority === '') return 'no-host';
  if (/[?#]/.test(text)) return 'query-or-fragment';
  if (authority.includes('@')) return 'userinfo';
  if (authority.includes('%')) return 'percent-in-host';
  return authority.endsWith(':') ? 'empty-port' : null;
}

/** Rule 6. */
function reasonOfPath(path: string): BaseUrlReason | null {
  const segments = path.replace(/\/+$/, '').split('/').slice(1);
  if (segments.some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))) return 'dot-segment';
  if (/%(?:2f|5c|00)/i.test(path)) return 'encoded-slash-or-nul';
  if (/%(?![\da-f]{2})/i.test(path)) return 'bad-percent';
  if (segments.includes('')) return 'empty-segment';
  if (/[*|]/.test(path)) return 'odd-path';
  return /\/(?:_|%5f)matrix(?:\/|$)|\/\.well-known(?:\/|$)/i.test(path) ? 'contains-matrix-path' : null;
}

/** Rules 7 and 8. */
function reasonOfHost(url: URL, given: string): BaseUrlReason | null {
  const host = url.hostname;
  const mapped = mappedIpv4(host);
  const address = mapped ?? host;
  if (!host.startsWith('[')) {
    if (!/^[\w-]+(?:\.[\w-]+)*\.?$/.test(host)) return 'bad-host';
    const written = authorityOf(given).replace(/:\d*$/, '');
    if (/^\d+\.\d+\.\d+\.\d+$/.test(host) && written !== host) return 'odd-ipv4';
  }
  if (address === '0.0.0.0' || host === '[::]') return 'unspecified-address';
  if (address.startsWith('169.254.') || /^\[fe[89ab]/.test(host)) return 'link-local';
  return url.port !== '' && BAD_PORTS.includes(` ${url.port} `) ? 'bad-port' : null;
}

/** Rules 9 and 10: where a remote portal must not aim a client, and where a token must not travel in clear. */
function reasonOfReach(url: URL, { kind, portal }: BaseUrlContext): BaseUrlReason | null {
  const from = new URL(portal);
  if (isLoopback(url.hostname)) return isLoopback(from.hostname) ? null : 'loopback-from-remote';
  if (url.protocol === 'https:') return null;
  if (kind === 'identity') return 'identity-needs-https';
  return from.protocol === 'http:' ? null : 'downgrade';
}

function authorityOf(text: string): string {
  return /^[a-z]+:\/\/([^/?#]*)/i.exec(text)?.[1] ?? '';
}

function pathOf(text: string): string {
  return text.replace(/^[a-z]+:\/\/[^/?#]*/i, '');
}

/** The IPv4 address in an IPv4-mapped IPv6 host (`[::ffff:7f00:1]`, the parser's spelling), or null. */
function mappedIpv4(hostname: string): string | null {
  const [, high, low] = /^\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]$/.exec(hostname) ?? [];
  if (high === undefined || low === undefined) return null;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
}
