/** What documents ask and tell, for the client that their origin is. */
import { ACCOUNT_DATA, accountDataPath, suggestedIdentity } from '../core/identity.ts';
import { readTokens } from '../core/login-response.ts';
import { accountKeyOf, findByDigest, isWorthAnotherCheck, sessionsOf, targetOf } from '../core/session.ts';
import type { Session, Standing, State } from '../core/session.ts';
import type { Route } from '../core/verdict.ts';
import type { Bound, DocumentCalls } from '../wire/document.ts';
import { readAdoption, readSession } from './began.ts';
import { digest } from './digest.ts';
import { identityHandlers } from './identity-calls.ts';
import type { AccountOwner, SessionOwner } from './owners.ts';
import type { Tokens } from './tokens.ts';

/** A session is noted as used at most once a minute. */
const USED_EVERY = 60_000;

type Handlers = {
  readonly [K in keyof DocumentCalls]: (
    args: Parameters<DocumentCalls[K]>[0],
    client: string,
  ) => Promise<ReturnType<DocumentCalls[K]>>;
};

/** For clients that are turned on. */
export function documentHandlers(owner: SessionOwner, accounts: AccountOwner, tokens: Tokens): Handlers {
  return {
    ...identityHandlers(owner, accounts),

    start: (_, client) =>
      owner.run((state) => ({ on: true, recent: sessionsOf(state, client).map(routeOf) })),

    async whose({ token }, client) {
      const hash = await digest(token);
      return owner.run((state, apply) => {
        const session = findByDigest(state, client, hash);
        const at = Date.now();
        if (session?.access[0] === hash) void tokens.keep(session.id, token);
        if (session && at - session.used > USED_EVERY) apply({ type: 'used', id: session.id, at });
        return session && bound(session);
      });
    },

    async begin(answer, client) {
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
      await tokens.keep(session.id, readTokens(answer.body)?.[0] ?? '');
      return bound(session);
    },

    async adopt(adoption, client) {
      const began = await readAdoption(adoption, client);
      const session =
        began &&
        (await owner.run((_, apply) =>
          findByDigest(apply({ type: 'began', session: began }), client, began.access),
        ));
      if (session) await tokens.keep(session.id, adoption.token);
      return session && bound(session);
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

    checked: ({ id, result }, client) =>
      owner.run((state, apply) => {
        const session = owns(state, client, id);
        if (!session) return null;
        const standing: Standing = result === 'home' ? { at: 'home' } : { at: 'portal', why: result };
        const after = isWorthAnotherCheck(session) ? apply({ type: 'checked', id, standing }) : state;
        return routeOf(owns(after, client, id) ?? session);
      }),
  };
}

export function routeOf(session: Session): Route {
  const { id, portal, standing } = session;
  return { id, portal, target: targetOf(session), pending: standing.at === 'pending' };
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
