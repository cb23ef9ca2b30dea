import { describe, expect, it } from 'vitest';
import { identityOperation } from '../../src/core/identity-endpoint.ts';
import { operationAt } from '../../src/core/operations.ts';
import { roleOf } from '../../src/core/role.ts';
import file from '../data/endpoints.json' with { type: 'json' };

/** Every path of every version, with ids that hold what may confuse a reader. */
const requests = [
  ...file.endpoints,
  ...file.unstable.map((each) => ({ ...each, paths: [each.path] })),
].flatMap(({ method, paths }) => paths.flatMap((path) => expand(method, path)));

function expand(methods: string, path: string): { method: string; path: string }[] {
  const concrete = path
    .replace(/\{[^}]*\|[^}]*\}/g, 'email')
    .replaceAll(/\{[^}]+\}/g, '%23a%2Flogin:x')
    .replaceAll('*', 'x');
  const below = concrete.replace(/^\/_matrix\//, '').replaceAll('%23a%2Flogin', '#a%2Flogin');
  return methods.split('|').map((method) => ({ method: method === '*' ? 'GET' : method, path: below }));
}

const matrix = requests.filter(({ path }) => !path.startsWith('/'));

describe('every operation of the specification', () => {
  it('is more than two hundred', () => {
    expect(matrix.length).toBeGreaterThan(200);
  });

  it.each(matrix)('$method $path: role and operation agree', ({ method, path }) => {
    const operation = operationAt(method, path);
    const role = roleOf(method, path);
    expect(role === null).toBe(operation === null);
    const stays = operation?.route === 'portal' || operation?.route === 'pass';
    expect(['begin', 'flows', 'portal', 'pass'].includes(role ?? '')).toBe(stays);
    expect(role === 'begin').toBe(operation?.kind === 'login' || operation?.kind === 'register');
    expect(role === 'refresh').toBe(operation?.kind === 'refresh');
    expect(role === 'media').toBe(operation?.kind.startsWith('media') ?? false);
    expect(role === 'end' || role === 'end-all').toBe(
      operation?.kind === 'logout' || operation?.op === 'deactivate',
    );
  });

  it.each(
    file.tokenIndex.unauthenticated.filter((line) => line.includes('login') || line.includes('register')),
  )('%s without a token stays at the portal', (line) => {
    const [method = '', path = ''] = line.split(' ');
    const below = path.startsWith('/_matrix/')
      ? path.slice('/_matrix/'.length)
      : `client/v3${path.replace('{idpId}', 'x')}`;
    expect(['begin', 'flows', 'portal']).toContain(roleOf(method, below));
  });

  it.each(Object.keys(file.tokenIndex.logsOut))('%s', (line) => {
    const [method = '', path = ''] = line.split(' ');
    const role = roleOf(method, `client/v3${path}`);
    expect(role).toBe(
      {
        '/logout': 'end',
        '/logout/all': 'end-all',
        '/account/deactivate': 'end-all',
        '/account/password': 'password',
      }[path] ?? 'session',
    );
  });

  it('has a role at an identity server', () => {
    expect(identityOperation('GET', ['v2', 'terms'])).toEqual({ op: 'terms-read', api: 'v2' });
  });
});
