import type { Route } from '../core/verdict.ts';

/** A session as this document holds it: one object, however many tokens it has. */
export type Held = { -readonly [K in keyof Route]: Route[K] } & {
  settled?: Promise<void>;
  ended?: true;
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
