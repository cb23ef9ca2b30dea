/** What the popup asks about an account's identity server. */
import { accountOf, defaultOf } from '../core/account.ts';
import { readIdentity } from '../core/identity.ts';
import { accountKeyOf, type Session } from '../core/session.ts';
import { browser } from '../webext/browser.ts';
import type { IdentityPopupCalls, Problem, ShownIdentity } from '../wire/identity-popup.ts';
import { planChange, writeChange, type Current } from './identity-change.ts';
import { readSetting, type Signed } from './identity-client.ts';
import type { AccountOwner, SessionOwner } from './owners.ts';
import { hideOrigin } from './requests.ts';
import type { Tokens } from './tokens.ts';

type Handlers = {
  readonly [K in keyof IdentityPopupCalls]: (
    args: Parameters<IdentityPopupCalls[K]>[0],
  ) => Promise<ReturnType<IdentityPopupCalls[K]>>;
};

interface Subject {
  readonly session: Session;
  readonly signed: Signed;
  readonly current: Current;
}

export function identityPopupHandlers(
  sessions: SessionOwner,
  accounts: AccountOwner,
  tokens: Tokens,
): Handlers {
  const find = (id: string): Promise<Session | undefined> =>
    sessions.run((state) => state.sessions.find((session) => session.id === id));

  /** The account that is to be changed, or why it cannot be. */
  const subjectOf = async (id: string): Promise<Subject | Problem> => {
    const session = await find(id);
    const token = await tokens.of(id);
    if (!session || token === null) return { key: 'needsClient', detail: '' };
    const { home, user } = accountKeyOf(session);
    if (
      !(await browser.permissions.contains({
        origins: [`${new URL(home).protocol}//${new URL(home).hostname}/*`],
      }))
    )
      return { key: 'needsAccess', detail: '' };
    await hideOrigin();
    const current = await accounts.run((state) => currentOf(state, session));
    return { session, signed: { home, user, token }, current };
  };

  return {
    async plan({ id, choice }) {
      const subject = await subjectOf(id);
      if ('key' in subject) return subject;
      return planChange(choice, subject.signed, subject.current).catch(unreachable);
    },

    async change({ id, choice, accepted }) {
      const subject = await subjectOf(id);
      if ('key' in subject) return subject;
      const { session, signed, current } = subject;
      try {
        const problem = await writeChange(choice, accepted, signed, current);
        if (problem) return problem;
        const at = Date.now();
        const { status, body } = await readSetting(signed);
        const identity = readIdentity(status, body, signed.home);
        if (!identity) return { key: 'notReadBack', detail: String(status) };
        const key = accountKeyOf(session);
        await accounts.run((_, apply) => apply({ type: 'read', key, identity, at, mine: true }));
        return null;
      } catch {
        return unreachable();
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

/** What the popup shows of a session's account. */
export async function shownIdentity(
  session: Session,
  accounts: AccountOwner,
  tokens: Tokens,
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

function unreachable(): Problem {
  return { key: 'homeserverUnreachable', detail: '' };
}
