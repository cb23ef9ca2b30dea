/** Which identity server was asked what, when, and whether that is right. */
import { fromBrowser } from '../support/sydent.ts';
import type { Noted } from './identity-witness.ts';

/** An identity server as requests and bodies name it. */
export interface Named {
  readonly name: string;
  /** host[:port] */
  readonly idServer: string;
}

export interface IdentityRow {
  readonly server: string;
  /** Requests of the browser, by what could be known when they came. */
  before: number;
  unknown: number;
  known: number;
  /** A homeserver asks too, where a client has named a server to it. */
  byHomeserver: number;
  /** Bodies at the homeserver that name this server. */
  named: number;
  /** How often it was asked what. */
  readonly asked: Map<string, number>;
}

export interface IdentityAccount {
  readonly rows: readonly IdentityRow[];
  /** Of the account data that names the identity server. */
  readonly reads: number;
  /** Of any account data. */
  readonly writes: number;
  readonly problems: readonly string[];
}

/** Preflights are not counted, but a preflight of a request that should not come is a problem like it. */
export function identityAccount(noted: readonly Noted[], servers: readonly Named[]): IdentityAccount {
  const rows = servers.map(({ name }) => rowOf(name));
  const problems = wandering(noted, servers);
  const counts = { reads: 0, writes: 0 };
  for (const note of noted) {
    const { server, method, path } = note.recorded;
    const row = rows.find((each) => each.server === server);
    const named = row ? null : namedIn(note);
    if (method !== 'OPTIONS') {
      if (row) count(row, note);
      const inBody = rows[servers.findIndex(({ idServer }) => idServer === named)];
      if (inBody) inBody.named += 1;
      if (path.includes('/account_data/')) {
        if (method !== 'GET') counts.writes += 1;
        else if (path.endsWith('/m.identity_server')) counts.reads += 1;
      }
    }
    const problem = row ? problemAt(note) : problemIn(note, named, servers);
    if (problem) problems.push(`${server}: ${method} ${path} (${problem})`);
  }
  return { rows, ...counts, problems };
}

function rowOf(server: string): IdentityRow {
  return { server, before: 0, unknown: 0, known: 0, byHomeserver: 0, named: 0, asked: new Map() };
}

function count(row: IdentityRow, { recorded, phase }: Noted): void {
  row[fromBrowser(recorded) ? phase : 'byHomeserver'] += 1;
  const what = `${recorded.method} ${recorded.path.replace(/^.*\/_matrix\/identity\//, '')}`;
  row.asked.set(what, (row.asked.get(what) ?? 0) + 1);
}

/** @returns what is wrong with a request that came to an identity server */
function problemAt({ recorded, phase, allowed }: Noted): string | null {
  if (phase === 'unknown') return 'before the account data was known';
  if (recorded.server === allowed) return null;
  return phase === 'before' ? 'while nobody was signed in' : `the account has ${allowed ?? 'none'}`;
}

/** @returns what is wrong with a request that came to a homeserver or the portal */
function problemIn(
  { recorded, phase, allowed }: Noted,
  named: string | null,
  servers: readonly Named[],
): string | null {
  const { method, path } = recorded;
  if (path.includes('/account_data/') && method !== 'GET' && method !== 'OPTIONS') {
    return 'account data was written';
  }
  if (named === null) return null;
  const right = servers.find(({ name }) => name === allowed)?.idServer;
  return phase === 'known' && named === right ? null : `names ${named}`;
}

/** The identity server that the body of a client-server request names. */
function namedIn({ recorded }: Noted): string | null {
  try {
    const value: unknown = Reflect.get(Object(JSON.parse(recorded.body)), 'id_server');
    return typeof value === 'string' ? value : null;
  } catch {
    return null; // no body, or none of JSON
  }
}

/** A token belongs to the server that was first to see it, and to no other, if one of them is an identity server. */
function wandering(noted: readonly Noted[], servers: readonly Named[]): string[] {
  const isIdentity = (server: string): boolean => servers.some(({ name }) => name === server);
  const owners = new Map<string, string>();
  const problems: string[] = [];
  for (const { recorded } of noted) {
    const { token, server, method, path } = recorded;
    if (token === null) continue;
    const owner = owners.get(token) ?? server;
    owners.set(token, owner);
    if (owner === server || !(isIdentity(owner) || isIdentity(server))) continue;
    problems.push(`${server}: ${method} ${path} (with a token of ${owner})`);
  }
  return problems;
}
