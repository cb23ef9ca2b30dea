import { describe, expect, it } from 'vitest';
import { ruleBody, type BodyKnown } from '../../src/core/identity-body.ts';
import { bodyRule } from '../../src/core/identity-places.ts';
import type { Identity } from '../../src/core/identity.ts';
import { issuerOf, table, type Outcome } from './identity-body-table.ts';

const STATES: Record<string, Identity> = {
  disabled: { is: 'disabled' },
  invalid: { is: 'invalid', why: 'no-scheme', raw: '"is.example"' },
  url: { is: 'url', base: 'https://is.example/pre' },
  absent: { is: 'absent' },
  unknown: { is: 'unknown' },
};
const known = (state: string, extra: Partial<BodyKnown> = {}): BodyKnown => ({
  identity: STATES[state] ?? { is: 'unknown' },
  isFresh: true,
  isLate: false,
  tokenOf: issuerOf,
  validationOf: issuerOf,
  ...extra,
});

const rows = table.flatMap(([what, path, body, disabled, url, unknown]) =>
  (
    [
      ['disabled', disabled],
      // row 7 of errors.md: as `disabled`
      ['invalid', disabled],
      ['url', url],
      ['absent', 'as is'],
      ['unknown', unknown],
    ] as const
  ).map(([state, outcome]) => ({ what, path, body, state, outcome })),
);

function verdictOf(outcome: Outcome): object {
  const refused = (status: number, errcode: string): object => ({
    act: 'answer',
    error: { status, errcode, error: expect.any(String) },
  });
  if (outcome === 'as is') return { act: 'go', body: null };
  if (outcome === 'hold') return { act: 'wait' };
  if (outcome === 'no invite') return refused(400, 'ORG.MATRIX.JSSDK_MISSING_PARAM');
  if (outcome === 'not trusted') return refused(400, 'M_SERVER_NOT_TRUSTED');
  return { act: 'go', body: JSON.stringify(outcome) };
}

/** The client's own choice counts: each server is named with a token of its own. */
function withOwnTokens(text: string): string {
  return text
    .replaceAll(/("id_server":"default[^"]*","id_access_token":)"tX"/g, '$1"tD"')
    .replaceAll(/("id_server":"is\.[^"]*","id_access_token":)"tD"/g, '$1"tX"');
}

describe.each(rows)('$what ($path), account data $state', ({ path, body, state, outcome }) => {
  const rule = bodyRule(path);
  const text = state === 'absent' ? withOwnTokens(JSON.stringify(body)) : JSON.stringify(body);

  it('is ruled as the design says', () => {
    expect(ruleBody(rule, text, known(state))).toMatchObject(verdictOf(outcome));
  });

  it('waits no longer than it may', () => {
    const verdict = ruleBody(rule, text, known(state, { isLate: true }));
    const notYet = { act: 'answer', error: { status: 504, errcode: 'M_UNKNOWN' } };
    expect(verdict).toMatchObject(outcome === 'hold' ? notYet : verdictOf(outcome));
  });

  it('is of an unknown state when the value was read before a reload', () => {
    const stale = ruleBody(rule, text, known(state, { isFresh: false }));
    expect(stale).toEqual(ruleBody(rule, text, known('unknown')));
  });
});
