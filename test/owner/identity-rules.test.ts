import { describe, expect, it } from 'vitest';
import type { Identity } from '../../src/core/identity.ts';
import type { IdentityAsk } from '../../src/wire/identity.ts';
import {
  absent,
  ask,
  D,
  disabled,
  going,
  invalid,
  LOOKUP,
  refused,
  rule,
  scene,
  unknown,
  url,
  X,
} from './identity-scene.ts';

describe('whose request it is', () => {
  it.each<[string, Identity[], Partial<IdentityAsk>, object]>([
    [
      'of the token, not of the last',
      [url(X), disabled],
      { token: 't2', session: 's1' },
      { of: 's2', ...refused(403, 'M_FORBIDDEN') },
    ],
    [
      'of the token, not the strictest',
      [url(X), disabled],
      { token: 't1' },
      { of: 's1', ...going(`${X}/_matrix/identity/v2/lookup`) },
    ],
    ['of the document’s last', [disabled, absent], { session: 's2' }, { of: 's2', ...going(null) }],
    [
      'of the document’s last, which is disabled',
      [absent, disabled],
      { session: 's2' },
      refused(403, 'M_FORBIDDEN'),
    ],
    ['nobody knows: disabled', [url(X), unknown, disabled], {}, refused(403, 'M_FORBIDDEN')],
    ['nobody knows: invalid', [url(X), absent, invalid], {}, refused(403, 'M_FORBIDDEN')],
    ['nobody knows: held', [url(X), unknown, absent], {}, { wait: 8000 }],
    ['nobody knows: the named server', [absent, url(X)], {}, going(`${X}/_matrix/identity/v2/lookup`)],
    ['nobody knows: all absent', [absent, absent], {}, going(null)],
    ['a session that is no more', [absent, disabled], { session: 'gone' }, refused(403, 'M_FORBIDDEN')],
  ])('%s', async (_, identities, extra, expected) => {
    const at = await scene(identities, { t1: ['is.example', 's1'], t2: ['is.example', 's2'] });
    expect(await rule(ask(LOOKUP, extra), at)).toMatchObject(expected);
  });

  it('is the document’s last for a token that was issued to nobody known', async () => {
    const at = await scene([absent, disabled], { t: ['default.example', null] });
    expect(await rule(ask(LOOKUP, { token: 't', session: 's1' }), at)).toMatchObject(going(null));
  });
});

describe('what is untouched', () => {
  it.each([`${D}/_matrix/identity/v2`, `${D}//_matrix/identity/v2`, `${X}//_matrix/identity/v2/terms`])(
    'goes where it was sent, as it was written: %s',
    async (where) => {
      expect(await rule(ask(`GET ${where}`), await scene([absent]))).toMatchObject(going(null));
    },
  );
});

describe('what is held', () => {
  const is = `${D}/_matrix/identity`;
  const hs = 'https://hs1.example/_matrix/client/v3';
  const invite = '{"medium":"email","address":"a@b.example","id_server":"default.example"}';

  it.each<[string, Partial<IdentityAsk>, number]>([
    [`GET ${is}/v2`, { session: 's1' }, 4000],
    [`GET ${is}/api/v1`, { session: 's1' }, 4000],
    [`GET ${is}/versions`, { session: 's1' }, 4000],
    [LOOKUP, {}, 8000],
    [`POST ${is}/v2/account/register`, {}, 8000],
    [`GET ${is}/v2/terms`, {}, 8000],
    [`GET ${is}/api/v1/lookup?medium=email&address=a`, {}, 8000],
    [`POST ${hs}/rooms/!r:x/invite`, { body: invite }, 8000],
    [`POST ${hs}/createRoom`, { body: `{"invite_3pid":[${invite}]}` }, 8000],
  ])('%s for so long, then refused', async (line, extra, deadline) => {
    const at = await scene([unknown]);
    expect(await rule(ask(line, extra), at)).toMatchObject({ wait: deadline, answer: null });
    const late = await rule(ask(line, { ...extra, late: true }), at);
    expect(late).toMatchObject({ wait: null, ...refused(504, 'M_UNKNOWN') });
  });

  it('is no ping of a document that has used no token: a login form must not wait', async () => {
    const at = await scene([unknown]);
    expect(await rule(ask(`GET ${is}/v2`), at)).toMatchObject({ wait: null, ...refused(504, 'M_UNKNOWN') });
  });

  it('is personal data while the value was read before a reload', async () => {
    const at = await scene([url(X)]);
    expect(await rule(ask(LOOKUP, { fresh: [] }), at)).toMatchObject({ wait: 8000 });
    expect(await rule(ask(LOOKUP, { fresh: ['s2'] }), at)).toMatchObject({ wait: 8000 });
    expect(await rule(ask(`GET ${is}/v2`, { fresh: [] }), at)).toMatchObject(
      going(`${X}/_matrix/identity/v2`),
    );
  });
});
