import type { Sketch, Until, Verdict, Watch } from '../core/verdict.ts';

/** What came back for a watched request. */
export interface Answer {
  readonly status: number;
  /** After redirects; empty when unknown. */
  readonly url: string;
  /** Parsed JSON, or of a sync answer what the page itself reads; null when it is none. */
  readonly body: unknown;
}

/** What the account says about a request, in the words of `Verdict`. */
export interface Ruling {
  readonly answer: { readonly status: number; readonly text: string } | null;
  /** null: where the page sends it */
  readonly url: string | null;
  /** null: as it is */
  readonly body: string | null;
  /** What to tell of its answer; null: nothing. */
  readonly note: unknown;
}

/** What the patch asks for; the hook and tests provide it. */
export interface Router {
  decide(sketch: Sketch): Verdict;
  /** Resolves when a held request may be decided again; false: it must not be sent. Has a deadline of its own. */
  wait(until: Until): Promise<boolean>;
  /** null: it must not be sent. Has a deadline of its own. `body`: the text of its body, where that was read. */
  rule(sketch: Sketch, session: string | null, body: string | null): Promise<Ruling | null>;
  /**
   * Called with the answer to a watched request, before the page can have read it. Settles when what the page must not
   * lose is stored.
   */
  learn(watch: Watch, answer: Answer): Promise<unknown> | undefined;
  /** Whether the server at a base URL answers at all. */
  reaches(base: string): Promise<boolean>;
}
