import { describe, expect, it } from 'vitest';
import { isHardLogout, readCredentials, readNaming, wasRedirected } from '../../src/core/login-response.ts';
import cases from '../data/url-cases.json' with { type: 'json' };

const portal = 'https://portal.example';

interface Case {
  body: unknown;
  portal: string;
  finalUrl?: string;
  expect: Record<string, unknown>;
  reason: string;
}

describe('which homeserver a login names', () => {
  it.each(cases.loginBody as Case[])('$reason', ({ body, portal: base, finalUrl, expect: expected }) => {
    expect(readNaming(body, base, finalUrl ?? null)).toMatchObject(expected);
  });

  it.each([
    ['a number', { base_cs_url: 42 }, { source: 'base_cs_url', ok: false, reason: 'not-a-string' }],
    ['a script', { base_cs_url: 'javascript:alert(1)' }, { ok: false, reason: 'scheme' }],
    ['an inherited name', Object.create({ base_cs_url: 'https://evil.example' }), { source: null }],
    ['an array', ['https://hs1.example'], { source: null }],
  ])('%s', (_, body, expected) => {
    expect(readNaming(body, portal, null)).toMatchObject(expected);
  });

  it.each([
    ['https://hs1.example/_matrix/client/r0/login', true],
    ['https://hs1.example/_matrix/client/v3/register?kind=guest', true],
    ['https://portal.example/_matrix/client/r0/login', false],
    ['https://hs1.example/welcome', false],
    [null, false],
  ])('redirected to %s: %s', (finalUrl, expected) => {
    expect(wasRedirected(portal, finalUrl)).toBe(expected);
  });
});

describe('whose session a login begins', () => {
  const good = { user_id: '@a:x', access_token: 'tok', device_id: 'D', refresh_token: 'ref' };

  it.each([
    ['all fields', good, { user: '@a:x', access: 'tok', device: 'D', refresh: 'ref' }],
    ['no device, no refresh token', { user_id: '@a:x', access_token: 't' }, { device: null, refresh: null }],
    ['a token with a line break', { ...good, access_token: 'a\r\nb' }, null],
    ['a token with NUL', { ...good, access_token: 'a\0b' }, null],
    ['an empty token', { ...good, access_token: '' }, null],
    ['a token of 4097 characters', { ...good, access_token: 'x'.repeat(4097) }, null],
    ['a token that is no string', { ...good, access_token: {} }, null],
    ['no user', { access_token: 'tok' }, null],
    ['an error answer', { errcode: 'M_FORBIDDEN' }, null],
    ['HTML', '<html>', null],
    ['null', null, null],
  ])('%s', (_, body, expected) => {
    expect(readCredentials(body)).toEqual(expected && expect.objectContaining(expected));
  });
});

describe('hard logout', () => {
  it.each([
    [401, { errcode: 'M_UNKNOWN_TOKEN' }, true],
    [401, { errcode: 'M_UNKNOWN_TOKEN', soft_logout: false }, true],
    [401, { errcode: 'M_UNKNOWN_TOKEN', soft_logout: true }, false],
    [401, { errcode: 'M_MISSING_TOKEN' }, false],
    [401, { errcode: 'M_FORBIDDEN', flows: [] }, false],
    [403, { errcode: 'M_UNKNOWN_TOKEN' }, false],
    [401, null, false],
  ])('%s %j: %s', (status, body, expected) => {
    expect(isHardLogout(status, body)).toBe(expected);
  });
});
