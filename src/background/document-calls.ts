/** What documents ask and tell, for the client that their origin is. */
import { parseBaseUrl } from '../core/base-url.ts';
import type { Route } from '../core/decide.ts';
import { readNaming, wasRedirected } from '../core/login-response.ts';
import { findByDigest, isWorthAnotherCheck, sessionsOf, targetOf } from '../core/session.ts';
import type { Began, Session, Standing, State } from '../core/session.ts';
import type { Bound, DocumentCalls, LoginClaim } from '../wire/document.ts';
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

/** @param isOn whether a client is turned on */
export function documentHandlers(owner: SessionOwner, isOn: (client: string) => Promise<boolean>): Handlers {
  return {
    async start(_, client) {
      const on = await isOn(client);
      const recent = await owner.run((state) => sessionsOf(state, client).filter(targetOf).map(routeOf));
      return { on, recent: on ? recent : [] };
    },

    async whose({ token }, client) {
      const hash = await digest(token);
      return owner.run((state, apply) => {
        const session = findByDigest(state, client, hash);
        const at = Date.now();
        if (session && at - session.used > USED_EVERY) apply({ type: 'used', id: session.id, at });
        return session && bound(session);
      });
    },

    async begin(claim, client) {
      const [access, refresh] = await Promise.all([
        digest(claim.access),
        claim.refresh && digest(claim.refresh),
      ]);
      const began = sessionOf(claim, client, access, refresh);
      return owner.run((_, apply) => {
        const session = began && findByDigest(apply({ type: 'began', session: began }), client, access);
        return session && bound(session);
      });
    },

    async refreshed({ id, access, refresh }, client) {
      const digests = await Promise.all([digest(access), refresh && digest(refresh)]);
      return owner.run((state, apply) => {
        if (owns(state, client, id))
          apply({ type: 'refreshed', id, access: digests[0], refresh: digests[1] });
        return null;
      });
    },

    ended: ({ id, all }, client) =>
      owner.run((state, apply) => {
        if (owns(state, client, id)) apply({ type: 'ended', id, all });
        return null;
      }),

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

/** The session that a login answer begins; null when the URL that was asked is none that we would follow. */
function sessionOf(claim: LoginClaim, client: string, access: string, refresh: string | null): Began | null {
  const asked = parseBaseUrl(claim.portal, {
    kind: 'homeserver',
    source: 'server',
    portal: new URL(claim.portal).origin,
  });
  if (!asked.ok) return null;
  const portal = asked.base;
  const { wellKnown, baseCsUrl, finalUrl, user, device } = claim;
  const body = { base_cs_url: baseCsUrl, well_known: { 'm.homeserver': { base_url: wellKnown } } };
  const naming = readNaming(body, portal, finalUrl);
  const named = naming.source !== null && naming.ok ? naming.base : null;
  const why = naming.source === null ? 'names-nothing' : naming.ok ? null : naming.reason;
  return {
    id: crypto.randomUUID(),
    client,
    portal,
    named,
    namedBy: naming.source,
    redirected: wasRedirected(portal, finalUrl),
    standing: why === null ? { at: 'pending' } : { at: 'portal', why },
    user,
    device,
    access,
    refresh,
    began: Date.now(),
  };
}
