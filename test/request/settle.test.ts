import { describe, expect, it } from 'vitest';
import { PASS, REFUSE, type Route, type Sketch, type Verdict } from '../../src/core/verdict.ts';
import type { Router, Ruling } from '../../src/request/router.ts';
import { settle } from '../../src/request/settle.ts';

const route: Route = {
  id: 's',
  portal: 'https://portal.example',
  target: 'https://hs1.example',
  pending: false,
  media: false,
};
const D = 'https://default.example/_matrix/identity/v2/lookup';
const X = 'https://is.example/_matrix/identity/v2/lookup';
const sketch: Sketch = {
  method: 'POST',
  url: D,
  page: 'https://app.example/',
  token: null,
  body: undefined,
  sync: false,
  ruled: false,
};
const ON: Ruling = { answer: null, url: null, body: null, note: null };
const RULE: Verdict = { act: 'rule', session: 's' };
const READ: Verdict = { act: 'read' };
const HOLD: Verdict = { act: 'hold', until: { for: 'ready' } };
const SEND: Verdict = {
  act: 'send',
  url: 'https://hs1.example/x',
  dropToken: false,
  watch: { for: 'session', route, token: 't' },
  uses: route,
  orPortal: null,
  addToken: null,
};
const TEXT = '{"id_server":"default.example"}';

/** A router that decides so, one verdict after another, and what it was asked. */
async function settled(verdicts: Verdict[], ruling: Ruling | null = ON, waits = true) {
  const decided: Sketch[] = [];
  const ruled: [Sketch, string | null, string | null][] = [];
  const queue = [...verdicts];
  const next = (): Verdict => queue.shift() ?? REFUSE;
  const router: Router = {
    decide: (known) => {
      decided.push(known);
      return next();
    },
    wait: () => Promise.resolve(waits),
    rule: (...args) => {
      ruled.push(args);
      return Promise.resolve(ruling);
    },
    learn: () => undefined,
    reaches: () => Promise.resolve(true),
  };
  let reads = 0;
  const verdict = await settle(router, sketch, next(), () => {
    reads += 1;
    return Promise.resolve(TEXT);
  });
  return { verdict, decided, ruled, reads, left: queue.length };
}

describe('a request that an account’s word decides', () => {
  it.each<[string, Verdict[], Ruling | null, object]>([
    ['nobody knows', [RULE, PASS], null, REFUSE],
    [
      'answered here',
      [RULE, PASS],
      { ...ON, answer: { status: 403, text: '{}' } },
      { act: 'answer', status: 403, text: '{}' },
    ],
    ['as it is', [RULE, PASS], ON, PASS],
    ['as it is, of a session', [RULE, SEND], ON, SEND],
    [
      'elsewhere',
      [RULE, PASS],
      { ...ON, url: X },
      { act: 'send', url: X, dropToken: false, orPortal: null, addToken: null },
    ],
    ['another body', [RULE, PASS], { ...ON, body: '{}' }, { act: 'send', url: D, body: '{}' }],
    ['another body, at home', [RULE, SEND], { ...ON, body: '{}' }, { ...SEND, body: '{}' }],
    ['an empty body', [RULE, SEND], { ...ON, body: '' }, { ...SEND, body: '' }],
    ['with a note', [RULE, PASS], { ...ON, note: 7 }, { ...PASS, watch: { for: 'note', note: 7 } }],
    ['with a note, at home', [RULE, SEND], { ...ON, note: 7 }, { ...SEND, watch: { for: 'note', note: 7 } }],
    ['refused after all', [RULE, REFUSE], { ...ON, url: X, body: '{}' }, REFUSE],
    ['after a while', [HOLD, RULE, HOLD, SEND], { ...ON, body: '{}' }, { ...SEND, body: '{}' }],
  ])('%s', async (_, verdicts, ruling, expected) => {
    expect((await settled(verdicts, ruling)).verdict).toMatchObject(expected);
  });

  it('keeps what is watched where nothing is noted', async () => {
    const { verdict } = await settled([RULE, SEND], { ...ON, body: '{}' });
    expect(verdict).toMatchObject({ watch: { for: 'session', token: 't' } });
  });

  it('sends no body of its own where none was ruled', async () => {
    for (const ruling of [ON, { ...ON, url: X }]) {
      expect((await settled([RULE, SEND], ruling)).verdict).not.toHaveProperty('body');
    }
  });

  it('is decided again, as ruled and where it goes now', async () => {
    const { decided, ruled } = await settled([RULE, PASS], { ...ON, url: X });
    expect(ruled).toEqual([[sketch, 's', null]]);
    expect(decided).toEqual([{ ...sketch, url: X, ruled: true }]);
  });

  it('is ruled with its text, read once', async () => {
    const { ruled, reads, decided } = await settled([READ, RULE, PASS]);
    expect(ruled[0]?.[2]).toBe(TEXT);
    expect(reads).toBe(1);
    expect(decided.at(-1)).toMatchObject({ ruled: true, body: { namesIdentity: true } });
  });

  it('has no text where none was read', async () => {
    const { ruled, reads } = await settled([RULE, PASS]);
    expect([ruled[0]?.[2], reads]).toEqual([null, 0]);
  });

  it('is not asked about again once it is refused or answered', async () => {
    const refused = await settled([RULE, PASS, PASS], null);
    const answered = await settled([RULE, PASS, PASS], { ...ON, answer: { status: 504, text: '{}' } });
    expect([refused.left, answered.left]).toEqual([2, 2]);
  });
});

describe('a request that waits in vain', () => {
  it.each([[[HOLD]], [[RULE, HOLD]], [[READ, HOLD]]])('is not sent', async (verdicts) => {
    expect((await settled([...verdicts, PASS], ON, false)).verdict).toEqual(REFUSE);
  });
});

describe('a request that nobody rules', () => {
  it.each([PASS, SEND, REFUSE])('$act stays as decided', async (verdict) => {
    const result = await settled([verdict]);
    expect(result.verdict).toBe(verdict);
    expect(result.ruled).toEqual([]);
  });
});
