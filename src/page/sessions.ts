/**
 * What this document knows: which token is whose, and where it goes.
 *
 *   token seen ───whose?──┬─► nobody's ─────────────────────► passes
 *   login answer ─begin!──┴─► a session ─┬─ needs no check ─► goes to its target, or stays at its portal
 *                                        └─ needs a check ──► held until checked, 2.5 s at most (see check.ts)
 */
import type { Known, Mutable, Route, Until } from '../core/verdict.ts';
import type { Page } from '../wire/document.ts';
import { createAccountData } from './account-data.ts';
import type { Fetch } from './check.ts';
import type { Background } from './background.ts';
import { dictionary, type Held } from './held.ts';
import { createHomes } from './homes.ts';
import { createTokens } from './tokens.ts';
import { createWaking } from './waking.ts';
import { unheard } from '../request/patience.ts';

export type Sessions = ReturnType<typeof createSessions>;

export interface Surroundings {
  /** The native one, for requests of our own. */
  readonly fetch: Fetch;
  readonly page: () => Omit<Page, 'sessions' | 'signedOut'>;
  /** Whether the page's CSP was seen to forbid a base URL. */
  readonly forbids: (base: string) => boolean;
  /** Called when the background says that this origin is not turned on. */
  readonly turnedOff: () => void;
  /** A page worker acts on what is not marked. */
  readonly marksAll: boolean;
}

export function createSessions(
  { opened, call: background, again }: Background,
  { fetch, page, forbids, turnedOff, marksAll }: Surroundings,
) {
  const held = dictionary<Held>(); // by session id
  const account = createAccountData(fetch, background);
  const homes = createHomes(background, fetch, forbids);
  let loginAt: string | null = null;
  const known: Mutable<Known> = {
    ready: false,
    awake: false,
    signedOut: false,
    get claimed() {
      return tokens.claimed();
    },
    get adopting() {
      return tokens.adopting();
    },
    last: null,
    recent: [],
    marksAll,
    sessionOf: (token) => tokens.ownerOf(token),
    tokenOf: (route: Held) => route.token ?? null,
  };

  /** The background tells of a session. One that was settled here does not become pending again. */
  const change = (route: Route): Held => {
    const session = (held[route.id] ??= { ...route });
    if (!session.ended && !known.recent.includes(session)) known.recent = [session, ...known.recent];
    session.target = route.target;
    session.pending &&= route.pending;
    session.media ||= route.media;
    return session;
  };

  /** The document uses a session's token. */
  const use = (session: Held, token: string | null): void => {
    if (session.ended) return;
    known.last = session;
    known.signedOut = false;
    if (token) session.token = token;
    if (!session.readAt) account.hint(session);
  };

  const tokens = createTokens({ call: background, fetch, homes, change, use, isOwner: marksAll });

  const start = async (): Promise<void> => {
    const used = Object.values(held).flatMap(({ id, token, ended }) => (token && !ended ? [id] : []));
    const {
      on,
      recent,
      again: name,
    } = await background('start', { ...page(), sessions: used, signedOut: known.signedOut });
    again(name);
    // the last one told comes first
    recent.toReversed().forEach(change);
    if (!on) turnedOff();
  };

  /** For whoever waited for this, in the same turn: the background may be ended at any time. */
  const markAwake = (): void => {
    known.ready = known.awake = true;
    setTimeout(() => {
      known.awake = false;
    });
  };
  const { wake, mustWake } = createWaking(() => opened.then(start), markAwake);
  void wake();

  return {
    known,
    change,
    use,
    hint: account.hint,
    /** The document asks for a login. */
    logsInAt(base: string): void {
      loginAt = new URL(base).origin;
    },
    /** The page's CSP forbade a request. `isRedirected`: a rule may have sent it elsewhere. */
    violated(origin: string, isRedirected: boolean): void {
      const isAt = (base: string): boolean => new URL(base).origin === origin;
      // a login that was sent on to a homeserver: the browser names where it came from
      if (!isRedirected && origin === loginAt) background('forbidden', { id: '' }).catch(unheard);
      for (const session of Object.values(held)) {
        const { target, portal, ended } = session;
        if (target !== null && !ended && (isAt(target) || (isRedirected && isAt(portal))))
          homes.forbidden(session);
      }
    },
    /** The page is shown anew. */
    restart: () => void start().catch(unheard),
    /** Another background is there, which has forgotten the tokens. */
    async reopened(): Promise<void> {
      await start().catch(unheard);
      for (const { token, ended } of Object.values(held)) {
        if (token && !ended) background('whose', { token }).catch(unheard);
      }
    },
    visible: () => account.visible(Object.values(held)),
    /** The redirected session that this document uses at a portal. */
    routeAt(portal: string): Route | null {
      const isAt = (route: Route): boolean => route.portal === portal && route.target !== null;
      return [known.last, ...known.recent].find((route) => route && isAt(route)) ?? null;
    },
    /** Resolves when it is known whether a session began before Homeward was turned on. */
    adopted: tokens.adopted,
    /** The sessions whose account data was read, with no sign of a change since. */
    fresh: () => Object.values(held).flatMap(({ id, readAt, reading }) => (readAt && !reading ? [id] : [])),

    /** Resolves when a held request may be decided again; false: its token's owner could not be learnt. */
    async wait(until: Until): Promise<boolean> {
      if (until.for === 'token') return tokens.learn(until.token, until.base);
      if (until.for === 'ready' && until.must) return mustWake();
      if (until.for === 'ready') await wake();
      else {
        const session: Held = until.route;
        await session.settled;
        // however the check went: from here on requests go where the session is known to be
        session.pending = false;
      }
      return true;
    },

    claim: tokens.claim,
    /** New tokens of a known session. */
    addTokens: (added: readonly string[], route: Route): void => tokens.add(added, route),

    /** The session ended: its tokens still go where they belong, requests without a token no more. */
    end(route: Route): void {
      const { id } = route;
      // also one that a page start is still to be told of
      const session = (held[id] ??= { ...route });
      session.ended = true;
      if (known.last === session) {
        known.last = null;
        known.signedOut = true;
      }
      known.recent = known.recent.filter((each) => each.id !== id);
    },
  };
}
