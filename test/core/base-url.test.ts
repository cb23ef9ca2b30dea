import { describe, expect, it } from 'vitest';
import { parseBaseUrl, type BaseUrlContext } from '../../src/core/base-url.ts';
import cases from '../data/url-cases.json' with { type: 'json' };

describe('base URL', () => {
  it.each(cases.baseUrl)('$id $reason', ({ input, kind, portal, source, expect: expected }) => {
    expect(parseBaseUrl(input, { kind, portal, source } as BaseUrlContext)).toMatchObject(expected);
  });
});
