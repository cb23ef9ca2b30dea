import { describe, expect, it } from 'vitest';
import { readBodyFields, tokenOf } from '../../src/request/sketch.ts';

describe('the token of a request', () => {
  it.each<[string | null, string, string | null]>([
    ['Bearer abc', 'https://x/', 'abc'],
    ['bearer  abc ', 'https://x/', 'abc'],
    ['Basic abc', 'https://x/', null],
    [null, 'https://x/', null],
    ['', 'https://x/?access_token=q', 'q'],
    ['', 'https://x/?a=1&access_token=q&b=2', 'q'],
    ['', 'https://x/?%61ccess_token=q', 'q'],
    ['', 'https://x/?access_token=a%2Bb', 'a+b'],
    ['', 'https://x/?my_access_token=q', null],
    ['', 'https://x/#?access_token=q', null],
    ['', '/relative?access_token=q#f', 'q'],
    ['Bearer h', 'https://x/?access_token=q', 'h'],
    ['', 'https://x/?access_token=', ''],
  ])('%j %s', (header, url, expected) => {
    expect(tokenOf(header, url)).toBe(expected);
  });
});

describe('the fields of a body', () => {
  it.each<[unknown, string | null, string | null]>([
    ['{"refresh_token":"r"}', 'r', null],
    ['{"type":"m.login.password"}', null, 'm.login.password'],
    ['{"refresh_token":7,"type":[]}', null, null],
    ['not json', null, null],
    ['null', null, null],
    [null, null, null],
    [new Uint8Array(2), null, null],
  ])('%j', (body, refreshToken, loginType) => {
    expect(readBodyFields(body)).toEqual({ refreshToken, loginType, namesIdentity: false });
  });
});
