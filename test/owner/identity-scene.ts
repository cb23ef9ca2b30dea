/** Sessions of one client, what their accounts say, and what requests ask of it. */
import { expect } from 'vitest';
import { digest } from '../../src/owner/digest.ts';
import { ruleCarrier, ruleRequest, type Scene } from '../../src/owner/identity-rules.ts';
import {
  NO_ACCOUNTS,
  reduceIdentity,
  type IdentityEvent,
  type IdentityState,
} from '../../src/core/account.ts';
import type { Identity } from '../../src/core/identity.ts';
import { locate } from '../../src/core/place.ts';
import { accountKeyOf, EMPTY, reduce, sessionsOf, type Session } from '../../src/core/session.ts';
import type { IdentityAsk, IdentityRuling } from '../../src/wire/identity.ts';

export const CLIENT = 'https://app.example';
export const D = 'https://default.example';
export const X = 'https://is.example';
export const Y = 'https://other.example/pre';
export const disabled: Identity = { is: 'disabled' };
export const absent: Identity = { is: 'absent' };
export const invalid: Identity = { is: 'invalid', why: 'no-scheme', raw: '"x"' };
export const unknown: Identity = { is: 'unknown' };
export const url = (base: string): Identity => ({ is: 'url', base });

/** Session `s1` of `@1:x`, used last; `s2` of `@2:x`, … */
export function session(number: number): Session {
  const [created] = reduce(EMPTY, {
    type: 'began',
    session: {
      id: `s${number}`,
      client: CLIENT,
      portal: 'https://portal.example',
      named: 'https://hs1.example',
      namedBy: 'well_known',
      redirected: false,
      standing: { at: 'home' },
      user: `@${number}:x`,
      device: null,
      access: `${number}`.repeat(64),
      refresh: null,
      began: 99 - number,
    },
  }).sessions;
  if (!created) throw new Error('no session');
  return created;
}

/** Tokens and validations by their issuer and session. */
export type Issued = Record<string, [server: string, session: string | null]>;

export async function scene(identities: Identity[], issued: Issued = {}): Promise<Scene> {
  const sessions = identities.map((_, i) => session(i + 1));
  const events: IdentityEvent[] = [
    { type: 'default', client: CLIENT, base: D },
    ...sessions.flatMap((each, i): IdentityEvent[] => {
      const identity = identities[i] ?? unknown;
      return identity.is === 'unknown'
        ? []
        : [{ type: 'read', key: accountKeyOf(each), identity, at: 1, mine: false }];
    }),
  ];
  for (const [secret, [server, owner]] of Object.entries(issued)) {
    events.push({
      type: 'issued',
      issued: { client: CLIENT, digest: await digest(secret), server, session: owner },
    });
  }
  const state: IdentityState = events.reduce(reduceIdentity, NO_ACCOUNTS);
  return { client: CLIENT, state, sessions: sessionsOf({ ...EMPTY, sessions }, CLIENT) };
}

export const ask = (line: string, extra: Partial<IdentityAsk> = {}): IdentityAsk => {
  const [method = '', href = ''] = line.split(' ');
  return {
    method,
    url: href,
    token: null,
    body: null,
    session: null,
    fresh: ['s1', 's2', 's3'],
    late: false,
    ...extra,
  };
};

export async function rule(
  asked: IdentityAsk,
  at: Scene,
): Promise<IdentityRuling & { of: string; elsewhere: string | null }> {
  const place = locate(asked.url, CLIENT);
  if (!place) throw new Error(asked.url);
  const isIdentity = place.path.startsWith('identity');
  const ruled = await (isIdentity ? ruleRequest : ruleCarrier)(asked, place, at);
  return { ...ruled.ruling, of: ruled.session.id, elsewhere: ruled.elsewhere };
}

export const LOOKUP = `POST ${D}/_matrix/identity/v2/lookup`;
export const refused = (status: number, errcode: string): object => ({
  answer: { status, text: expect.stringContaining(`"errcode":"${errcode}"`) },
});
export const going = (to: string | null): object => ({ wait: null, answer: null, url: to });
