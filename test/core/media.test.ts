import { describe, expect, it } from 'vitest';
import { hasAuthenticatedMedia, mediaOf } from '../../src/core/media.ts';
import { locate } from '../../src/core/place.ts';
import endpoints from '../data/endpoints.json' with { type: 'json' };

interface Mapping {
  readonly old: string;
  readonly new: string | null;
  readonly drop?: readonly string[];
  readonly keep?: readonly string[];
}

const HOST = 'https://portal.example';
const VALUES: Readonly<Record<string, string>> = {
  '{serverName}': 'hs1.example:8448',
  '{mediaId}': 'AbC-d_9.x~',
  '{fileName}': "a(1)'s_file.tar.gz",
};

/** As `decide` sees a URL: parsed, from `/_matrix` on. */
function seen(path: string): ReturnType<typeof mediaOf> {
  const place = locate(HOST + path, HOST);
  return place && mediaOf(place.rest);
}

/** One path of a template for each version that it names. */
function pathsOf(template: string): string[] {
  const filled = template.replace(/^\w+ /, '').replaceAll(/\{\w+\}/g, (name) => VALUES[name] ?? name);
  const [, versions] = /\{([\w|]+)\}/.exec(filled) ?? [];
  return (versions ?? '').split('|').map((version) => filled.replace(/\{[\w|]+\}/, version));
}

const mappings = endpoints.mediaMapping as readonly Mapping[];
const moved = mappings.flatMap((mapping) =>
  mapping.new === null
    ? []
    : pathsOf(mapping.old).map((path): [string, string, Mapping] => [
        path,
        pathsOf(mapping.new ?? '')[0] ?? '',
        mapping,
      ]),
);
const stays = mappings
  .filter((mapping) => mapping.new === null)
  .flatMap((mapping) => pathsOf(mapping.old))
  .map((path): [string] => [path]);

describe('media that have another path where they need a token', () => {
  it('is every row of the specification', () => {
    expect(moved).toHaveLength(12);
    expect(stays).toHaveLength(5);
  });

  it.each(moved)('%s is %s', (path, there) => {
    expect(seen(path)).toEqual({ rest: there, isFile: /\/(download|thumbnail)\//.test(path) });
  });

  it.each(moved)(
    '%s: what is not known any more is dropped, the rest kept as written',
    (path, there, row) => {
      const kept = (row.keep ?? []).map((name) => `${name}=a%2Fb%20`);
      const dropped = (row.drop ?? []).map((name) => `${name}=false`);
      const query = (pairs: readonly string[]): string => (pairs.length > 0 ? `?${pairs.join('&')}` : '');
      const orders = [
        [...kept, ...dropped],
        [...dropped, ...kept],
        [...dropped.slice(0, 1), ...kept, ...dropped.slice(1)],
      ];
      for (const order of orders) {
        expect(seen(path + query(order))?.rest).toBe(there + query(kept));
      }
    },
  );

  it.each(moved.filter(([, , row]) => row.drop))('%s: names that only begin so are kept', (path, there) => {
    const query = '?allow_remotely=1&xallow_remote=2&ALLOW_REMOTE=3&x=allow_remote=4';
    expect(seen(path + query)?.rest).toBe(there + query);
  });

  it.each(stays)('%s has not moved', (path) => {
    expect(seen(path)).toBeNull();
    expect(seen(`${path}?filename=x`)).toBeNull();
  });

  it.each(moved.filter(([path]) => /\/(download|thumbnail)\//.test(path)))(
    '%s stays the same when it is asked again',
    (path, there) => {
      expect(seen(there)).toEqual({ rest: there, isFile: true });
      expect(seen(`${path}?width=1`)).toEqual(seen(`${there}?width=1`));
    },
  );
});

/** What somebody else's `mxc:` URI makes of a path that an old client pastes it into. */
const crafted: [string, string][] = [
  ['up to another endpoint', '/_matrix/media/r0/download/../../../client/v3/logout/all'],
  ['up, encoded', '/_matrix/media/r0/download/%2e%2e/%2e%2e/client/v3/account/whoami'],
  ['up, half encoded', '/_matrix/media/r0/download/.%2e/.%2E/%2e./client/v3/sync'],
  ['up to a preview', '/_matrix/media/r0/download/../../../client/v1/media/preview_url?url=http://x/'],
  ['up by backslashes', '/_matrix/media/r0/download/..\\..\\..\\client\\v3\\sync'],
  ['up within the repository', '/_matrix/media/r0/download/../preview_url/x?url=http://x/'],
  ['an encoded slash in the id', '/_matrix/media/r0/download/x/..%2f..%2fconfig'],
  ['… in capitals', '/_matrix/media/r0/download/x/..%2F..%2Fconfig'],
  ['… in the server', '/_matrix/media/r0/download/..%2f..%2f/y'],
  ['… in the name', '/_matrix/media/r0/download/x/y/..%2f'],
  ['an encoded backslash in the id', '/_matrix/media/r0/download/x/..%5c..%5cconfig'],
  ['… in capitals', '/_matrix/media/r0/download/x/y%5C'],
  ['twice encoded', '/_matrix/media/r0/download/x/..%252f'],
  ['a percent in the name', '/_matrix/media/r0/download/x/y/a%20b.png'],
  ['a percent in the id', '/_matrix/media/r0/download/x/y%00'],
  ['a percent that encodes nothing', '/_matrix/media/r0/download/x/y%zz'],
  ['a small colon', '/_matrix/media/r0/download/x%3a1/y'],
  ['a colon in the id', '/_matrix/media/r0/download/x/y%3A'],
  ['not ASCII', '/_matrix/media/r0/download/x/y/ä.png'],
  ['a space in the name', '/_matrix/media/r0/download/x/y/a b'],
  ['a quote in the id', '/_matrix/media/r0/download/x/y"'],
  ['a dollar in the id', '/_matrix/media/r0/download/x/$y'],
  ['no id', '/_matrix/media/r0/download/x'],
  ['an empty id', '/_matrix/media/r0/download/x/'],
  ['an empty server', '/_matrix/media/r0/download//y'],
  ['only a server', '/_matrix/media/r0/thumbnail/x'],
  ['a segment too many', '/_matrix/media/r0/download/x/y/z/a'],
  ['a slash after the name', '/_matrix/media/r0/download/x/y/z/'],
  ['an id below a preview', '/_matrix/media/r0/preview_url/x/y'],
  ['a preview as a file', '/_matrix/client/v1/media/preview_url?url=http://x/download/x/y'],
  ['a preview where it is already', '/_matrix/client/v1/media/preview_url?url=x'],
  ['a preview in v1, which never was', '/_matrix/media/v1/preview_url?url=x'],
  ['a path below the settings', '/_matrix/media/r0/config/x'],
  ['another version', '/_matrix/media/v2/download/x/y'],
  ['a version that begins so', '/_matrix/media/v11/download/x/y'],
  ['no version', '/_matrix/media/download/x/y'],
  ['unstable', '/_matrix/client/unstable/org.matrix.msc3916/media/download/x/y'],
  ['other versions of the new path', '/_matrix/client/v3/media/download/x/y'],
  ['another word', '/_matrix/media/r0/downloads/x/y'],
  ['capitals', '/_matrix/media/r0/Download/x/y'],
  ['an empty segment before', '/_matrix//media/r0/download/x/y'],
  ['below something else', '/_matrix/x/_matrix/media/r0/download/x/y'],
  ['an encoded path', '/_matrix/media%2Fr0/download/x/y'],
  ['an encoded word', '/_matrix/media/r0/%64ownload/x/y'],
  ['an encoded question mark', '/_matrix/media/r0/download/x/y%3Fwidth=1'],
];

describe('nothing else is media', () => {
  it.each(crafted)('%s: %s', (_, path) => expect(seen(path)).toBeNull());

  it.each([
    '/_matrix/media/r0/download/x/y#f',
    '/_matrix/media/r0/download/x#/y',
    '/_matrix/media/r0/preview_url#x',
    ' /_matrix/media/r0/download/x/y',
    '/_matrix/media/r0/download/x/y ',
    '/_matrix/media/r0/download/x/y\n',
    'https://portal.example/_matrix/media/r0/download/x/y',
    '/x/_matrix/media/r0/download/x/y',
    '',
  ])('as text: %j', (rest) => expect(mediaOf(rest)).toBeNull());

  it.each<[string, string]>([
    ['the port of a server', '/_matrix/media/r0/download/x%3A8448/y'],
    ['a server by address', '/_matrix/media/r0/download/[2001:db8::1]:8448/y'],
    ['dots in an id', '/_matrix/media/r0/download/x/..y..'],
    ['an empty name', '/_matrix/media/r0/download/x/y/'],
    ['any query', '/_matrix/media/r0/download/x/y?a=../%2f%5c?#not-a-query'],
  ])('but these are files: %s', (_, path) => expect(seen(path)).toMatchObject({ isFile: true }));
});

describe('whether a server has authenticated media', () => {
  it.each<[unknown, unknown, boolean]>([
    [['v1.11'], {}, true],
    [['r0.6.1', 'v1.1', 'v1.12'], undefined, true],
    [['v1.100'], null, true],
    [['v1.10'], {}, false],
    [['v1.1', 'v1.2', 'r0.6.1'], {}, false],
    [['v1.011x', 'xv1.11', 'v1.11.1', 'v1.', 'v11.1', '1.11', 'V1.11'], {}, false],
    [[], {}, false],
    [undefined, undefined, false],
    [null, null, false],
    ['v1.11', {}, false],
    [{ 0: 'v1.11' }, {}, false],
    [[null, 11, ['x'], {}], {}, false],
    [['v1.1'], { 'org.matrix.msc3916.stable': true }, true],
    [undefined, { 'org.matrix.msc3916.stable': true }, true],
    [['v1.1'], { 'org.matrix.msc3916.stable': 'true' }, false],
    [['v1.1'], { 'org.matrix.msc3916.stable': false }, false],
    // its paths have no /v1/
    [['v1.1'], { 'org.matrix.msc3916': true }, false],
    [['v1.11'], { 'org.matrix.msc3916.stable': false }, true],
    [[], 'org.matrix.msc3916.stable', false],
  ])('%j %j: %s', (versions, unstable, expected) => {
    expect(hasAuthenticatedMedia(versions, unstable)).toBe(expected);
  });
});
