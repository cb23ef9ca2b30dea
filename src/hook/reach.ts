import { locate } from '../core/place.ts';
import type { Probe } from '../core/check-result.ts';

/**
 * Which servers this document has seen answering. Asked at most once, and again after a failure.
 *
 * @returns for the URL of a request to a homeserver: true, or the promise of an answer
 */
export function createReach(
  probe: (base: string) => Promise<Probe>,
): (url: string) => true | Promise<boolean> {
  const seen = { __proto__: null } as unknown as Record<string, true>;
  return (url) => {
    const base = locate(url, url)?.base ?? '';
    return seen[base] ?? probe(base).then((result) => result !== 'unreachable' && (seen[base] = true));
  };
}
