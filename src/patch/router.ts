import type { Sketch, Until, Verdict, Watch } from '../core/decide.ts';

/** What came back for a watched request. */
export interface Answer {
  readonly status: number;
  /** After redirects; empty when unknown. */
  readonly url: string;
  /** Parsed JSON, null when it is none. */
  readonly body: unknown;
}

/** What the patch asks for; the hook and tests provide it. */
export interface Router {
  decide(sketch: Sketch): Verdict;
  /** Resolves when a held request may be decided again; false: it must not be sent. Has a deadline of its own. */
  wait(until: Until): Promise<boolean>;
  /** Called with the answer to a watched request, before the page can have read it. */
  learn(watch: Watch, answer: Answer): void;
  /** Whether the server at a base URL answers at all. */
  reaches(base: string): Promise<boolean>;
}
