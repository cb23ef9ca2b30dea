/** Requests that name an identity server: the background rules them, because it knows what the accounts say. */
import { ACCOUNT_DATA } from '../core/identity.ts';
import type { Ruling } from './router.ts';
import type { Route, Sketch } from '../core/verdict.ts';
import type { CallBackground } from '../wire/document.ts';
import type { IdentityRuling } from '../wire/identity.ts';
import { inTime, pause } from './patience.ts';

/** Milliseconds between two questions while an account is being read. */
const STEP = 100;
/** How long it may take to learn whose session it is. */
const ADOPTION_DEADLINE = 3000;

/** What whoever asks knows of its sessions. */
export interface Asker {
  readonly known: { readonly last: Route | null };
  /** Resolves when it is known whether a session began before Homeward was there. */
  adopted(): Promise<unknown>;
  /** The sessions whose account data was read, with no sign of a change since. */
  fresh(): readonly string[];
}

/** null: it must not be sent, because nobody is there who knows. */
export async function rule(
  { method, url, page, token }: Sketch,
  session: string | null,
  body: string | null,
  sessions: Asker,
  background: CallBackground,
): Promise<Ruling | null> {
  const began = Date.now();
  await inTime(ADOPTION_DEADLINE, sessions.adopted());
  const { last } = sessions.known;
  const asked = { method, url: new URL(url, page).href, token, body, session: session ?? (last && last.id) };
  try {
    for (let late = false; ; await pause(STEP)) {
      const ruling: IdentityRuling = await background('rule', { ...asked, fresh: sessions.fresh(), late });
      if (ruling.wait === null) return ruling;
      late = Date.now() - began >= ruling.wait;
    }
  } catch {
    return null;
  }
}

/**
 * Whether a sync answer tells of the account data: `sync`, `initialSync` (a list), `events`, sliding sync (MSC3959).
 *
 * @param answer its text, or what it was parsed to
 */
export function tellsOfIdentity(answer: unknown): boolean {
  if (typeof answer === 'string') return answer.includes(ACCOUNT_DATA);
  const { account_data: data, chunk, extensions } = (answer ?? {}) as SyncAnswer;
  return [data, data?.events, chunk, extensions?.account_data?.global].some(
    (list) => Array.isArray(list) && list.some((event: SyncEvent | null) => event?.type === ACCOUNT_DATA),
  );
}

interface SyncEvent {
  readonly type?: unknown;
}

interface SyncAnswer {
  readonly account_data?: { readonly events?: unknown };
  readonly chunk?: unknown;
  readonly extensions?: { readonly account_data?: { readonly global?: unknown } };
}
