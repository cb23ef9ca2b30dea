import { REFUSE, type Sketch, type Verdict } from '../core/verdict.ts';
import { readBodyFields } from './sketch.ts';
import type { Router, Ruling } from './router.ts';

export type Settled = Exclude<Verdict, { act: 'hold' | 'read' | 'rule' }>;

/**
 * Decides again until a request may go.
 *
 * @param readBody the text of its body, asked for only where that routes it; null where it has none
 */
export async function settle(
  router: Router,
  sketch: Sketch,
  first: Verdict,
  readBody: () => string | null | Promise<string>,
): Promise<Settled> {
  let known = sketch;
  let verdict = first;
  let text: string | null = null;
  let ruling: Ruling | null = null;
  while (verdict.act === 'hold' || verdict.act === 'read' || verdict.act === 'rule') {
    if (verdict.act === 'read') {
      text = await readBody();
      known = { ...known, body: readBodyFields(text) };
    } else if (verdict.act === 'rule') {
      // XMLHttpRequest looks into a string itself, before it waits
      if (known.body) text ??= await readBody();
      ruling = await router.rule(known, verdict.session, text);
      if (!ruling) return REFUSE;
      if (ruling.answer) return { act: 'answer', ...ruling.answer };
      known = { ...known, url: ruling.url ?? known.url, ruled: true };
    } else if (!(await router.wait(verdict.until))) return REFUSE;
    verdict = router.decide(known);
  }
  return ruling ? ruled(verdict, ruling, known) : verdict;
}

/** What was ruled, on the way that was decided. */
function ruled(verdict: Settled, { url, body, note }: Ruling, known: Sketch): Settled {
  if (verdict.act !== 'pass' && verdict.act !== 'send') return verdict;
  const watch = note ? ({ for: 'note', note } as const) : verdict.watch;
  if (url === null && body === null) return { ...verdict, watch };
  return {
    url: (verdict.act === 'pass' && verdict.marked) || known.url,
    dropToken: false,
    addToken: null,
    orPortal: null,
    ...verdict,
    act: 'send',
    watch,
    ...(body !== null && { body }),
  };
}
