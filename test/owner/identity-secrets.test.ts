/** Tokens and validations of several identity servers, and what goes on to where. */
import { describe, expect, it } from 'vitest';
import { validationKey } from '../../src/core/identity-places.ts';
import type { IdentityAsk } from '../../src/wire/identity.ts';
import {
  absent,
  ask,
  D,
  going,
  LOOKUP,
  refused,
  rule,
  scene,
  url,
  X,
  Y,
  type Issued,
} from './identity-scene.ts';

describe('a token', () => {
  const issued: Issued = {
    tD: ['default.example', 's1'],
    tX: ['is.example', 's1'],
    tY: ['other.example/pre', 's1'],
  };

  it.each<[string, string | null, object]>([
    ['of the account’s server', 'tX', going(`${X}/_matrix/identity/v2/lookup`)],
    ['none', null, going(`${X}/_matrix/identity/v2/lookup`)],
    ['of the client’s own', 'tD', refused(401, 'M_UNAUTHORIZED')],
    ['of a third', 'tY', refused(401, 'M_UNAUTHORIZED')],
  ])('%s', async (_, token, expected) => {
    expect(await rule(ask(LOOKUP, { token }), await scene([url(X)], issued))).toMatchObject(expected);
  });

  // one from before Homeward was turned on is the client's own server's, and goes to the account's
  it('that nobody knows never goes to another server than the page sends it to', async () => {
    const ruling = await rule(ask(LOOKUP, { token: 't?' }), await scene([url(X)], issued));
    expect(ruling).toMatchObject(refused(401, 'M_UNAUTHORIZED'));
  });

  it('of another client is not known', async () => {
    const at = await scene([absent], issued);
    const elsewhere = { ...at, client: 'https://evil.example' };
    expect(await rule(ask(LOOKUP, { token: 'tX' }), elsewhere)).toMatchObject(going(null));
  });
});

describe('a validation', () => {
  const named = { sid: '1', client_secret: 'c' };
  const of = (secret: string): string => validationKey({ ...named, client_secret: secret }) ?? '';
  // two servers count from 1
  const issued: Issued = {
    [of('c')]: ['is.example', 's1'],
    [of('d')]: ['default.example', 's1'],
    [of('h')]: ['', 's1'],
  };
  const submit = `${D}/_matrix/identity/v2/validate/email/submitToken`;

  it.each<[string, string, object]>([
    ['of the account’s server', 'c', { wait: null, answer: null }],
    ['with the same sid, of the client’s own server', 'd', refused(400, 'M_NO_VALID_SESSION')],
    ['of the homeserver', 'h', refused(400, 'M_NO_VALID_SESSION')],
    ['that nobody knows', 'x', { wait: null, answer: null }],
  ])('%s', async (_, secret, expected) => {
    const at = await scene([url(X)], issued);
    const values = { ...named, client_secret: secret, token: '123456' };
    const form = new URLSearchParams(values).toString();
    for (const asked of [
      ask(`POST ${submit}`, { body: JSON.stringify(values) }),
      ask(`POST ${submit}`, { body: form }),
      ask(`GET ${submit}?${form}`),
    ]) {
      expect(await rule(asked, at)).toMatchObject(expected);
    }
  });

  it('of a body stays with its server', async () => {
    const at = await scene([url(X)], { ...issued, tX: ['is.example', 's1'] });
    const bind = (secret: string): IdentityAsk =>
      ask('POST https://hs1.example/_matrix/client/r0/account/3pid/bind', {
        body: JSON.stringify({
          ...named,
          client_secret: secret,
          id_server: 'default.example',
          id_access_token: 'tX',
        }),
      });
    expect(await rule(bind('d'), at)).toMatchObject(refused(400, 'M_SERVER_NOT_TRUSTED'));
    expect(JSON.parse((await rule(bind('c'), at)).body ?? '')).toMatchObject({ id_server: 'is.example' });
  });
});

describe('what goes on', () => {
  it.each([
    [
      `GET ${D}/_matrix/identity/api/v1/lookup?medium=email&address=a%2Bb%40c&x=%2F`,
      '/api/v1/lookup?medium=email&address=a%2Bb%40c&x=%2F',
    ],
    [`GET ${D}/pre/_matrix/identity/v2/pubkey/ed25519%3A0`, '/v2/pubkey/ed25519%3A0'],
    [`GET ${D}//_matrix/identity/v2/`, '/v2/'],
  ])('%s keeps its path and query, byte for byte', async (line, rest) => {
    expect(await rule(ask(line), await scene([url(Y)]))).toMatchObject({
      url: `${Y}/_matrix/identity${rest}`,
    });
  });

  it.each<[string, string | null, object | null]>([
    [
      `POST ${D}/_matrix/identity/v2/account/register`,
      '{"access_token":"o"}',
      { server: 'other.example/pre', session: 's1', secret: '' },
    ],
    [
      `POST ${D}/_matrix/identity/v2/validate/email/requestToken`,
      '{"client_secret":"c"}',
      { server: 'other.example/pre', session: 's1', secret: 'c' },
    ],
    [
      `POST ${D}/_matrix/identity/api/v1/validate/email/requestToken`,
      'client_secret=c&email=a',
      { server: 'other.example/pre', session: 's1', secret: 'c' },
    ],
    [
      'POST https://hs1.example/_matrix/client/v3/account/3pid/email/requestToken',
      '{"client_secret":"c"}',
      { server: '', session: 's1', secret: 'c' },
    ],
    [LOOKUP, '{"addresses":[]}', null],
    [`GET ${D}/_matrix/identity/v2/account`, null, null],
  ])('%s: whose the answer is, is noted', async (line, body, note) => {
    expect((await rule(ask(line, { body }), await scene([url(Y)]))).note).toEqual(note);
  });

  it.each<[string, string, string | null]>([
    ['the client’s own', D, null],
    ['the account’s', X, null],
    ['neither', Y, Y],
  ])(
    'tells where the client turns: %s',
    async (_, base, elsewhere) => {
      const ruling = await rule(ask(`GET ${base}/_matrix/identity/v2`), await scene([url(X)]));
      expect(ruling).toMatchObject({ ...going(base === D ? `${X}/_matrix/identity/v2` : null), elsewhere });
    },
    1000,
  );
});
