/**
 * What this document knows: which token is whose, and where it goes.
 *
 *   token seen ───whose?──┬─► nobody's ─────────────────────► passes
 *   login answer ─begin!──┴─► a session ─┬─ needs no check ─► goes to its target, or stays at its portal
 *                                        └─ needs a check ──► held until checked, 2.5 s at most (see check.ts)
 */
import type { Known, Route, Until } from '../core/verdict.ts';
import type { Bound, Check } from '../wire/document.ts';
import { createAccountData } from './account-data.ts';
import { accepts, probe, whoami, type Fetch } from './check.ts';
import type { Channel } from './channel.ts';
import type { Held } from './held.ts';
import { inTime, unheard } from './patience.ts';

/** Milliseconds. How long a page start waits for the background before requests without a token pass. */
const START_DEADLINE = 2000;
/** How long a request waits for the owner of its token. Then it fails, rather than take the token to a wrong server. */
const TOKEN_DEADLINE = 8000;

/** How long whoever a token belongs to may take to be told. */
const ADOPTION_TIMEOUT = 8000;

export type Sessions = ReturnType<typeof createSessions>;

/**
 * @param fetch the native one, for the check
 * @param turnedOff called when the background says that this origin is not turned on
 */
export function createSessions({ opened, call: background }: Channel, fetch: Fetch, turnedOff: () => void) {
  const tokens = dictionary<Held | null>(); // null: nobody's
  const asked = dictionary<Promise<boolean>>();
  const held = dictionary<Held>(); // by session id
  const account = createAccountData(fetch, background);
  let started: Promise<unknown> | null = null;
  let adoption: Promise<void> = Promise.resolve();
  const known: { -readonly [K in keyof Known]: Known[K] } = {
    ready: false,
    awake: false,
    signedOut: false,
    claimed: null,
    adopting: false,
    last: null,
    recent: [],
    sessionOf: (token) => tokens[token],
  };

  /** The background tells of a session. One that was settled here does not become pending again. */
  const change = (route: Route): Held => {
    const session = (held[route.id] ??= { ...route });
    if (!session.ended && !known.recent.includes(session)) known.recent = [session, ...known.recent];
    session.target = route.target;
    session.pending &&= route.pending;
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

  const start = async (): Promise<void> => {
    const { on, recent } = await background('start', null);
    // the last one told comes first
    recent.toReversed().forEach(change);
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
      if (session) session.accountData = bound.accountData;
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

  const ownerOf = async (token: string, base: string): Promise<Bound | null> => {
    const bound = await background('whose', { token });
    if (!bound) {
      known.adopting = true;
      adoption = adopt(base, token)
        .catch(unheard)
        .then(() => {
          known.adopting = false;
        });
    }
    return bound;
  };

  /** A token that is nobody's: whose it is, the server says that the page uses it at. */
  const adopt = async (portal: string, token: string): Promise<void> => {
    const response = await whoami(fetch, portal, token, ADOPTION_TIMEOUT);
    const body: unknown = response.ok && (await response.json());
    const bound = await background('adopt', { portal, token, body });
    if (!bound) return;
    delete tokens[token];
    await learnOwner(token, Promise.resolve(bound));
    const session = tokens[token];
    if (session) use(session, token);
  };

  const awaitOwner = (token: string, answer: Promise<Bound | null>): Promise<boolean> =>
    (asked[token] = inTime(TOKEN_DEADLINE, learnOwner(token, answer)).then(() => {
      const isKnown = tokens[token] !== undefined;
      if (!isKnown) delete asked[token];
      return isKnown;
    }));

  /** Asks for this client's sessions, which also wakes the background. */
  const wake = (): Promise<unknown> =>
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
    hint: account.hint,
    visible: () => account.visible(Object.values(held)),
    /** Resolves when it is known whether a session began before Homeward was turned on. */
    adopted: () => adoption,
    /** The sessions whose account data was read, with no sign of a change since. */
    fresh: () => Object.values(held).flatMap(({ id, readAt, reading }) => (readAt && !reading ? [id] : [])),

    /** Resolves when a held request may be decided again; false: its token's owner could not be learnt. */
    async wait(until: Until): Promise<boolean> {
      if (until.for === 'token') {
        const { token, base } = until;
        return asked[token] ?? awaitOwner(token, ownerOf(token, base));
      }
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
          // the first is the access token
          if (session) use(session, claimed[0] ?? null);
        });
      }
    },

    /** New tokens of a known session. */
    addTokens(added: readonly string[], route: Route): void {
      for (const token of added) tokens[token] = route;
      const session: Held = route;
      session.token = added[0] ?? '';
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

function dictionary<T>(): Record<string, T> {
  return { __proto__: null } as never;
}
