/** What the servers saw of a row of the grid: who was asked before and after the account data was known, and with what. */
import { expect } from 'vitest';
import type { Recorded } from '../support/recorder.ts';
import { ACCOUNT_DATA } from './identity-calls.ts';
import { friendAt, serverNames, type ServerName, type Stage } from './identity-clients-stage.ts';
import { REFUSED, type Outcome, type State } from './identity-clients-use.ts';

/** Before the account data is known, and after; `out`: before the login or after the logout. */
type Phase = 'out' | 'before' | 'after';
interface Seen {
  readonly phase: Phase;
  /** It was known already, to an earlier document or before a change. */
  readonly again: boolean;
  /** What another client changed is known. */
  readonly changed: boolean;
  readonly request: Recorded;
}

const V1 = /^js-sdk-0$|^vector-web$/;
const PING = /\/_matrix\/identity\/(?:api\/v1|v2)\/?$/;
/** riot-web pings so often before a login page, and fewer times after a sign-out. */
const PINGS = { 'riot-web': 2 } as Record<string, number | undefined>;

/** All that reached identity servers, preflights too. */
function seen({ recorder, begun, known }: Stage): Seen[] {
  const at = (server: string, end: string): number =>
    recorder.all.findIndex((r) => r.server === server && r.method === 'POST' && r.path.endsWith(end));
  const [login, logout] = [at('portal', '/login'), at('alpha', '/logout')];
  // what the account says is changed, if at all, when the second begins
  const change = known.find((mark) => mark > (begun[1] ?? Infinity)) ?? Infinity;
  return recorder.all.flatMap((request, index) => {
    if (!request.server.startsWith('is')) return [];
    const isOut = index < login || (logout >= 0 && index > logout);
    const start = Math.max(...begun.filter((mark) => mark <= index));
    const isKnown = known.some((mark) => mark > start && mark <= index);
    const phase = isOut ? 'out' : isKnown ? 'after' : 'before';
    return [{ request, phase, again: begun.indexOf(start) > 0, changed: index >= change }];
  });
}

/** The only one that may be asked. */
function right({ asks, change }: State, { changed }: Seen): ServerName | null {
  return change && changed ? change.asks : asks;
}

function isRight(state: State, one: Seen, client: string): boolean {
  const { request, phase } = one;
  const isPing = PING.test(request.path);
  if (phase === 'out') return client in PINGS && request.server === 'is0' && isPing;
  return request.server === right(state, one) && (phase === 'after' || (isPing && one.again));
}

/** `before: is0 GET /_matrix/…` */
function lines(all: readonly Seen[]): string[] {
  return all.map(({ phase, request: { server, method, url } }) => `${phase}: ${server} ${method} ${url}`);
}

export function shown({ recorder: { all }, begun, known, client }: Stage): string[] {
  return all.flatMap(({ server, method, url, status }, index) => [
    ...begun.filter((mark) => mark === index).map(() => '--- begun'),
    ...known.filter((mark) => mark === index).map(() => '--- known'),
    ...(server === client ? [] : [`${server} ${method} ${url} ${status}`]),
  ]);
}

export function witness(stage: Stage, { lookups, invited }: Outcome, state: State) {
  const { client, recorder, identity } = stage;
  const all = seen(stage);
  const before = all.filter(({ request }) => recorder.all.indexOf(request) < (stage.begun[0] ?? 0));
  const own = ({ request }: Seen): boolean =>
    request.token === null || identity[request.server as ServerName].tokens().includes(request.token);
  const data = recorder.requests(({ method, path }) => method === 'PUT' && path.endsWith(ACCOUNT_DATA));
  const atPortal = recorder.requests(({ server, token }) => server === 'portal' && token !== null);
  const atSite = recorder.matrix().filter(({ server }) => server === client);
  return {
    lookups,
    invited,
    'invitations at the homeserver': invitations(stage),
    'asked too early, or the wrong one': lines(all.filter((one) => !isRight(state, one, client))),
    'with a token of another server': lines(all.filter((one) => !own(one))),
    'pings before the login, beyond the documented': Math.max(0, before.length - (PINGS[client] ?? 0)),
    'account data written': data.map(({ body }) => body),
    'at the portal with a token': atPortal.map(({ url }) => url),
    'at the site of the client': atSite.map(({ url }) => url),
  };
}

export function expected({ client, identity }: Stage, { asks, change }: State): ReturnType<typeof witness> {
  const refused = expect.stringMatching(`^${REFUSED}`) as string;
  const answer = (name: ServerName | null): string => (name ? friendAt(name) : refused);
  const last = change?.asks ?? asks;
  const token = asks && !V1.test(client) ? `of ${asks}` : 'none';
  return {
    lookups: [asks, ...(change?.while === 'open' ? [last] : []), last].map(answer),
    invited: asks ? 'invited' : refused,
    'invitations at the homeserver': asks ? [{ idServer: identity[asks].idServer, token }] : [],
    'asked too early, or the wrong one': [],
    'with a token of another server': [],
    'pings before the login, beyond the documented': 0,
    'account data written': [],
    'at the portal with a token': [],
    'at the site of the client': [],
  };
}

/** The bodies as the homeserver received them; of a token, whose it is. */
function invitations({ recorder, identity }: Stage): { idServer: unknown; token: string }[] {
  const posted = recorder.requests(({ server, path }) => server === 'alpha' && path.endsWith('/invite'));
  return posted.map(({ body }) => {
    const { id_server: idServer, id_access_token: token } = JSON.parse(body) as Record<string, unknown>;
    const issuer = serverNames.find((name) => identity[name].tokens().includes(String(token)));
    return { idServer, token: token === undefined ? 'none' : `of ${issuer ?? 'nobody'}` };
  });
}

/** `before/after`: the account data was not known yet, or was; signed out is out of both. */
export const HEAD = [
  `| client | account data | browser | signed out: is0 | ${serverNames.map((name) => `${name} before/after`).join(' | ')} | account data written | seconds |`,
  `|${'---|'.repeat(6 + serverNames.length)}`,
];

export function tableRow(stage: Stage, state: string, engine: string, ms: number): string {
  const all = seen(stage).filter(({ request }) => request.method !== 'OPTIONS');
  const count = (server: string, phase: Phase): number =>
    all.filter((one) => one.request.server === server && one.phase === phase).length;
  const asked = serverNames.map((name) => `${count(name, 'before')}/${count(name, 'after')}`);
  const puts = stage.recorder.requests(({ method, path }) => method === 'PUT' && path.endsWith(ACCOUNT_DATA));
  const cells = [stage.client, state, engine, count('is0', 'out'), ...asked, puts.length];
  return `| ${[...cells, (ms / 1000).toFixed(1)].join(' | ')} |`;
}
