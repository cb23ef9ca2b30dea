import { describe, expect, it } from 'vitest';
import { classify } from '../../src/core/endpoint.ts';
import file from '../data/classify-cases.json' with { type: 'json' };

interface Case {
  method: string;
  url: string;
  portal: string;
  target: string;
  page?: string;
  expect: Record<string, unknown>;
  reason: string;
}

describe('endpoint', () => {
  it.each(file.cases as Case[])('$method $url', ({ method, url, portal, target, page, expect: expected }) => {
    const bases = { portal, target, page: page ?? 'https://app.example/' };
    expect(classify(method, url, bases)).toMatchObject(expected);
  });
});
