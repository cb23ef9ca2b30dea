import { describe, expect, it } from 'vitest';
import { operationAt } from '../../src/core/operations.ts';
import { mayNameIdentity, roleOf } from '../../src/core/role.ts';
import file from '../data/endpoints.json' with { type: 'json' };

const VERSIONS = ['api/v1', 'r0', 'v1', 'v3', 'unstable', 'unstable/org.matrix.msc3882'];

/** As a URL gives it: decoded, below `/_matrix/`, with ids that hold what may confuse a reader. */
const below = (path: string): string =>
  path
    .replace(/^\/_matrix\//, '')
    .replace(/\{[^}/]*\|[^}]*\}/g, 'email')
    .replaceAll(/\{\w+\}/g, '!a%2Finvite:x')
    .replaceAll('*', 'x');

/** `METHOD /path` below the version. */
const lines = new Set([
  ...file.identityBodyIndex.map(({ id }) => id),
  // Synapse accepts these too
  'PUT /createRoom/{txnId}',
  'PUT /rooms/{roomId}/invite/{txnId}',
  // the old name of `get_token` (MSC3882)
  'POST /login/token',
]);

const naming = file.identityBodyIndex.flatMap(({ id, paths }) =>
  paths.map((path) => ({ verb: id.split(' ')[0] ?? '', path: below(path) })),
);
const inEveryVersion = [...lines].flatMap((line) => {
  const [verb = '', path = ''] = line.split(' ');
  return VERSIONS.map((version) => ({ verb, path: below(`client/${version}${path}`) }));
});

/** The unstable names stand for several versions and several verbs of membership. */
const unstable = file.unstable.flatMap(({ method, path }) => {
  const versions = /\{(api\/[^}]*)\}/.exec(path)?.[1]?.split(',') ?? [''];
  const verbs = /\{(invite\|[^}]*)\}/.exec(path)?.[1]?.split('|') ?? [''];
  return versions.flatMap((version) =>
    verbs.map((verb) => ({
      method,
      paths: [path.replace(/\{api\/[^}]*\}/, version).replace(/\{invite\|[^}]*\}/, verb)],
    })),
  );
});

const others = [...file.endpoints, ...unstable]
  .flatMap(({ method, paths }) =>
    method.split('|').flatMap((verb) => paths.map((path) => ({ verb, path: below(path) }))),
  )
  .filter(({ path }) => roleOf('GET', path) !== null)
  .filter(({ verb, path }) => ![...naming, ...inEveryVersion].some((each) => isSame(each, { verb, path })));

function isSame(a: { verb: string; path: string }, b: typeof a): boolean {
  return a.verb === b.verb && a.path === b.path;
}

describe('may name an identity server', () => {
  it.each([...naming, ...inEveryVersion])('$verb $path', ({ verb, path }) => {
    expect(mayNameIdentity(verb, path)).toBe(true);
    expect(mayNameIdentity(verb, `${path}/`)).toBe(true);
    expect(operationAt(verb, path)?.mayCarryIdentity).toBe(true);
  });
});

describe('may not name any', () => {
  it('nearly all of them', () => {
    expect(others.length).toBeGreaterThan(200);
  });

  it.each(others)('$verb $path', ({ verb, path }) => {
    expect(mayNameIdentity(verb, path)).toBe(false);
    expect(operationAt(verb, path)?.mayCarryIdentity ?? false).toBe(false);
  });

  it.each(naming)('GET $path', ({ path }) => {
    expect(mayNameIdentity('GET', path)).toBe(false);
    expect(mayNameIdentity('HEAD', path)).toBe(false);
  });
});
