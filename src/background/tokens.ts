/**
 * The newest access token of each session, in memory only (`storage.session`): what the popup needs to change an account
 * while no page of the client is open. Gone when the browser ends.
 */
import { browser } from '../webext/browser.ts';

export interface Tokens {
  keep(session: string, token: string): Promise<void>;
  of(session: string): Promise<string | null>;
  forget(sessions: readonly string[]): Promise<void>;
}

const PREFIX = 'token:';

export function createTokens(): Tokens {
  const { session: memory } = browser.storage;
  return {
    keep: (session, token) => memory.set({ [PREFIX + session]: token }),
    async of(session) {
      const key = PREFIX + session;
      const token: unknown = (await memory.get(key))[key];
      return typeof token === 'string' ? token : null;
    },
    forget: (sessions) => memory.remove(sessions.map((id) => PREFIX + id)),
  };
}
