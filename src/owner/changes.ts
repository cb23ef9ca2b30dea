import type { Session, State } from '../core/session.ts';
import type { Change } from '../wire/document.ts';
import { routeOf } from './document-calls.ts';

/** What documents have to know of the difference between two states, by client. */
export function changesBetween(before: State, after: State): { client: string; changes: Change[] }[] {
  const old = new Map(before.sessions.map((session) => [session.id, session]));
  const byClient = new Map<string, Change[]>();
  const add = (session: Session, gone: boolean): void => {
    const changes = byClient.get(session.client) ?? [];
    byClient.set(session.client, [...changes, { route: routeOf(session), gone }]);
  };
  for (const session of after.sessions) if (old.get(session.id) !== session) add(session, false);
  const kept = new Set(after.sessions.map(({ id }) => id));
  for (const session of before.sessions) if (!kept.has(session.id)) add(session, true);
  return [...byClient].map(([client, changes]) => ({ client, changes }));
}
