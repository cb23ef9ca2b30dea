/** Rows 5 and 18 of the attack table: crafted media in the client itself, and homeservers that share a host. */
import http from 'node:http';
import { describe, expect, it } from 'vitest';
import { listen } from '../support/http.ts';
import { Recorder, watch } from '../support/recorder.ts';
import { PIXEL } from './at-home.ts';
import * as attack from './attack-pages.ts';
import { shot } from './attack-pages.ts';
import { kinds, useLab, type Lab } from './lab.ts';
import { logIn, whoami } from './page-calls.ts';

/** What follows the base URL when an old client puts a crafted `mxc:` URL together; PIC is a real picture. */
const CRAFTED = [
  '/_matrix/media/v1/download/../../../client/v3/account/whoami',
  '/_matrix/media/v1/download/%2e%2e/%2E%2E/%2e%2e/client/v3/account/whoami',
  '/_matrix/media/v1/download/..%2f..%2f..%2fclient%2fv3%2faccount%2fwhoami',
  '/_matrix/media/v1/download/..%2f..%2f..%2f/client%2fv3%2faccount%2fwhoami',
  '/_matrix/media/v1/download/..%2F..%2Fx/y',
  '/_matrix/media/v1/download/%252e%252e/%252e%252e%252fx',
  '/_matrix/media/v1/download/..\\..\\..\\client\\v3\\account\\whoami',
  '/_matrix/media/v3/download/PIC/../../../../../client/v3/sync',
  '/_matrix/media/v3/download/PIC/..%2f..%2f..%2f..%2f..%2fclient%2fv3%2fsync',
  '/_matrix/media/v3/download/PIC/name/more',
  '/_matrix/media/v3/download/PIC%2f..%2f..',
  '/_matrix/media/v3/download/localhost%2f/x',
  '/_matrix/media/v3/download/localhost%00/x',
  '/_matrix/media/v3/download/localhost',
  '/_matrix/media/v3/download/localhost/x;y',
  '/_matrix/media/v3/download/..;/..;/..;',
  '/_matrix/media/v3/download//x',
  '/_matrix/media/v2/download/PIC',
  '/_matrix/MEDIA/v3/download/PIC',
  '/_matrix/media/v3/preview_url?url=https%3A%2F%2Fevil.invalid',
  '/_matrix/media/v3/config',
  '/_matrix/media/v1/download/../../../client/v1/media/preview_url?url=https%3A%2F%2Fevil.invalid',
  '/_matrix/client/v1/media/preview_url?url=https%3A%2F%2Fevil.invalid',
  '/_matrix/client/v1/media/config',
  '/_matrix/client/v1/media/download/../../../v3/sync',
  '/_matrix/client/v3/sync?url=/_matrix/media/v3/download/PIC',
  '/x/_matrix/media/v3/download/PIC',
];
/** Links to the homeserver itself. */
const DIRECT = [
  '/_matrix/client/v3/sync',
  '/_matrix/client/v1/media/download/PIC',
  '/_matrix/client/v1/media/preview_url?url=https%3A%2F%2Fevil.invalid',
];

describe.each(kinds)('%s: media', { timeout: 240_000 }, ({ engine, form }) => {
  const lab = useLab(engine, { form, idleTimeout: 3000 });

  it.each([
    'image',
    'css',
    'video',
    'fetch',
    'xhr',
    'worker',
    'service worker',
    'style',
    'script',
    'object',
    'frame',
  ])('crafted avatars get no token by %s (row 5)', async (by) => {
    const scene = await attack.victim(lab);
    const { home, page, picture, portal } = scene;
    if (by === 'service worker') await attack.serve(lab, scene);
    const real = (path: string): string => path.replace('PIC', picture);
    const shots = [
      ...CRAFTED.map((path) => shot(portal.url + real(path))),
      ...DIRECT.flatMap((path) =>
        ['#hw', '#hw-pass', '#x'].map((fragment) => shot(home.url + real(path) + fragment)),
      ),
    ];
    home.recorder.clear();
    portal.recorder.clear();
    await attack.fire(page, by, shots);
    await attack.allArrive(shots, home.recorder, portal.recorder);
    for (const { recorder } of [home, portal]) expect(attack.carried(by, recorder, scene.token)).toEqual([]);
    await attack.pictureIsShown(scene);
  });

  it.each(['image', 'css', 'fetch', 'xhr', 'service worker'])(
    'homeservers whose paths differ in case keep their tokens apart, by %s (row 18)',
    async (by) => {
      const { scene, recorder, host, second, bob, pictures } = await oneHost(lab);
      const { portal, page, token } = scene;
      if (by === 'service worker') await attack.control(page);
      recorder.clear();
      const media = '/_matrix/media/v3/download/';
      const fragments = await attack.fragmentsIn(lab);
      const shots = pictures.flatMap((picture) => [
        shot(portal.url + media + picture),
        ...[
          '/hs1',
          '/HS1',
          '/Hs1',
          '/hs1/..%2fHS1',
          '/HS1/..%2fhs1',
          '/HS1%2f..%2fhs1',
          '/HS1/../hs1',
          '//hs1',
        ]
          .map((prefix) => host + prefix)
          .flatMap((base) => [
            shot(base + media + picture),
            ...fragments.map((fragment) =>
              shot(`${base}/_matrix/client/v1/media/download/${picture}${fragment}`),
            ),
          ]),
      ]);
      await attack.fire(page, by, shots);
      await second.bringToFront();
      await attack.fire(second, by, shots);
      await attack.allArrive(shots, recorder, portal.recorder);
      const strayed = (of: string, home: string): string[] =>
        recorder
          .withToken(of)
          .map(({ url }) => url)
          .filter((url) => !url.startsWith(`${home}/_matrix/`) || /%2f|\/\.\./i.test(url));
      expect(strayed(token, '/HS1'), "alice's").toEqual([]);
      expect(strayed(bob, '/hs1'), "bob's").toEqual([]);
      expect(attack.carried(by, portal.recorder, token, bob)).toEqual([]);
      // a service worker of two sessions: whose its requests are, nobody could tell
      if (by !== 'service worker') expect(recorder.withToken(token).length, 'at home').toBeGreaterThan(0);
    },
  );
});

/** alice at /HS1 and bob at /hs1 of one host and port, each signed in in a tab of the same client. */
async function oneHost(lab: Lab) {
  const recorder = new Recorder();
  const port = await freePort();
  const lower = await lab.homeserver({ name: 'lower', prefix: '/hs1', legacyMedia: false });
  const ports = { '/HS1': port, '/hs1': Number(new URL(lower.url).port) };
  const front = lab.keep(await frontOf(recorder, ports));
  const route = (user: string | null): string => `${front.url}${user === 'bob' ? '/hs1' : '/HS1'}`;
  const home = { name: 'upper', prefix: '/HS1', port };
  const scene = await attack.victim(lab, { home, portal: { route } });
  const second = await lab.page(`${scene.site.url}/`);
  const { token: bob } = await logIn(second, scene.portal.url, 'bob');
  expect((await whoami(second, scene.portal.url, bob)).url).toContain(`${front.url}/hs1/`);
  await scene.page.bringToFront();
  const pictures = [scene.picture, `${lower.serverName}/${lower.putMedia(PIXEL, 'image/png')}`];
  return { scene, recorder, host: front.url, second, bob, pictures };
}

async function freePort(): Promise<number> {
  const { port, close } = await listen(() => undefined);
  await close();
  return port;
}

/** One host that hands requests on to the server of their prefix, as they are. */
async function frontOf(recorder: Recorder, ports: Readonly<Record<string, number>>) {
  const { port, close } = await listen((request, response) => {
    const { path } = watch(recorder, 'front', request, response);
    const [, prefix = ''] = /^(\/[^/]*)/.exec(path) ?? [];
    const { method, headers } = request;
    const onward = http.request({
      host: '127.0.0.1',
      port: ports[prefix] ?? 1,
      path: request.url,
      method,
      headers,
    });
    onward.on('error', () => response.writeHead(404, { 'access-control-allow-origin': '*' }).end());
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  return { url: `http://shared.localhost:${port}`, close };
}
