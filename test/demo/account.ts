/** Who got what, and whether that is right: from the requests in the order in which they arrived. */
import type { Recorded } from '../support/recorder.ts';

export type Entry = Pick<Recorded, 'server' | 'method' | 'path' | 'token' | 'status'>;

export interface Row {
  readonly server: string;
  before: number;
  after: number;
  /** Of those after the login: with the token of a session. */
  withToken: number;
  signedOut: number;
  /** Of all, for pictures and other files: without the token of a session, and with one. */
  media: number;
  mediaWithToken: number;
}

export interface Account {
  readonly rows: readonly Row[];
  /** Requests that should not have reached the portal, or the wrong homeserver; and homes that nobody came to. */
  readonly problems: readonly string[];
}

/** What the requests are judged by. */
export interface Expectation {
  readonly portal: string;
  /** The homeserver that issued each token. */
  readonly issuers: ReadonlyMap<string, string>;
  /** The server that has to have seen the session's token, if there has been one at all. */
  readonly home?: string;
}

type Phase = 'before' | 'after' | 'signedOut';

/** Preflights are not counted, but a preflight of a request that should not come is a problem like it. */
export function account(
  entries: readonly Entry[],
  servers: readonly string[],
  expected: Expectation,
): Account {
  const counts = { before: 0, after: 0, withToken: 0, signedOut: 0, media: 0, mediaWithToken: 0 };
  const rows = servers.map((server) => ({ server, ...counts }));
  const problems: string[] = [];
  let phase: Phase = 'before';
  for (const entry of entries) {
    const row = rows.find(({ server }) => server === entry.server);
    const isSession = entry.token !== null && expected.issuers.has(entry.token);
    if (row && entry.method !== 'OPTIONS') {
      row[phase] += 1;
      if (phase === 'after' && isSession) row.withToken += 1;
      if (isMedia(entry.path)) row[isSession ? 'mediaWithToken' : 'media'] += 1;
    }
    const problem = problemOf(entry, phase, expected);
    if (problem) problems.push(`${entry.server}: ${entry.method} ${entry.path} (${problem})`);
    phase = nextPhase(phase, entry, expected.portal);
  }
  const { home } = expected;
  const atHome = rows.find(({ server }) => server === home);
  if (home !== undefined && !atHome?.withToken) problems.push(`${home}: no request with the session's token`);
  return { rows, problems };
}

/** Any token counts at the portal, for it has no sessions of its own. */
export function leaks(entry: Entry, { portal, issuers }: Expectation): boolean {
  if (entry.token === null) return false;
  const issuer = issuers.get(entry.token);
  return entry.server === portal || (issuer !== undefined && issuer !== entry.server);
}

function problemOf(entry: Entry, phase: Phase, expected: Expectation): string | null {
  if (leaks(entry, expected)) {
    const issuer = entry.token === null ? undefined : expected.issuers.get(entry.token);
    return issuer === undefined ? 'with a token' : `with a token of ${issuer}`;
  }
  if (phase !== 'after' || entry.server !== expected.portal) return null;
  return isClientServer(entry.path) && !isPortalsOwn(entry.path) ? 'between login and sign-out' : null;
}

function isClientServer(path: string): boolean {
  return /\/_matrix\/(?:client|media)\//.test(path);
}

export function isMedia(path: string): boolean {
  return /\/_matrix\/(?:media|client\/v1\/media)\//.test(path);
}

/** What a portal is there for. With a token none of it would be. */
function isPortalsOwn(path: string): boolean {
  return /\/_matrix\/client\/(?:versions$|(?:api\/v1|[^/]+)\/(?:login|register)(?:\/|$))/.test(path);
}

/** A login ends with the homeserver's answer to it: the portal only passes it on. */
function nextPhase(phase: Phase, { server, method, path, status }: Entry, portal: string): Phase {
  // identity servers have sign-outs too
  if (method !== 'POST' || status !== 200 || server === portal || !isClientServer(path)) return phase;
  if (path.endsWith('/login')) return 'after';
  return /\/logout(?:\/all)?$/.test(path) ? 'signedOut' : phase;
}
