import { REFUSE, type Sketch, type Verdict } from '../core/decide.ts';
import { readBodyFields } from '../request/sketch.ts';
import type { Router } from './router.ts';

export type Settled = Exclude<Verdict, { act: 'hold' | 'read' }>;

/**
 * Decides again until a request may go.
 *
 * @param readBody the text of its body, asked for only where that routes it
 */
export async function settle(
  router: Router,
  sketch: Sketch,
  first: Verdict,
  readBody: () => string | null | Promise<string>,
): Promise<Settled> {
  let known = sketch;
  let verdict = first;
  while (verdict.act === 'hold' || verdict.act === 'read') {
    if (verdict.act === 'read') known = { ...known, body: readBodyFields(await readBody()) };
    else if (!(await router.wait(verdict.until))) return REFUSE;
    verdict = router.decide(known);
  }
  return verdict;
}
