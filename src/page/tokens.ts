/** Whose the tokens are that this document uses. The first binding of a token wins. */
import type { Route } from '../core/verdict.ts';
import { inTime, unheard } from '../request/patience.ts';
import type { Bound, CallBackground } from '../wire/document.ts';
import { whoami, type Fetch } from './check.ts';
import { dictionary, type Held } from './held.ts';
import type { Homes } from './homes.ts';

/**
 * Milliseconds. How long a request waits for the owner of its token. Then it fails, rather than take the token to a wrong
 * server.
 */
export const TOKEN_DEADLINE = 8000;

/** How long whoever a token belongs to may take to be told. */
const ADOPTION_TIMEOUT = 8000;

export interface Owning {
  readonly call: CallBackground;
  /** The native one, for requests of our own. */
  readonly fetch: Fetch;
  readonly homes: Homes;
  /** The background tells of a session. */
  readonly change: (route: Route) => Held;
  /** The document uses a session's token. */
  readonly use: (session: Held, token: string | null) => void;
  /** The state is owned by this very page. */
  readonly isOwner: boolean;
}

export function createTokens({ call, fetch, homes, change, use, isOwner }: Owning) {
  const owners = dictionary<Held | null>(); // null: nobody's
  const asked = dictionary<Promise<boolean>>();
  let claimed: string | null = null;
  let adopting = false;
  let adoption: Promise<void> = Promise.resolve();

  const learnOwner = async (token: string, answer: Promise<Bound | null>, isClaim = false): Promise<void> => {
    try {
      const bound = await answer;
      // a refused claim says nothing of a token that may be another session's
      if (!bound && isClaim) return;
      const session = bound && change(bound.route);
      if (session) session.accountData = bound.accountData;
      if (session && bound.check && !session.settled) {
        // also where a request without a token went ahead of the check
        session.pending = bound.route.pending;
        session.settled = homes.check(session, bound.check, token);
      } else if (session && !bound?.check) void homes.askForMedia(session);
      owners[token] ??= session;
    } catch (error) {
      // that it could not look says nothing
      if (isOwner) throw error;
      // nobody is there any more who could know: as if Homeward had never been
      owners[token] ??= null;
    }
  };

  const ownerOf = async (token: string, base: string): Promise<Bound | null> => {
    const bound = await call('whose', { token });
    if (!bound) {
      adopting = true;
      adoption = adopt(base, token)
        .catch(unheard)
        .then(() => {
          adopting = false;
        });
    }
    return bound;
  };

  /** A token that is nobody's: whose it is, the server says that the page uses it at. */
  const adopt = async (portal: string, token: string): Promise<void> => {
    const response = await whoami(fetch, portal, token, ADOPTION_TIMEOUT);
    const body: unknown = response.ok && (await response.json());
    const bound = await call('adopt', { portal, token, body });
    if (!bound) return;
    delete owners[token];
    await learnOwner(token, Promise.resolve(bound));
    const session = owners[token];
    if (session) use(session, token);
  };

  const awaitOwner = (token: string, answer: Promise<Bound | null>, isClaim = false): Promise<boolean> => {
    const learnt = learnOwner(token, answer, isClaim).then(() => true);
    return (asked[token] = inTime(TOKEN_DEADLINE, learnt).then((isLearnt) => {
      if (owners[token] === undefined) delete asked[token];
      return isLearnt === true || owners[token] !== undefined;
    }));
  };

  return {
    /** A login's token that is being bound. */
    claimed: () => claimed,
    /** Whether it is being found out if a session began before Homeward was turned on. */
    adopting: () => adopting,
    /** Resolves when that is known. */
    adopted: () => adoption,
    /** undefined: not known yet; null: nobody's. */
    ownerOf: (token: string): Held | null | undefined => owners[token],
    /** Resolves when the owner is known; false: could not be learnt. */
    learn: (token: string, base: string): Promise<boolean> =>
      asked[token] ?? awaitOwner(token, ownerOf(token, base)),

    /** The tokens of a login answer, from this very turn on: requests with them wait for the background. */
    claim(tokens: readonly string[], bound: Promise<Bound | null>): void {
      bound.catch(unheard);
      for (const token of tokens) {
        if (owners[token]) continue;
        delete owners[token];
        claimed = token;
        void awaitOwner(token, bound, true).then(() => {
          claimed = null;
          const session = owners[token];
          // the first is the access token
          if (session) use(session, tokens[0] ?? null);
        });
      }
    },

    /** New tokens of a known session, the access token first. */
    add(added: readonly string[], session: Held): void {
      for (const token of added) owners[token] ??= session;
      const [access = ''] = added;
      if (owners[access] === session) session.token = access;
    },
  };
}
