/** What the settings, the popup's or a site's, ask about an account's identity server. */
import { accountOf, defaultOf } from '../core/account.ts';
import { readIdentity } from '../core/identity.ts';
import { accountKeyOf, type Session } from '../core/session.ts';
import type { IdentityPopupCalls, Problem, ShownIdentity } from '../wire/identity-popup.ts';
import type { Shown } from '../wire/popup.ts';
import { planChange, writeChange, type Current } from './identity-change.ts';
import { failed, readSetting, type Signed } from './identity-client.ts';
import type { AccountOwner, SessionOwner } from './owners.ts';
import { NoAccess, type Ask } from './ask.ts';

type Handlers = {
  readonly [K in keyof IdentityPopupCalls]: (
    args: Parameters<IdentityPopupCalls[K]>[0],
  ) => Promise<ReturnType<IdentityPopupCalls[K]>>;
};

/** The newest access tokens, as far as somebody has them in memory. */
export interface KnownTokens {
  of(session: string): Promise<string | null>;
}

/** What the account's event holds. */
interface Held {
  readonly content: object;
}

interface Subject extends Held {
  readonly signed: Signed;
  readonly current: Current;
  /** Reads it at the homeserver. `mine`: it has just been written here. */
  readonly read: (mine: boolean) => Promise<Held | Problem>;
}

export function identityPopupHandlers(
  sessions: SessionOwner,
  accounts: AccountOwner,
  tokens: KnownTokens,
  ask: Ask,
): Handlers {
  const find = (id: string): Promise<Session | undefined> =>
    sessions.run((state) => state.sessions.find((session) => session.id === id));

  /** The account that is to be changed, or why it cannot be. */
  const subjectOf = async (id: string): Promise<Subject | Problem> => {
    const session = await find(id);
    const token = await tokens.of(id);
    if (!session || token === null) return { key: 'needsClient', detail: '' };
    const { home, user } = accountKeyOf(session);

    const signed = { home, user, token };
    const read = async (mine: boolean): Promise<Held | Problem> => {
      const at = Date.now();
      const reply = await readSetting(ask, signed);
      const { status, ok, body } = reply;
      const identity = readIdentity(status, body, home);
      if (!identity) return failed(mine ? 'notReadBack' : 'homeserverRefused', reply);
      await accounts.run((_, apply) =>
        apply({ type: 'read', key: accountKeyOf(session), identity, at, mine }),
      );
      return { content: ok && typeof body === 'object' && body !== null ? body : {} };
    };
    // another client may have changed it since
    const before = await read(false).catch(unreachable);
    if ('key' in before) return before;
    const current = await accounts.run((state) => currentOf(state, session));
    return { signed, current, read, ...before };
  };

  return {
    async plan({ id, choice }) {
      const subject = await subjectOf(id);
      if ('key' in subject) return subject;
      return planChange(ask, choice, subject.signed, subject.current).catch(unreachable);
    },

    async change({ id, choice, accepted }) {
      const subject = await subjectOf(id);
      if ('key' in subject) return subject;
      const { signed, current, content, read } = subject;
      try {
        const problem = await writeChange(ask, choice, accepted, signed, current, content);
        if (problem) return problem;
        const after = await read(true);
        return 'key' in after ? after : null;
      } catch (error) {
        return unreachable(error);
      }
    },

    async acknowledge({ id }) {
      const session = await find(id);
      const key = session && accountKeyOf(session);
      if (key) await accounts.run((_, apply) => apply({ type: 'acknowledged', key }));
      return null;
    },
  };
}

/** A session as settings show it: without the digests. */
export async function shownSession(
  session: Session,
  accounts: AccountOwner,
  tokens: KnownTokens,
): Promise<Omit<Shown, 'missing' | 'forbidden'>> {
  const { id, user, portal, named, namedBy, redirected, standing, began, movedFrom, refused } = session;
  const told = { id, user, portal, named, namedBy, redirected, standing, began, movedFrom, refused };
  const { home } = accountKeyOf(session);
  return { ...told, home, account: await shownIdentity(session, accounts, tokens) };
}

/** What settings show of a session's account. */
async function shownIdentity(
  session: Session,
  accounts: AccountOwner,
  tokens: KnownTokens,
): Promise<ShownIdentity> {
  const canChange = (await tokens.of(session.id)) !== null;
  return accounts.run((state) => {
    const { identity, suggested, changed, candidate } = accountOf(state, accountKeyOf(session));
    const clientDefault = defaultOf(state, session.client);
    return { identity, suggested, changed, candidate, clientDefault, canChange };
  });
}

function currentOf(state: Parameters<typeof accountOf>[0], session: Session): Current {
  const { identity, suggested } = accountOf(state, accountKeyOf(session));
  return { identity, suggested, clientDefault: defaultOf(state, session.client) };
}

function unreachable(error: unknown): Problem {
  return { key: error instanceof NoAccess ? 'needsAccess' : 'homeserverUnreachable', detail: '' };
}
