/** Every place where a body may name an identity server, in every version (`identityBodyIndex`). */
import { describe, expect, it } from 'vitest';
import { ruleBody, type BodyKnown, type BodyVerdict } from '../../src/core/identity-body.ts';
import { bodyRule } from '../../src/core/identity-places.ts';
import type { Identity } from '../../src/core/identity.ts';
import { belowVersion } from '../../src/core/role.ts';
import { readBodyFields } from '../../src/request/sketch.ts';
import file from '../data/endpoints.json' with { type: 'json' };

const D = 'default.example';
const X = 'is.example/pre';
const TOKENS: Record<string, string> = { tD: D, tX: X };
const url: Identity = { is: 'url', base: `https://${X}` };
const none: Identity[] = [
  { is: 'disabled' },
  { is: 'invalid', why: 'no-scheme', raw: '"x"' },
  { is: 'unknown' },
];

const known = (identity: Identity, extra: Partial<BodyKnown> = {}): BodyKnown => ({
  identity,
  isFresh: true,
  isLate: true,
  tokenOf: (token) => TOKENS[token] ?? null,
  validationOf: () => null,
  ...extra,
});

/** Synapse accepts both with a transaction id as well. */
const txn = (paths: string[]): string[] => [...paths, ...paths.map((path) => `${path}/txn1`)];

const operations = file.identityBodyIndex.map(({ id, paths, identityParams }) => {
  const all = /createRoom|invite/.test(id) ? txn(paths) : paths;
  return {
    id,
    paths: all.map((path) => path.replaceAll(/\{\w+\}/g, '!x:hs1.example')),
    params: identityParams.map(({ path }) => path),
  };
});

const places = operations.flatMap(({ paths, params }) =>
  paths.flatMap((path) =>
    params
      .filter((param) => /\.(id_server|idServer|id_access_token)$/.test(param))
      .map((param) => ({ path, rule: bodyRule(belowVersion(path.replace('/_matrix/', ''))), param })),
  ),
);

/** A body that holds the holder where a parameter's path says that it is. */
function bodyWith(param: string, holder: object): Record<string, unknown> {
  const names = param.split('.').slice(1, -1);
  const inner = names.reduceRight<unknown>(
    (value, name) => (name.endsWith('[]') ? { [name.slice(0, -2)]: [value, value] } : { [name]: value }),
    { medium: 'email', address: 'a@mail.example', sid: '1', client_secret: 'c', ...holder },
  );
  return inner as Record<string, unknown>;
}

const nameOf = (param: string): string => (param.endsWith('idServer') ? 'idServer' : 'id_server');

/** All objects in a value. */
function objectsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? inner : [value as Record<string, unknown>, ...inner];
}

/** What reaches the homeserver; null: nothing. */
function sent(verdict: BodyVerdict, text: string): string | null {
  return verdict.act === 'go' ? (verdict.body ?? text) : null;
}

/** No token stands beside the name of a server that did not issue it, and no name is the client's own. */
function expectConsistent(reaching: string | null): void {
  for (const holder of objectsIn(JSON.parse(reaching ?? 'null'))) {
    const token = holder['id_access_token'];
    const issuer = typeof token === 'string' ? TOKENS[token] : undefined;
    const named = [holder['id_server'], holder['idServer']].filter((name) => name !== undefined);
    if (issuer !== undefined) expect(named.every((name) => name === issuer)).toBe(true);
  }
}

it('is all of them', () => {
  expect(operations).toHaveLength(20);
  expect(places.length).toBeGreaterThan(150);
});

describe.each(places)('$path $param', ({ rule, param }) => {
  const name = nameOf(param);
  const holders = [
    { [name]: D },
    { [name]: D, id_access_token: 'tD' },
    { [name]: D, id_access_token: 'tX' },
    { [name]: D, id_access_token: 't?' },
    { [name]: X, id_access_token: 'tD' },
    { [name]: X, id_access_token: 'tX' },
    { [name]: 7, id_access_token: ['tX'] },
    { id_access_token: 'tX' },
  ];
  const texts = holders
    .flatMap((holder) => [bodyWith(param, holder), { ...bodyWith(param, holder), bind: true }])
    .map((body) => JSON.stringify(body));

  it.each(none)('$is: no name and no token is left, or it is refused', (identity) => {
    for (const text of texts) {
      const reaching = sent(ruleBody(rule, text, known(identity)), text);
      expect(reaching ?? '').not.toMatch(/id_?server|id_access_token|default\.example|is\.example/i);
      if (reaching !== null) expect(JSON.parse(reaching)).toMatchObject({});
    }
  });

  it('keeps everything else', () => {
    for (const text of texts) {
      const reaching = sent(ruleBody(rule, text, known({ is: 'disabled' })), text);
      const others = (_: string, value: unknown): unknown => {
        if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
        const {
          id_server: _a,
          idServer: _b,
          id_access_token: _c,
          ...rest
        } = value as Record<string, unknown>;
        return rest;
      };
      if (reaching !== null)
        expect(JSON.stringify(JSON.parse(reaching), others)).toBe(JSON.stringify(JSON.parse(text), others));
    }
  });

  it.each<Identity>([url, { is: 'absent' }])(
    '$is: a token stays with the server that issued it',
    (identity) => {
      for (const text of texts) {
        for (const issuer of [null, '', D, X]) {
          const verdict = ruleBody(rule, text, known(identity, { validationOf: () => issuer }));
          expectConsistent(sent(verdict, text));
        }
      }
    },
  );

  it.each([null, '', D, X])('a URL: what is ours goes, with a validation of %j', (issuer) => {
    const text = JSON.stringify(bodyWith(param, { [name]: X, id_access_token: 'tX' }));
    const verdict = ruleBody(rule, text, known(url, { validationOf: () => issuer }));
    if (issuer === X) expect(verdict).toMatchObject({ act: 'go', body: null });
    if (issuer === X || issuer === null) expect(verdict.act).toBe('go');
  });

  it('is looked at', () => {
    for (const text of texts) {
      expect(readBodyFields(text).namesIdentity).toBe(true);
      expect(readBodyFields(text.replaceAll('id_', String.raw`\u0069d_`)).namesIdentity).toBe(true);
    }
  });
});

const paths = operations.flatMap(({ paths: all }) => all.map((path) => ({ path })));

describe.each(paths)('$path without any name', ({ path }) => {
  const rule = bodyRule(belowVersion(path.replace('/_matrix/', '')));
  const texts = [
    '{ "reason" : "r",\n "n" : 1.0, "auth": { "type":"m.login.password" } }',
    '{"user_id":"@b:hs1.example"}',
    '{"auth":{"type":"m.login.dummy"},"invite":["@b:hs1.example"]}',
  ];

  it('is not even parsed', () => {
    for (const text of texts) expect(readBodyFields(text).namesIdentity).toBe(false);
  });

  it.each([...none, url, { is: 'absent' } as const])('passes byte for byte, account data $is', (identity) => {
    // binding asks for an identity server whatever it names
    if (rule === 'bind') return;
    for (const text of [...texts, '{}', '', 'null', '[]', '"id_server"', 'not json', '{"auth":7}']) {
      const verdict = ruleBody(rule, text, known(identity, { isLate: false }));
      expect(verdict).toMatchObject({ act: 'go', body: null });
    }
  });
});
