/** Reads the stored sessions. A record that cannot be read is dropped, not the whole. */
import type { LastHome, Session, Standing, State, StayReason } from '../core/session.ts';
import { boolean, list, nullable, object, oneOf, string, type Parser } from '../wire/parse.ts';

const text = string(4096);
const number: Parser<number> = (value) => (typeof value === 'number' ? value : NaN);
const digests = list(string(64), 2);

const standing: Parser<Standing> = (value) => {
  const { at, why } = object({ at: oneOf('pending', 'home', 'portal'), why: nullable(text) })(value);
  return at === 'portal' ? { at, why: (why ?? 'names-nothing') as StayReason } : { at };
};

const session: Parser<Session> = object<Session>({
  id: text,
  client: text,
  portal: text,
  named: nullable(text),
  namedBy: nullable(oneOf('well_known', 'base_cs_url', 'final-url')),
  redirected: boolean,
  standing,
  // not in the records of older versions
  media: (value) => value === true,
  user: text,
  device: nullable(text),
  access: digests,
  refresh: digests,
  began: number,
  used: number,
  movedFrom: nullable(text),
  refused: nullable(text),
  superseded: boolean,
});

const lastHome: Parser<LastHome> = object<LastHome>({ client: text, portal: text, user: text, base: text });

export const storedState: Parser<State> = (value) => {
  const { sessions, lastHomes } = value as { sessions?: unknown; lastHomes?: unknown };
  return { sessions: readable(session, sessions), lastHomes: readable(lastHome, lastHomes) };
};

export function readable<T>(parser: Parser<T>, values: unknown): T[] {
  return (Array.isArray(values) ? values : []).flatMap((value) => {
    try {
      return [{ ...parser(value) }];
    } catch {
      return [];
    }
  });
}
