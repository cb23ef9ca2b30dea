/**
 * Answers that are only noticed where the page itself reads them: a sync answer may be hundreds of megabytes, and is
 * never copied, parsed twice or altered.
 */
import { apply, promiseThen } from './natives.ts';
import { replace } from './replace.ts';

const waiting = new WeakMap<object, (value: unknown) => void>();

/** Calls back with what `json()` or `text()` of a response gave to the page. */
export function decodedLater(response: Response, callback: (value: unknown) => void): void {
  waiting.set(response, callback);
}

/** @returns undoes it */
export function patchDecoders(prototype: Response): () => void {
  const undo = ['json', 'text'].map((key) =>
    replace(prototype, key, (run, self, args) => {
      const decoded = run(self, args);
      const callback = waiting.get(self);
      if (callback) void apply(promiseThen, decoded, [callback, () => undefined]);
      return decoded;
    }),
  );
  return () => undo.forEach((restore) => restore());
}
