/** Whoever owns the state, as a document knows it: the extension's background, or the page worker's part of the page. */
import type { CallBackground, Change } from '../wire/document.ts';

export interface Background {
  /** Resolves when it can be asked. */
  readonly opened: Promise<void>;
  /** Rejects when nobody will answer any more: the extension was disabled or removed. */
  readonly call: CallBackground;
  /** After an extension reload another bridge to it may come under this name, and no other. */
  again(name: string): void;
}

/** What a document does when it is told or asked something. */
export interface Listener {
  /** Something that was not asked for. */
  onChange(change: Change): void;
  /** Another background is there, which has forgotten what was in memory. */
  onReopen(): void;
  /** What to tell when diagnostics are collected, as JSON. */
  collect(): unknown;
}
