/**
 * The newest access token of each session, in memory only (`storage.session`): what the popup needs to change an account
 * while no page of the client is open, and what pictures are shown with. Gone when the browser ends.
 */
import { browser } from '../webext/browser.ts';

export interface Tokens {
  keep(session: string, token: string): Promise<void>;
  of(session: string): Promise<string | null>;
  /** 128 random bits: the fragment of URLs that rules add this session's token to. */
  mark(session: string): Promise<string>;
  forget(sessions: readonly string[]): Promise<void>;
}

const TOKEN = 'token:';
const MARK = 'mark:';

/** @param onChange a session has another token */
export function createTokens(onChange: () => void): Tokens {
  const { session: memory } = browser.storage;
  const read = async (key: string): Promise<string | null> => {
    const value: unknown = (await memory.get(key))[key];
    return typeof value === 'string' ? value : null;
  };
  return {
    async keep(session, token) {
      const key = TOKEN + session;
      if ((await read(key)) === token) return;
      await memory.set({ [key]: token });
      onChange();
    },
    of: (session) => read(TOKEN + session),
    async mark(session) {
      const key = MARK + session;
      const known = await read(key);
      if (known !== null) return known;
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      const mark = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      await memory.set({ [key]: mark });
      return mark;
    },
    forget: (sessions) => memory.remove(sessions.flatMap((id) => [TOKEN + id, MARK + id])),
  };
}
