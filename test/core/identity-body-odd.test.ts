/** Bodies that no client of today sends, or whose tokens nobody knows. */
import { describe, expect, it } from 'vitest';
import { ruleBody, type BodyKnown } from '../../src/core/identity-body.ts';
import { validationKey, type Rule } from '../../src/core/identity-places.ts';
import type { Identity } from '../../src/core/identity.ts';

const X = 'is.example';
const D = 'default.example';
const known = (identity: Identity, issuers: Record<string, string> = {}): BodyKnown => ({
  identity,
  isFresh: true,
  isLate: false,
  tokenOf: (token) => issuers[token] ?? null,
  validationOf: (validation) => issuers[validation] ?? null,
});
const disabled: Identity = { is: 'disabled' };
const url: Identity = { is: 'url', base: `https://${X}` };
const absent: Identity = { is: 'absent' };
const email = { medium: 'email', address: 'a@mail.example' };
const bodyOf = (rule: Rule, body: object, state: BodyKnown): string | null => {
  const text = JSON.stringify(body);
  const verdict = ruleBody(rule, text, state);
  return verdict.act === 'go' ? (verdict.body ?? text) : null;
};

describe('a token that nobody knows, beside another server’s name', () => {
  const named = { id_server: D, id_access_token: 't?' };
  const bodies: [Rule, object][] = [
    ['invite', { ...email, ...named }],
    ['create-room', { invite_3pid: [{ ...email, ...named }] }],
    ['bind', { sid: '1', client_secret: 'c', ...named }],
    ['add', { three_pid_creds: { sid: '1', client_secret: 'c', ...named } }],
    ['auth', { auth: { threepid_creds: { sid: '1', client_secret: 'c', ...named } } }],
    ['request-token', { client_secret: 'c', email: 'a@mail.example', send_attempt: 1, ...named }],
  ];

  it.each(bodies.slice(0, 5))('%s: never goes to the account’s server', (rule, body) => {
    expect(bodyOf(rule, body, known(url, { 'c 1': X })) ?? '').not.toContain(
      `"id_server":"${X}","id_access_token":"t?"`,
    );
  });

  it.each(bodies.slice(5))('%s: never goes to the account’s server', (rule, body) => {
    expect(bodyOf(rule, body, known(url, { 'c 1': X })) ?? '').not.toContain(`"id_server":"${X}"`);
  });
});

describe('both spellings of the name at once', () => {
  const both = { id_server: D, idServer: D, id_access_token: 't' };

  it.each<[Rule, object]>([
    ['leave', { ...email, ...both }],
    ['request-token', both],
    ['auth', { auth: { threepidCreds: [both] } }],
  ])('%s: no name is left when the account wants none', (rule, body) => {
    expect(bodyOf(rule, body, known(disabled)) ?? '').not.toContain(D);
  });

  it.each<[Rule, object]>([
    ['invite', { ...email, ...both }],
    ['create-room', { invite_3pid: [both] }],
  ])('%s: a token never travels beside another server’s name', (rule, body) => {
    expect(bodyOf(rule, body, known(url, { t: X })) ?? '').not.toContain(D);
  });
});

describe('an invitation that names no server', () => {
  it.each<Identity>([disabled, url, { is: 'unknown' }])('passes as it is, account data $is', (identity) => {
    expect(bodyOf('invite', email, known(identity))).toBe(JSON.stringify(email));
  });
});

describe('who issues the sid of the answer to a requestToken', () => {
  const ask = { client_secret: 'c', email: 'a@mail.example', send_attempt: 1 };

  it.each<[string, object, BodyKnown, string]>([
    ['the homeserver', ask, known(url), ''],
    ['the homeserver, when nothing else is wanted', { ...ask, id_server: D }, known(disabled), ''],
    ['the account’s', { ...ask, id_server: D, id_access_token: 't' }, known(url, { t: X }), X],
    ['the client’s', { ...ask, id_server: D, id_access_token: 't' }, known(absent, { t: D }), D],
    [
      'the homeserver, as the token is foreign',
      { ...ask, id_server: X, id_access_token: 't' },
      known(url, { t: D }),
      '',
    ],
  ])('%s', (_, body, state, validatedBy) => {
    expect(ruleBody('request-token', JSON.stringify(body), state)).toMatchObject({ act: 'go', validatedBy });
  });

  it.each<Rule>(['invite', 'leave', 'auth', 'register'])('nobody, of a request of %s', (rule) => {
    expect(ruleBody(rule, '{"reason":"r"}', known(url))).toMatchObject({ act: 'go', validatedBy: null });
  });
});

describe('a validation', () => {
  it('is told from one with the same sid by the client’s secret', () => {
    const [a, b] = ['a', 'b'].map((secret) => validationKey({ sid: '1', client_secret: secret }));
    expect(a).not.toBe(b);
  });

  it.each([{}, { sid: '1' }, { client_secret: 'c' }, { sid: 1, client_secret: 'c' }, null, 'x'])(
    '%j is none',
    (holder) => {
      expect(validationKey(holder)).toBeNull();
    },
  );

  it.each<[Rule, object]>([
    ['bind', { sid: '1', client_secret: 'c', id_server: X }],
    ['add', { bind: true, three_pid_creds: { sid: '1', client_secret: 'c', id_server: X } }],
  ])('of another server is not published by %s', (rule, body) => {
    for (const issuer of [D, '']) expect(bodyOf(rule, body, known(url, { 'c 1': issuer }))).toBeNull();
    expect(bodyOf(rule, body, known(url, { 'c 1': X }))).toBe(JSON.stringify(body));
  });
});
