/**
 * Sessions: one login of one user on one client. The background owns the state; every change is an event.
 *
 *   began ──names nothing / an unusable server──────────────► portal
 *     │                                                          ▲ │ next page start: check again
 *     └─names another homeserver─► pending ──check: unusable─────┘ │
 *                                    │                             ▼
 *                                    └──check: fine / no answer──► home        any ──ended, forgotten──► gone
 *
 * Tokens are here as SHA-256 digests only.
 */
import type { AccountKey } from './account.ts';
import type { BaseUrlReason } from './base-url.ts';
import type { NamedBy } from './login-response.ts';

/**
 * Why a session is at the portal. `unreachable`, `not-a-homeserver` and `forbidden` (by the page's CSP) are asked again
 * at the next page start; an `adopted` one began before Homeward was turned on.
 */
export type StayReason =
  'names-nothing' | 'adopted' | 'unreachable' | 'not-a-homeserver' | 'forbidden' | BaseUrlReason;

export type Standing =
  { readonly at: 'pending' } | { readonly at: 'home' } | { readonly at: 'portal'; readonly why: StayReason };

export interface Session {
  readonly id: string;
  /** Origin of the client's page. */
  readonly client: string;
  readonly portal: string;
  /** Base URL of the homeserver that the login named, if it named a usable one. */
  readonly named: string | null;
  readonly namedBy: NamedBy | null;
  /** The login was answered by another server than the portal (307): the portal never saw the token. */
  readonly redirected: boolean;
  readonly standing: Standing;
  /** Its homeserver is known to have authenticated media (MSC3916). */
  readonly media: boolean;
  readonly user: string;
  readonly device: string | null;
  /** Digests, newest first: the last two of each are good until the newer one has been used (MSC2918). */
  readonly access: readonly string[];
  readonly refresh: readonly string[];
  /** Milliseconds since the epoch. */
  readonly began: number;
  readonly used: number;
  /** The homeserver of this user's sign-in before, when it was another one. */
  readonly movedFrom: string | null;
  /** A base URL that a page tried to bind this session's token to, in vain. */
  readonly refused: string | null;
  /** A newer login of the same user and device took its place; its tokens are still routed. */
  readonly superseded: boolean;
}

/** Where a user was at home last: kept when the session ends, to tell of a move. */
export interface LastHome {
  readonly client: string;
  readonly portal: string;
  readonly user: string;
  readonly base: string;
}

export interface State {
  readonly sessions: readonly Session[];
  readonly lastHomes: readonly LastHome[];
}

export type Began = Omit<
  Session,
  'access' | 'refresh' | 'media' | 'used' | 'movedFrom' | 'refused' | 'superseded'
> & {
  readonly access: string;
  readonly refresh: string | null;
};

export type Event =
  | { readonly type: 'began'; readonly session: Began }
  | { readonly type: 'checked'; readonly id: string; readonly standing: Standing }
  | {
      readonly type: 'refreshed';
      readonly id: string;
      readonly access: string;
      readonly refresh: string | null;
    }
  | { readonly type: 'media'; readonly id: string }
  | { readonly type: 'used'; readonly id: string; readonly at: number }
  /** `all`: `/logout/all` and a deactivated account end the user's other sessions at that homeserver too. */
  | { readonly type: 'ended'; readonly id: string; readonly all: boolean };

export const EMPTY: State = { sessions: [], lastHomes: [] };
export const MAX_PER_CLIENT = 8;
export const MAX_SESSIONS = 64;

/** The base URL that a session's requests go to, or null when they stay at the portal. */
export function targetOf(session: Session): string | null {
  return session.standing.at === 'portal' ? null : session.named;
}

/** The account that a session is one of: its homeserver's word counts for its own users only. */
export function accountKeyOf(session: Session): AccountKey {
  const { client, portal, user } = session;
  return { client, home: targetOf(session) ?? portal, user };
}

const ASKED_AGAIN: ReadonlySet<StayReason> = new Set(['unreachable', 'not-a-homeserver', 'forbidden']);

/** Whether the next page start asks the named homeserver again. */
export function isWorthAnotherCheck({ named, standing }: Session): boolean {
  if (named === null || standing.at === 'home') return false;
  return standing.at === 'pending' || ASKED_AGAIN.has(standing.why);
}

/** The session of a client that a token digest (access or refresh) belongs to. */
export function findByDigest(state: State, client: string, digest: string): Session | null {
  return state.sessions.find((session) => session.client === client && hasDigest(session, digest)) ?? null;
}

/** The sessions of a client, the most recently used first. */
export function sessionsOf(state: State, client: string): Session[] {
  return state.sessions.filter((session) => session.client === client).toSorted((a, b) => b.used - a.used);
}

/** The state after an event. The same object when nothing changed. */
export function reduce(state: State, event: Event): State {
  switch (event.type) {
    case 'began':
      return begin(state, event.session);
    case 'checked':
      return update(state, event.id, (session) => ({ ...session, standing: event.standing, media: false }));
    case 'media':
      return update(state, event.id, (session) => (session.media ? session : { ...session, media: true }));
    case 'refreshed':
      return refreshed(state, event);
    case 'used':
      return update(state, event.id, (session) => ({ ...session, used: event.at }));
    case 'ended':
      return end(state, event);
  }
}

function begin(state: State, began: Began): State {
  const { client, access, refresh } = began;
  const bound = [access, refresh].flatMap((digest) => findByDigest(state, client, digest ?? '') ?? []);
  const other = bound.find((session) => routeOf(session) !== routeOf(began));
  if (other)
    return update(state, other.id, (session) => ({ ...session, refused: began.named ?? began.portal }));
  if (findByDigest(state, client, access)) return state;
  const home = began.named ?? began.portal;
  const before = state.lastHomes.find((last) => isSameUser(last, began))?.base ?? home;
  const session: Session = {
    ...began,
    access: [access],
    refresh: refresh === null ? [] : [refresh],
    media: false,
    used: began.began,
    movedFrom: before === home ? null : before,
    refused: null,
    superseded: false,
  };
  const others = state.sessions.map((old) => (replaces(began, old) ? { ...old, superseded: true } : old));
  return { sessions: capped([...others, session]), lastHomes: withHome(state.lastHomes, session) };
}

function refreshed(state: State, event: Extract<Event, { type: 'refreshed' }>): State {
  const owner = state.sessions.find((session) => hasDigest(session, event.access));
  if (owner && owner.id !== event.id) return state;
  return update(state, event.id, (session) => ({
    ...session,
    access: lastTwo(session.access, event.access),
    refresh: event.refresh === null ? session.refresh : lastTwo(session.refresh, event.refresh),
  }));
}

function end(state: State, { id, all }: Extract<Event, { type: 'ended' }>): State {
  const ended = state.sessions.find((session) => session.id === id);
  if (!ended) return state;
  const goesToo = (session: Session): boolean =>
    all && isSameUser(session, ended) && targetOf(session) === targetOf(ended);
  return { ...state, sessions: state.sessions.filter((session) => session !== ended && !goesToo(session)) };
}

function update(state: State, id: string, change: (session: Session) => Session): State {
  if (!state.sessions.some((session) => session.id === id)) return state;
  const sessions = state.sessions.map((each) => (each.id === id ? change(each) : each));
  return sessions.every((each, index) => each === state.sessions[index]) ? state : { ...state, sessions };
}

function hasDigest(session: Session, digest: string): boolean {
  return session.access.includes(digest) || session.refresh.includes(digest);
}

function routeOf({ portal, named }: Pick<Session, 'portal' | 'named'>): string {
  return `${portal} ${named ?? ''}`;
}

function isSameUser(a: Pick<Session, 'client' | 'portal' | 'user'>, b: typeof a): boolean {
  return a.client === b.client && a.portal === b.portal && a.user === b.user;
}

/** Reusing a device id ends the device's older session at its server; elsewhere it is a soft logout's second login. */
function replaces(began: Began, old: Session): boolean {
  return began.device !== null && began.device === old.device && isSameUser(began, old);
}

function lastTwo(digests: readonly string[], newest: string): string[] {
  return [newest, ...digests.filter((digest) => digest !== newest)].slice(0, 2);
}

/** The home of a session that stayed because its homeserver did not answer is still the one that was named. */
function withHome(homes: readonly LastHome[], session: Session): LastHome[] {
  const { client, portal, user } = session;
  const others = homes.filter((home) => !isSameUser(home, session));
  return [{ client, portal, user, base: session.named ?? portal }, ...others].slice(0, MAX_SESSIONS);
}

/** Drops the longest unused sessions, first of a client that has too many, then of all. The newest stays. */
function capped(sessions: readonly Session[]): Session[] {
  const kept: Session[] = [];
  const counts = new Map<string, number>();
  for (const session of sessions.toSorted((a, b) => b.used - a.used || b.began - a.began)) {
    const count = (counts.get(session.client) ?? 0) + 1;
    if (count > MAX_PER_CLIENT || kept.length >= MAX_SESSIONS) continue;
    counts.set(session.client, count);
    kept.push(session);
  }
  return kept;
}
