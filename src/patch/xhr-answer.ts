/** What the answers to XMLHttpRequests teach. */
import type { Watch } from '../core/verdict.ts';
import { parseJson } from '../request/answer.ts';
import { READ } from '../request/learn.ts';
import type { Router } from '../request/router.ts';

interface Watched {
  /** null: nothing is to be learnt, or it was. */
  watch: Watch | null;
}

/**
 * Learns from the answer once: when the page first reads it, or when it is complete, whichever comes first. A sync answer
 * is only seen as the page reads it.
 *
 * @param seen what the page gets
 */
export function learnFrom(xhr: XMLHttpRequest, opened: Watched, router: Router, seen?: unknown): void {
  const { watch } = opened;
  const { status, responseURL: url } = xhr;
  const isSync = watch?.for === 'sync' && status === 200;
  if (!watch || xhr.readyState !== 4 || (isSync && seen === undefined)) return;
  opened.watch = null;
  const reads = READ.test(watch.for) || status === 401;
  void router.learn(watch, { status, url, body: isSync ? seen : reads ? bodyOf(xhr) : null });
}

function bodyOf({ responseType, response }: XMLHttpRequest): unknown {
  if (responseType === 'json') return response;
  return parseJson(
    responseType === 'arraybuffer' ? new TextDecoder().decode(response as ArrayBuffer) : response,
  );
}
