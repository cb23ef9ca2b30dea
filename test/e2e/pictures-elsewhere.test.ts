/** Pictures by other paths, with parameters, and where portal and homeserver are made otherwise. */
import { describe, expect, it } from 'vitest';
import type { AtHomeOptions } from './at-home.ts';
import { kinds, sample, useLab } from './lab.ts';
import { find } from './picture-page.ts';
import { AUTHENTICATED, good, LEGACY, put, seen, show, start, startWithoutPortal } from './picture-scene.ts';

const several = ['img', 'fetch without the token', 'XHR with the token'].map(find);
const image = find('img');
const THUMBNAIL = LEGACY.replace('download', 'thumbnail');

/** As written by the client, and what is left of it. */
const searches = [
  [
    '?width=96&height=96&method=crop&allow_redirect=true&allow_remote=false',
    '?width=96&height=96&method=crop',
  ],
  [
    '?allow_remote=false&width=96&allow_redirect=true&height=96&method=scale',
    '?width=96&height=96&method=scale',
  ],
  [
    '?allow_redirect=true&timeout_ms=2000&animated=false&width=1&height=1',
    '?timeout_ms=2000&animated=false&width=1&height=1',
  ],
  ['?width=1&height=1&method=crop', '?width=1&height=1&method=crop'],
  ['?allow_remote=false', ''],
  ['?allow_remote=false&allow_redirect=true', ''],
] as const;

const places: { name: string; options: AtHomeOptions; under?: string }[] = [
  { name: 'a portal below /portal', options: { portal: { prefix: '/portal' } } },
  { name: 'a homeserver below /hs1', options: { home: { prefix: '/hs1' } }, under: '/hs1' },
  {
    name: 'both below something',
    options: { portal: { prefix: '/portal' }, home: { prefix: '/hs1' } },
    under: '/hs1',
  },
  { name: 'a login that the portal redirects', options: { portal: { mode: 'redirect' } } },
  { name: 'a homeserver that serves old paths too', options: { home: { legacyMedia: true } } },
];

describe.each(kinds)('%s: a picture', ({ engine, form }) => {
  const lab = useLab(engine, { form });
  // Firefox asks for what it plays past a service worker (pictures.test.ts)
  const players = form === 'worker' && engine === 'firefox' ? [] : [find('video')];

  it.each(sample(form, searches, 3))('asked for with %s', async (search, left) => {
    const scene = await start(lab);
    const expected = Object.fromEntries(new URLSearchParams(left));
    for (const resource of several) {
      for (const path of [LEGACY, THUMBNAIL]) {
        const { result, where, requests } = await show(scene, resource, { path, search });
        const { url, token } = requests[0] ?? { url: '', token: null };
        const asked = Object.fromEntries(new URL(url, scene.home.url).searchParams);
        expect(asked, `${path} by ${resource.kind}`).toEqual(expected);
        expect([result, token]).toEqual(['loaded', scene.token]);
        expect([...where.portal, ...where.leaked]).toEqual([]);
      }
    }
  });

  it.each(sample(form, ['r0', 'v1', 'v3', 'authenticated'], 3))(
    'by the path of %s, with a name too',
    async (version) => {
      const scene = await start(lab);
      const path = version === 'authenticated' ? AUTHENTICATED : LEGACY.replace('v3', version);
      for (const resource of several) {
        for (const name of ['', '/name.png']) {
          const media = put(scene) + name;
          const result = await resource.load(scene.page, `${scene.base}${path}/${media}`, scene.token);
          expect((await seen(scene, media)).where).toEqual(good(`${AUTHENTICATED}/${media}`));
          expect(result, `${resource.kind} ${name}`).toBe('loaded');
        }
      }
    },
  );

  // no escape fits the one strict grammar (src/core/media.ts); no client that is tested writes such names
  it.each(sample(form, ['/a%20name.png', '/%E2%82%AC.png'], 2))(
    'with the name %s: a known limit, no token',
    async (name) => {
      const scene = await start(lab);
      for (const path of [LEGACY, AUTHENTICATED]) {
        const media = put(scene) + name;
        expect(await image.load(scene.page, `${scene.base}${path}/${media}`, scene.token)).toBe('failed');
        const { where, requests } = await seen(scene, media);
        expect([...where.portal, ...where.leaked]).toEqual([]);
        expect(requests.map(({ token }) => token)).toEqual([null]);
      }
    },
  );

  it.each(sample(form, places, 2))('at $name', async ({ options, under = '' }) => {
    const scene = await start(lab, options);
    for (const resource of [...several, ...players]) {
      const { media, result, where } = await show(scene, resource);
      expect(where, `by ${resource.kind}`).toEqual(good(`${under}${AUTHENTICATED}/${media}`));
      expect(result, `by ${resource.kind}`).toBe('loaded');
    }
  });

  it('at the homeserver itself, by an old path', async () => {
    const scene = await start(lab);
    const { media, result, where } = await show(scene, image, { base: scene.home.url });
    expect(where).toEqual(good(`${AUTHENTICATED}/${media}`));
    expect(result).toBe('loaded');
  });

  it('at a homeserver from before there was authenticated media', async () => {
    const scene = await start(lab, { home: { authenticatedMedia: false, legacyMedia: true } });
    for (const resource of [image, find('fetch without the token'), ...players]) {
      const { media, result, where } = await show(scene, resource);
      expect(where, `by ${resource.kind}`).toEqual(good(`${LEGACY}/${media}`, 'without a token'));
      expect(result, `by ${resource.kind}`).toBe('loaded');
    }
  });

  it('without a portal: an old client at a new homeserver', async () => {
    const scene = await startWithoutPortal(lab);
    for (const resource of [...several, ...players, find('CSS background')]) {
      const { media, result, where } = await show(scene, resource);
      expect(where, `by ${resource.kind}`).toEqual(good(`${AUTHENTICATED}/${media}`));
      expect(result, `by ${resource.kind}`).toBe(resource.seen);
    }
  });
});
