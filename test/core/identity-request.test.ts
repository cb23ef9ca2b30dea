import { describe, expect, it } from 'vitest';
import { identityOperation } from '../../src/core/identity-endpoint.ts';
import {
  ruleIdentity,
  type IdentityKnown,
  type IdentityRequest,
  type IdentityVerdict,
} from '../../src/core/identity-request.ts';
import type { Identity } from '../../src/core/identity.ts';
import file from '../data/identity.json' with { type: 'json' };

const D = 'https://default.example';
const X = 'https://is.example/pre';
const Y = 'https://candidate.example';

const absent: Identity = { is: 'absent' };
const disabled: Identity = { is: 'disabled' };
const invalid: Identity = { is: 'invalid', why: 'no-scheme', raw: '"is.example"' };
const url: Identity = { is: 'url', base: X };
const unknown: Identity = { is: 'unknown' };

/** Every operation of every version, as its method and URL are read. */
const operations = file.endpoints.map(({ method, path, role, carriesPersonalData }) => {
  const segments = path.replace('{keyId}', 'ed25519:0').replace('/_matrix/identity/', '').split('/');
  const { op } = identityOperation(method, segments);
  return { id: `${method} ${path}`, op, role: role.split(/[ /]/)[0] ?? '', personal: carriesPersonalData };
});

const CANDIDATE = new Set(['ping', 'token-issue', 'token-check', 'terms-read', 'terms-accept']);
const isPing = ({ role }: { role: string }): boolean => role === 'ping' || role === 'versions';

const request = (op: string, extra: Partial<IdentityRequest> = {}): IdentityRequest => ({
  op,
  base: D,
  isUsable: true,
  tokenOf: null,
  validationOf: null,
  ...extra,
});
const known = (identity: Identity, extra: Partial<IdentityKnown> = {}): IdentityKnown => ({
  identity,
  isFresh: true,
  clientDefault: D,
  isLate: false,
  ...extra,
});
const go = (base: string): IdentityVerdict => ({ act: 'go', base });
const wait = { act: 'wait' };
const refused = (status: number, errcode: string, error: unknown = expect.any(String)): object => ({
  act: 'answer',
  error: { status, errcode, error },
});
const DISABLED = refused(403, 'M_FORBIDDEN', 'This account does not use an identity server.');
const INVALID = refused(
  403,
  'M_FORBIDDEN',
  'The identity server address stored in this account is not valid.',
);
const NOT_YET = refused(504, 'M_UNKNOWN', 'The identity server setting could not be read yet. Try again.');
const FOREIGN = refused(401, 'M_UNAUTHORIZED');

describe.each(operations)('$id', ({ op, role, personal }) => {
  it('has its role, in any version and with a slash at its end', () => {
    const isMisprint = role !== 'ping' && op === 'other';
    expect(isMisprint || ['data', 'sign'].includes(role) || op === role).toBe(true);
  });

  it.each<[string, Identity, object]>([
    ['absent', absent, go(D)],
    ['disabled', disabled, DISABLED],
    ['invalid', invalid, INVALID],
    ['a URL', url, go(X)],
    ['unknown', unknown, wait],
  ])('at the client’s own server, account data %s', (_, identity, expected) => {
    for (const clientDefault of [D, null]) {
      expect(ruleIdentity(request(op), known(identity, { clientDefault }))).toEqual(expected);
    }
  });

  it('goes to the account’s server when the client names it itself', () => {
    expect(ruleIdentity(request(op, { base: X }), known(url))).toEqual(go(X));
  });

  it('is refused when its time is over and nothing is known', () => {
    expect(ruleIdentity(request(op), known(unknown, { isLate: true }))).toEqual(NOT_YET);
  });

  it('after a reload: a ping goes by the last known value, personal data waits', () => {
    const verdict = ruleIdentity(request(op), known(url, { isFresh: false }));
    if (isPing({ role })) expect(verdict).toEqual(go(X));
    if (!personal) return;
    expect(verdict).toEqual(wait);
    for (const identity of [absent, disabled, invalid, url]) {
      const late = known(identity, { isFresh: false, isLate: true });
      expect(ruleIdentity(request(op), late)).toEqual(NOT_YET);
    }
  });

  it.each([disabled, invalid, url])('at a candidate, account data $is', (identity) => {
    const verdict = ruleIdentity(request(op, { base: Y }), known(identity));
    if (CANDIDATE.has(role)) expect(verdict).toEqual(go(Y));
    // `keys` and `token-revoke` are in neither list
    else if (personal || role.startsWith('lookup')) expect(verdict).not.toEqual(go(Y));
  });

  it('at a candidate gets nothing before the client’s own server is known', () => {
    const verdict = ruleIdentity(request(op, { base: Y }), known(disabled, { clientDefault: null }));
    expect(verdict).toEqual(DISABLED);
  });

  it('waits at a candidate too while nothing is known', () => {
    expect(ruleIdentity(request(op, { base: Y }), known(unknown))).toEqual(wait);
  });

  it.each<[string, Partial<IdentityRequest>, Identity, object]>([
    ['of the account’s server', { tokenOf: 'is.example/pre' }, url, go(X)],
    ['of the client’s own server', { tokenOf: 'default.example' }, url, FOREIGN],
    ['of its host only', { tokenOf: 'is.example' }, url, FOREIGN],
    ['of another path', { tokenOf: 'is.example/pre2' }, url, FOREIGN],
    ['of the server that it goes to', { tokenOf: 'default.example' }, absent, go(D)],
    ['of the account’s former server', { tokenOf: 'is.example/pre' }, absent, FOREIGN],
    ['of nobody’s', {}, absent, go(D)],
  ])('with a token %s', (_, extra, identity, expected) => {
    expect(ruleIdentity(request(op, extra), known(identity))).toEqual(expected);
  });

  it('takes no token of another server to a candidate', () => {
    for (const identity of [absent, disabled, invalid, url]) {
      const carried = request(op, { base: Y, tokenOf: 'default.example' });
      expect(ruleIdentity(carried, known(identity))).toMatchObject({ act: 'answer' });
    }
  });

  it.each<[string, Identity, boolean]>([
    ['is.example/pre', url, true],
    ['default.example', url, false],
    ['', url, false],
    ['default.example', absent, true],
    ['is.example/pre', absent, false],
  ])('with a validation of %j, account data $is', (validationOf, identity, goes) => {
    const verdict = ruleIdentity(request(op, { validationOf }), known(identity));
    expect(verdict).toMatchObject(goes ? { act: 'go' } : refused(400, 'M_NO_VALID_SESSION'));
  });
});

it.each([
  ['HEAD', 'v2', 'ping', 'v2'],
  ['GET', 'v2/', 'ping', 'v2'],
  ['GET', 'v3/lookup', 'other', null],
  ['DELETE', 'v2/account', 'other', 'v2'],
  ['POST', 'v2/', 'other', 'v2'],
  ['POST', 'versions', 'versions', null],
  ['GET', 'v2/terms/x', 'other', 'v2'],
])('%s %s is %s of %s', (verb, path, op, api) => {
  expect(identityOperation(verb, path.split('/'))).toEqual({ op, api });
});

describe('a server that no account could name', () => {
  it.each(['ping', 'token-issue', 'terms-accept'])('is no candidate: %s', (op) => {
    const asked = request(op, { base: 'https://other.example', isUsable: false });
    expect(ruleIdentity(asked, known(invalid, { clientDefault: D, isFresh: true })).act).toBe('answer');
  });
});
