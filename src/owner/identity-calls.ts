/** What documents ask about identity servers, and tell of them. */
import { accountOf, defaultOf } from '../core/account.ts';
import { readIdentity } from '../core/identity.ts';
import { field, textOf } from '../core/json.ts';
import { locate } from '../core/place.ts';
import { accountKeyOf, sessionsOf, type Session } from '../core/session.ts';
import type { IdentityCalls } from '../wire/identity.ts';
import { digest } from './digest.ts';
import { ruleCarrier, ruleRequest, UNTOUCHED } from './identity-rules.ts';
import type { AccountOwner, SessionOwner } from './owners.ts';

type Handlers = {
  readonly [K in keyof IdentityCalls]: (
    args: Parameters<IdentityCalls[K]>[0],
    client: string,
  ) => Promise<ReturnType<IdentityCalls[K]>>;
};

export function identityHandlers(sessions: SessionOwner, accounts: AccountOwner): Handlers {
  const allOf = (client: string): Promise<Session[]> => sessions.run((state) => sessionsOf(state, client));

  return {
    rule: (ask, client) =>
      accounts.run(async (state, apply) => {
        const scene = { client, state, sessions: await allOf(client) };
        const place = locate(ask.url, client);
        if (!place || scene.sessions.length === 0) return UNTOUCHED;
        const isIdentity = /^identity(\/|$)/.test(place.path);
        const ruled = isIdentity
          ? await ruleRequest(ask, place, scene)
          : await ruleCarrier(ask, place, scene);
        const { ruling, session, elsewhere } = ruled;
        const key = accountKeyOf(session);
        if (elsewhere !== null) apply({ type: 'seen', key, candidate: elsewhere });
        if (isIdentity && ruling.wait === null && !isNamed(accountOf(state, key), place.home)) {
          apply({ type: 'default', client, base: place.home });
        }
        return ruling;
      }),

    async read({ id, status, body, at, mine }, client) {
      const session = (await allOf(client)).find((each) => each.id === id);
      const key = session && accountKeyOf(session);
      const identity = key && readIdentity(status, body, key.home);
      if (!identity) return false;
      return accounts.run((_, apply) => {
        apply({ type: 'read', key, identity, at: Math.min(at, Date.now()), mine });
        return true;
      });
    },

    answered: ({ note: { server, session, secret }, body }, client) =>
      accounts.run(async (_, apply) => {
        const sid = textOf(field(body, 'sid'));
        // Sydent once answered `access_token`
        const token = textOf(field(body, 'token')) ?? textOf(field(body, 'access_token'));
        const issued = secret ? sid && `${secret} ${sid}` : token;
        if (issued)
          apply({ type: 'issued', issued: { client, digest: await digest(issued), server, session } });
        return null;
      }),

    passed: ({ base }, client) =>
      accounts.run((state, apply) => {
        if (defaultOf(state, client) === null) apply({ type: 'default', client, base });
        return null;
      }),
  };
}

/** The account names it: that the client turns to it does not make it the client's own. */
function isNamed({ identity, suggested }: ReturnType<typeof accountOf>, base: string): boolean {
  return (identity.is === 'url' && identity.base === base) || suggested === base;
}
