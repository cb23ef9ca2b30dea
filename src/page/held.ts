import type { Mutable, Route } from '../core/verdict.ts';

/** A session as this document holds it: one object, however many tokens it has. */
export type Held = Mutable<Route> & {
  settled?: Promise<void>;
  ended?: true;
  /** The page's CSP was seen to forbid its homeserver. */
  forbidden?: true;
  /** Whether it has authenticated media was asked. */
  asksMedia?: true;
  /** The newest that this document has used. */
  token?: string;
  /** Path of the user's account data; when it was asked for last; how often that is still to be done. */
  accountData?: string;
  readAt?: number;
  hints?: number;
  mine?: boolean;
  reading?: boolean;
  /** Ends the pause before it is asked for again. */
  hurry?: () => void;
};

/** Without a prototype, which a page may have changed. */
export function dictionary<T>(): Record<string, T> {
  return { __proto__: null } as never;
}
