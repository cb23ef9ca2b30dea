/** What documents ask and tell, for the client that their origin is. */
import { parseBaseUrl } from '../core/base-url.ts';
import type { Route } from '../core/decide.ts';
import { readCredentials, readNaming, wasRedirected } from '../core/login-response.ts';
import { findByDigest, isWorthAnotherCheck, sessionsOf, targetOf } from '../core/session.ts';
import type { Began, Session, Standing, State } from '../core/session.ts';
import type { Bound, DocumentCalls, LoginAnswer } from '../wire/document.ts';
import { digest } from './digest.ts';
import type { SessionOwner } from './session-owner.ts';

/** A session is noted as used at most once a minute. */
const USED_EVERY = 60_000;

type Handlers = {
  readonly [K in keyof DocumentCalls]: (
    args: Parameters<DocumentCalls[K]>[0],
    client: string,
  ) => Promise<ReturnType<DocumentCalls[K]>>;
};

/** For clients that are turned on. */
export function documentHandlers(owner: SessionOwner): Handlers {
  return {
    start: (_, client) =>
      owner.run((state) => ({ on: true, recent: sessionsOf(state, client).filter(targetOf).map(routeOf) })),

    async whose({ token }, client) {
      const hash = await digest(token);
      return owner.run((state, apply) => {
        const session = findByDigest(state, client, hash);
        const at = Date.now();
        if (session && at - session.used > USED_EVERY) apply({ type: 'used', id: session.id, at });
        return session && bound(session);
      });
    },

    async begin(answer, client) {
      const began = await readSession(answer, client);
      return owner.run((_, apply) => {
        const session = began && findByDigest(apply({ type: 'began', session: began }), client, began.access);
        return session && bound(session);
      });
    },

    async refreshed({ id, tokens }, client) {
      const [access = '', refresh = null] = await Promise.all(tokens.map(digest));
      return owner.run((state, apply) => {
        if (owns(state, client, id)) apply({ type: 'refreshed', id, access, refresh });
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
  return { route: routeOf(session), check: asks ? { base: named, mayStay: !redirected } : null };
}

function owns(state: State, client: string, id: string): Session | undefined {
  return state.sessions.find((session) => session.id === id && session.client === client);
}

/** The session that an answer begins; null if it begins none, or at a URL that we would not follow. */
async function readSession(
  { portal: asked, finalUrl, body }: LoginAnswer,
  client: string,
): Promise<Began | null> {
  const credentials = readCredentials(body);
  const parsed =
    URL.canParse(asked) && parseBaseUrl(asked, { kind: 'homeserver', source: 'server', portal: asked });
  if (!credentials || !parsed || !parsed.ok) return null;
  const portal = parsed.base;
  const { user, device, access, refresh } = credentials;
  const naming = readNaming(body, portal, finalUrl || null);
  const why = naming.source === null ? 'names-nothing' : naming.ok ? null : naming.reason;
  return {
    id: crypto.randomUUID(),
    client,
    portal,
    named: naming.source !== null && naming.ok ? naming.base : null,
    namedBy: naming.source,
    redirected: wasRedirected(portal, finalUrl || null),
    standing: why === null ? { at: 'pending' } : { at: 'portal', why },
    user,
    device,
    access: await digest(access),
    refresh: refresh === null ? null : await digest(refresh),
    began: Date.now(),
  };
}
