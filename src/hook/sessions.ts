/**
 * What this document knows: which token is whose, and where it goes.
 *
 *   token seen ───whose?──┬─► nobody's ─────────────────────► passes
 *   login answer ─begin!──┴─► a session ─┬─ needs no check ─► goes to its target, or stays at its portal
 *                                        └─ needs a check ──► held until checked, 2.5 s at most (see check.ts)
 */
import type { Known, Route, Until } from '../core/decide.ts';
import type { Bound, Check } from '../wire/document.ts';
import { accepts, probe } from './check.ts';
import type { Channel } from './channel.ts';

/** Milliseconds. How long a page start waits for the background before requests without a token pass. */
const START_DEADLINE = 2000;
/** How long a request waits for the owner of its token. Then it fails, rather than take the token to a wrong server. */
const TOKEN_DEADLINE = 8000;

/** A session as this document holds it: one object, however many tokens it has. */
type Held = { -readonly [K in keyof Route]: Route[K] } & { settled?: Promise<void>; ended?: true };

export type Sessions = ReturnType<typeof createSessions>;

/**
 * @param fetch the native one, for the check
 * @param turnedOff called when the background says that this origin is not turned on
 */
export function createSessions({ opened, call: background }: Channel, fetch: Fetch, turnedOff: () => void) {
  const tokens = dictionary<Held | null>(); // null: nobody's
  const asked = dictionary<Promise<boolean>>();
  const held = dictionary<Held>(); // by session id
  let started: Promise<void> | null = null;
  const known: { -readonly [K in keyof Known]: Known[K] } = {
    ready: false,
    awake: false,
    signedOut: false,
    claimed: null,
    last: null,
    recent: [],
    sessionOf: (token) => tokens[token],
  };

  /** The background tells of a session. One that was settled here does not become pending again. */
  const change = (route: Route): Held => {
    const session = (held[route.id] ??= { ...route });
    session.target = route.target;
    session.pending &&= route.pending;
    return session;
  };

  /** The document used a session's token. */
  const use = (route: Held): void => {
    if (route.ended) return;
    known.last = route;
    known.signedOut = false;
  };

  const start = async (): Promise<void> => {
    const { on, recent } = await background('start', null);
    known.recent = recent.map(change);
    if (!on) turnedOff();
  };

  /** Asks the homeserver that was named, and tells the background what came of it. */
  const check = async (session: Held, { base, mayStay }: Check, token: string): Promise<void> => {
    let result = await probe(fetch, base);
    // a server that is no use is followed all the same, unless the portal took the login itself and honours the token
    if (result !== 'home' && !(mayStay && (await accepts(fetch, session.portal, token)))) result = 'home';
    session.target = result === 'home' ? base : null;
    session.pending = false;
    background('checked', { id: session.id, result }).catch(unheard);
  };

  const learnOwner = async (token: string, answer: Promise<Bound | null>): Promise<void> => {
    try {
      const bound = await answer;
      const session = bound && change(bound.route);
      if (session && bound.check && !session.settled) {
        // also where a request without a token went ahead of the check
        session.pending = bound.route.pending;
        session.settled = check(session, bound.check, token);
      }
      tokens[token] ??= session;
    } catch {
      // nobody is there any more who could know: as if Homeward had never been
      tokens[token] ??= null;
    }
  };

  const awaitOwner = (token: string, answer: Promise<Bound | null>): Promise<boolean> =>
    (asked[token] = inTime(TOKEN_DEADLINE, learnOwner(token, answer)).then(() => {
      const isKnown = tokens[token] !== undefined;
      if (!isKnown) delete asked[token];
      return isKnown;
    }));

  /** Asks for this client's sessions, which also wakes the background. */
  const wake = (): Promise<void> =>
    (started ??= inTime(START_DEADLINE, opened.then(start)).then(() => {
      known.ready = known.awake = true;
      started = null;
      // for whoever waited for this, in the same turn; the background may be ended at any time
      setTimeout(() => {
        known.awake = false;
      });
    }));
  void wake();

  return {
    known,
    change,
    use,

    /** Resolves when a held request may be decided again; false: its token's owner could not be learnt. */
    async wait(until: Until): Promise<boolean> {
      if (until.for === 'token')
        return asked[until.token] ?? awaitOwner(until.token, background('whose', until));
      if (until.for === 'ready') await wake();
      else {
        const session: Held = until.route;
        await session.settled;
        // however the check went: from here on requests go where the session is known to be
        session.pending = false;
      }
      return true;
    },

    /**
     * The tokens of a login answer, from this very turn on: requests with them wait for the background. The first
     * binding of a token wins.
     */
    claim(claimed: readonly string[], bound: Promise<Bound | null>): void {
      bound.catch(unheard);
      for (const token of claimed) {
        if (tokens[token]) continue;
        delete tokens[token];
        known.claimed = token;
        void awaitOwner(token, bound).then(() => {
          known.claimed = null;
          const session = tokens[token];
          if (session) use(session);
        });
      }
    },

    /** New tokens of a known session. */
    addTokens(added: readonly string[], route: Route): void {
      for (const token of added) tokens[token] = route;
    },

    /** The session ended: its tokens still go where they belong, requests without a token no more. */
    end({ id }: Route): void {
      const session = held[id];
      if (session) session.ended = true;
      if (session && known.last === session) {
        known.last = null;
        known.signedOut = true;
      }
      known.recent = known.recent.filter((route) => route.id !== id);
    },
  };
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

function dictionary<T>(): Record<string, T> {
  return { __proto__: null } as never;
}

/** Resolves when the work is done, has failed, or takes longer than `ms`. */
function inTime(ms: number, work: Promise<void>): Promise<void> {
  const clock = new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });
  return Promise.race([work.catch(unheard), clock]);
}

/** The document goes on with what it knows when the background cannot be told or does not answer. */
export function unheard(): void {}
