/** What the worker knows by itself: sessions as they are stored, and whose a token is by its digest. */
import { findByDigest, sessionsOf } from '../core/session.ts';
import type { Known, Mutable, Route, Until } from '../core/verdict.ts';
import { digest } from '../owner/digest.ts';
import { routeOf } from '../owner/document-calls.ts';
import type { SessionOwner } from '../owner/owners.ts';
import { pause } from '../request/patience.ts';
import { remade } from './pages.ts';

/** Milliseconds between two looks at a session that is being checked, and how long that may take. */
const STEP = 100;
const CHECK_DEADLINE = 3000;

export interface Knowledge {
  readonly known: Known;
  wait(until: Until): Promise<boolean>;
}

/** For one request. What has no token follows the redirected session that was used last, and gets none here. */
export async function readKnowledge(sessions: SessionOwner): Promise<Knowledge> {
  const routes = (): Promise<Route[]> => sessions.run((state) => sessionsOf(state, self.origin).map(routeOf));
  let recent = await routes();
  // somebody may have deleted the database: without it every token would be the portal's
  if (recent.length === 0 && (await remade())) recent = await routes();
  const owners = new Map<string, Route | null>();
  const known: Known = {
    ready: true,
    awake: true,
    sessionOf: (token) => owners.get(token),
    tokenOf: () => null,
    claimed: null,
    adopting: false,
    last: recent.find(({ target }) => target !== null) ?? null,
    signedOut: false,
    recent,
    marksAll: false,
  };
  const settled = async ({ id }: Route): Promise<Route | undefined> => {
    let route: Route | undefined;
    for (const end = Date.now() + CHECK_DEADLINE; Date.now() < end; await pause(STEP)) {
      route = (await routes()).find((each) => each.id === id);
      if (!route?.pending) break;
    }
    return route;
  };
  return {
    known,
    async wait(until) {
      if (until.for === 'token') {
        const hash = await digest(until.token);
        const session = await sessions.run((state) => findByDigest(state, self.origin, hash));
        owners.set(until.token, session && routeOf(session));
      } else if (until.for === 'target') {
        const route: Mutable<Route> = until.route;
        const now = await settled(route);
        route.target = now ? now.target : route.target;
        route.pending = false;
      }
      return true;
    },
  };
}
