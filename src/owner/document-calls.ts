/** What documents ask and tell, for the client that their origin is. */
import { ACCOUNT_DATA, accountDataPath, suggestedIdentity } from '../core/identity.ts';
import { readTokens } from '../core/login-response.ts';
import { accountKeyOf, findByDigest, isWorthAnotherCheck, sessionsOf, targetOf } from '../core/session.ts';
import type { Session, Standing, State } from '../core/session.ts';
import type { Route } from '../core/verdict.ts';
import type { Bound, DocumentCalls, Page } from '../wire/document.ts';
import { readAdoption, readSession } from './began.ts';
import { digest } from './digest.ts';
import { identityHandlers } from './identity-calls.ts';
import type { AccountOwner, SessionOwner } from './owners.ts';

/** A session is noted as used at most once a minute. */
const USED_EVERY = 60_000;

type Handlers = {
  /** `tab`: of a top document, else null. */
  readonly [K in keyof DocumentCalls]: (
    args: Parameters<DocumentCalls[K]>[0],
    client: string,
    tab: number | null,
  ) => Promise<ReturnType<DocumentCalls[K]>>;
};

/** What the handlers work with. `tab`: the one that a top document is in. */
export interface Keepers {
  readonly owner: SessionOwner;
  readonly accounts: AccountOwner;
  readonly tokens: {
    /** The newest access token of a session; in memory only. */
    keep(session: string, token: string): Promise<void>;
  };
  readonly pages: {
    started(tab: number, client: string, page: Page): Promise<void>;
    /** A document uses a session's token. */
    uses(tab: number, client: string, session: string): Promise<void>;
    forbids(tab: number, client: string, session: string): Promise<void>;
  };
  readonly rules: {
    /** Resolves when what page code does not see is treated by everything that is known now. */
    settle(): Promise<void>;
  };
  readonly again: {
    /** Under which another bridge may reach the document. */
    name(): Promise<string>;
  };
  /** A page that no hook of ours is in. */
  unhooked(tab: number, young: boolean): Promise<void>;
}

/** For clients that are turned on. */
export function documentHandlers(keepers: Keepers): Handlers {
  const { owner, accounts, tokens, pages, rules, again } = keepers;

  /** Before the document goes on with a token, its tab may show pictures with it, and the net is there. */
  const uses = async (session: Session, token: string, tab: number | null): Promise<Bound> => {
    if (token) await tokens.keep(session.id, token);
    if (tab !== null) await pages.uses(tab, session.client, session.id);
    await rules.settle();
    return bound(session);
  };

  return {
    ...identityHandlers(owner, accounts),

    async start(page, client, tab) {
      if (tab !== null) await pages.started(tab, client, page);
      const recent = await owner.run((state) => sessionsOf(state, client).map(routeOf));
      return { on: true, recent, again: await again.name() };
    },

    async whose({ token }, client, tab) {
      const hash = await digest(token);
      const session = await owner.run((state, apply) => {
        const found = findByDigest(state, client, hash);
        const at = Date.now();
        if (found && at - found.used > USED_EVERY) apply({ type: 'used', id: found.id, at });
        return found;
      });
      return session && uses(session, session.access[0] === hash ? token : '', tab);
    },

    async begin(answer, client, tab) {
      const began = await readSession(answer, client);
      if (!began) return null;
      const session = await owner.run((_, apply) =>
        findByDigest(apply({ type: 'began', session: began }), client, began.access),
      );
      if (!session) return null;
      const { home, ...key } = accountKeyOf(session);
      const suggested = suggestedIdentity(answer.body, session.named ?? home);
      await accounts.run((_, apply) =>
        apply({ type: 'suggested', key: { ...key, home: session.named ?? home }, base: suggested }),
      );
      return uses(session, readTokens(answer.body)?.[0] ?? '', tab);
    },

    async adopt(adoption, client, tab) {
      const began = await readAdoption(adoption, client);
      const session =
        began &&
        (await owner.run((_, apply) =>
          findByDigest(apply({ type: 'began', session: began }), client, began.access),
        ));
      return session && uses(session, adoption.token, tab);
    },

    async refreshed({ id, tokens: fresh }, client) {
      const [access = '', refresh = null] = await Promise.all(fresh.map(digest));
      return owner.run(async (state, apply) => {
        if (!owns(state, client, id)) return null;
        apply({ type: 'refreshed', id, access, refresh });
        await tokens.keep(id, fresh[0] ?? '');
        return null;
      });
    },

    loggedOut: ({ id, all }, client) =>
      owner.run((state, apply) => {
        if (owns(state, client, id)) apply({ type: 'ended', id, all });
        return null;
      }),

    async unknownToken({ id, token }, client) {
      const hash = await digest(token);
      return owner.run((state, apply) => {
        if (owns(state, client, id)?.access[0] === hash) apply({ type: 'ended', id, all: false });
        return null;
      });
    },

    async checked({ id, result }, client) {
      const route = await owner.run((state, apply) => {
        const session = owns(state, client, id);
        if (!session) return null;
        const standing: Standing = result === 'home' ? { at: 'home' } : { at: 'portal', why: result };
        const after = isWorthAnotherCheck(session) ? apply({ type: 'checked', id, standing }) : state;
        return routeOf(owns(after, client, id) ?? session);
      });
      await rules.settle();
      return route;
    },

    async hasMedia({ id }, client) {
      await owner.run((state, apply) => {
        if (owns(state, client, id)) apply({ type: 'media', id });
      });
      await rules.settle();
      return null;
    },

    async forbidden({ id }, client, tab) {
      if (tab !== null) await pages.forbids(tab, client, id);
      return null;
    },

    async unhooked({ young }, _, tab) {
      if (tab !== null) await keepers.unhooked(tab, young);
      return null;
    },
  };
}

export function routeOf(session: Session): Route {
  const { id, portal, standing, media } = session;
  return { id, portal, target: targetOf(session), pending: standing.at === 'pending', media };
}

function bound(session: Session): Bound {
  const { named, redirected } = session;
  const asks = named !== null && isWorthAnotherCheck(session);
  return {
    route: routeOf(session),
    check: asks ? { base: named, mayStay: !redirected } : null,
    accountData: accountDataPath(session.user, ACCOUNT_DATA),
  };
}

function owns(state: State, client: string, id: string): Session | undefined {
  return state.sessions.find((session) => session.id === id && session.client === client);
}
