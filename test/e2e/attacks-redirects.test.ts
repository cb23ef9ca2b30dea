/**
 * Rows 3, 4 and 6 of the attack table: servers that send the client's requests on to others. What is asked is the
 * client's own doing; where it arrives, no token may be that was issued elsewhere.
 */
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Homeserver } from '../support/homeserver.ts';
import type { Portal } from '../support/portal.ts';
import { PIXEL, type AtHome } from './at-home.ts';
import * as attack from './attack-pages.ts';
import { shot, type Shot } from './attack-pages.ts';
import { kinds, useLab } from './lab.ts';
import { logIn, whoami } from './page-calls.ts';

const LOGOUT = '/_matrix/client/v3/logout/all';
/** Where a crooked server sends a request on to: its path, query and fragment decide. */
type Onward = (path: string, search: string) => string | null;

/** Answers GETs and POSTs by redirects. */
function redirecting(server: Homeserver, status: number, onward: Onward): void {
  server.faults.intercept = (request, response, path) => {
    const to = onward(path, searchOf(request));
    if (to === null) return false;
    response.writeHead(status, { location: to, 'cross-origin-resource-policy': 'cross-origin' }).end();
    return true;
  };
}

function searchOf({ url = '' }: IncomingMessage): string {
  return url.includes('?') ? url.slice(url.indexOf('?')) : '';
}

/** Second of silence, which also takes Range requests. */
const SOUND = Buffer.concat([
  Buffer.from('RIFF'),
  Buffer.from(new Uint32Array([8036]).buffer),
  Buffer.from('WAVEfmt '),
  Buffer.from(new Uint32Array([16, 0x1_0001, 8000, 8000, 0x8_0001]).buffer),
  Buffer.from('data'),
  Buffer.from(new Uint32Array([8000]).buffer),
  Buffer.alloc(8000, 128),
]);

describe.each(kinds)('%s: redirects', { timeout: 240_000 }, ({ engine, form }) => {
  const lab = useLab(engine, { form, idleTimeout: 3000 });

  describe('row 3: a server that the client asks sends it to log out at home', () => {
    const WAYS = ['fetch', 'xhr', 'no-cors fetch', 'beacon', 'form', 'worker', 'service worker'];

    it.each(WAYS)('by %s', async (by) => {
      const [scene, evil] = await Promise.all([attack.victim(lab), lab.homeserver({ name: 'evil' })]);
      if (by === 'service worker') await attack.serve(lab, scene);
      const fragments = await attack.fragmentsIn(lab);
      const bases = [scene.home.url, scene.portal.url];
      const goals = bases.flatMap((base) => fragments.map((fragment) => base + LOGOUT + fragment));
      redirecting(evil, 307, (path, search) => {
        const goal = goals[Number(path.slice(1))];
        return goal === undefined ? null : goal.replace(/(?=#|$)/, search);
      });
      const shots = goals.map((_goal, index) => shot(`${evil.url}/${index}`, 'POST'));
      scene.home.recorder.clear();
      await attack.fire(scene.page, by, shots);
      await attack.allArrive(shots, scene.home.recorder, scene.portal.recorder);
      const arrived = scene.home.recorder.requests(({ path }) => path === LOGOUT);
      expect(arrived.length, 'POSTs at the homeserver').toBeGreaterThanOrEqual(fragments.length);
      expect(new Set(arrived.map(({ token, status }) => `${token} ${status}`))).toEqual(
        new Set(['null 401']),
      );
      expect(scene.portal.recorder.withToken(scene.token)).toEqual([]);
      expect((await whoami(scene.page, scene.portal.url, scene.token)).status).toBe(200);
    });
  });

  describe('row 4: two accounts, whose homeservers send each other their requests', () => {
    async function twoHomes() {
      const beta = await lab.homeserver({ name: 'beta', legacyMedia: false });
      const scene = await attack.victim(lab);
      scene.portal.setRoute((user) => (user === 'bob' ? beta.url : scene.home.url));
      return { ...scene, alpha: scene.home, beta };
    }
    type Two = Awaited<ReturnType<typeof twoHomes>>;

    function exchange({ alpha, beta }: Two, fragments: readonly string[]): void {
      const other = (to: Homeserver): Onward => {
        let count = 0;
        return (path, search) => {
          if (!search.includes('shot=') || search.includes('hop=')) return null;
          count += 1;
          return `${to.url}${path}${search}&hop=1${fragments[count % fragments.length]}`;
        };
      };
      redirecting(alpha, 307, other(beta));
      redirecting(beta, 302, other(alpha));
      for (const { recorder } of [alpha, beta]) recorder.clear();
    }

    /** At either account's requests and pictures, as often as there are fragments. */
    function shotsOf({ portal, picture, beta }: Two, tokens: readonly string[]): Shot[] {
      const paths = ['/_matrix/client/v3/account/whoami', `/_matrix/media/v3/download/${picture}`];
      paths.push(`/_matrix/media/v3/thumbnail/${beta.serverName}/${beta.putMedia(PIXEL, 'image/png')}`);
      return Array.from({ length: 6 }, () => paths)
        .flat()
        .flatMap((path) => tokens.map((token) => shot(portal.url + path, 'GET', token)));
    }

    async function nothingCrossed({ alpha, beta, portal, token }: Two, bob: string, shots: Shot[]) {
      await attack.allArrive(shots, portal.recorder, alpha.recorder, beta.recorder);
      const numbers = (hop: boolean): (string | undefined)[] =>
        [alpha, beta]
          .flatMap(({ recorder }) => recorder.requests(({ url }) => url.includes('hop=') === hop))
          .map(({ url }) => /shot=(\d+)/.exec(url)?.[1]);
      const waiting = (): unknown[] =>
        numbers(false).filter((number) => number && !numbers(true).includes(number));
      await expect.poll(waiting, { timeout: 10_000, message: 'sent on, but not arrived' }).toEqual([]);
      expect(numbers(true).length, 'redirected').toBeGreaterThan(0);
      expect(attack.carried("alice's token", beta.recorder, token)).toEqual([]);
      expect(attack.carried("bob's token", alpha.recorder, bob)).toEqual([]);
      expect(attack.carried('either token', portal.recorder, token, bob)).toEqual([]);
    }

    const WAYS = ['fetch', 'xhr', 'image', 'css', 'worker', 'service worker'];

    it.each(WAYS)('in one document, by %s', async (by) => {
      const scene = await twoHomes();
      if (by === 'service worker') await attack.control(scene.page);
      const fragments = await attack.fragmentsIn(lab);
      const { token: bob } = await logIn(scene.page, scene.portal.url, 'bob');
      await whoami(scene.page, scene.portal.url, bob);
      await whoami(scene.page, scene.portal.url, scene.token);
      if (form === 'extension') {
        await expect.poll(() => attack.sessionRules(lab), { timeout: 10_000 }).not.toContain('Bearer');
      }
      exchange(scene, fragments);
      const shots = shotsOf(scene, [scene.token, bob]);
      await attack.fire(scene.page, by, shots);
      await nothingCrossed(scene, bob, shots);
    });

    it.each(WAYS)('each in a tab of its own, by %s', async (by) => {
      const scene = await twoHomes();
      const second = await lab.page(`${scene.site.url}/`);
      const { token: bob } = await logIn(second, scene.portal.url, 'bob');
      await whoami(second, scene.portal.url, bob);
      await scene.page.bringToFront();
      await attack.pictureIsShown(scene);
      if (by === 'service worker') await attack.control(scene.page);
      exchange(scene, await attack.fragmentsIn(lab));
      const shots = [shotsOf(scene, [scene.token]), shotsOf(scene, [bob])];
      await attack.fire(scene.page, by, shots[0] ?? []);
      await second.bringToFront();
      await attack.fire(second, by, shots[1] ?? []);
      await nothingCrossed(scene, bob, shots.flat());
      // a service worker of two sessions: whose its requests are, no rule could tell
      if (form === 'extension') expect(await attack.sessionRules(lab)).not.toContain('"tabIds":[-1]');
    });
  });

  describe('row 6: the homeserver sends media requests to', () => {
    const WAYS = ['image', 'css', 'video', 'audio', 'fetch', 'xhr', 'service worker'];
    const CDN = { name: 'cdn', users: [] };
    const PLACES: Record<string, (scene: AtHome) => Promise<Homeserver | Portal>> = {
      'a CDN': () => lab.homeserver(CDN),
      'another port of its own': () => lab.homeserver({ ...CDN, host: 'alpha.localhost' }),
      'the portal': ({ portal }) => Promise.resolve(portal),
    };

    // Firefox asks for what it plays at the portal first, past the worker, and this one answers
    const isPast = (place: string, by: string): boolean =>
      form === 'worker' && engine === 'firefox' && place === 'the portal' && /^(video|audio)$/.test(by);
    const rows = Object.keys(PLACES).flatMap((place) => WAYS.map((by) => [place, by] as const));

    it.each(rows.filter(([place, by]) => !isPast(place, by)))('%s, asked by %s', async (place, by) => {
      const scene = await attack.victim(lab);
      const { home, page, picture, portal, token } = scene;
      if (by === 'service worker') await attack.serve(lab, scene);
      const cdn = await PLACES[place]?.(scene);
      if (!cdn) throw new Error(place);
      const ranges = answering(cdn, by === 'video' || by === 'audio' ? SOUND : PIXEL);
      // at the same path, and with the fragment of the request unless there is one of its own
      const fragments = place === 'the portal' ? ['#hw-pass'] : ['', '#hw', '#x'];
      let count = 0;
      redirecting(home, 302, (path, search) => {
        count += 1;
        if (!search.includes('shot=')) return null;
        return cdn.url + path + search + fragments[count % fragments.length];
      });
      const media = `${portal.url}/_matrix/media/v3/download/${picture}`;
      const shots = [1, 2, 3, 4].map(() => shot(media));
      const outcomes = await attack.fire(page, by, shots);
      await attack.allArrive(shots, cdn.recorder);
      expect(outcomes).not.toContain('failed');
      if (by === 'video') expect(ranges).toContain('bytes=0-');
      const asked = attack.carried(by, home.recorder, token).filter((line) => line.includes('/download/'));
      expect(asked.length, 'with the token at the homeserver').toBeGreaterThanOrEqual(shots.length);
      expect(
        cdn.recorder.requests((request) => request.token !== null && request.url.includes('shot=')),
      ).toEqual([]);
    });
  });
});

/** Gives every request with a number the bytes, or the part that it asks for; tells the ranges that were asked for. */
function answering({ faults }: Pick<Homeserver, 'faults'>, bytes: Buffer): string[] {
  const ranges: string[] = [];
  faults.intercept = (request, response) => {
    if (!searchOf(request).includes('shot=')) return false;
    const type = bytes === PIXEL ? 'image/png' : 'audio/wav';
    const headers = { 'content-type': type, 'cross-origin-resource-policy': 'cross-origin' };
    const [, from] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
    if (from === undefined) response.writeHead(200, headers).end(bytes);
    else {
      ranges.push(request.headers.range ?? '');
      const part = {
        'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
        'accept-ranges': 'bytes',
      };
      response.writeHead(206, { ...headers, ...part }).end(bytes.subarray(Number(from)));
    }
    return true;
  };
  return ranges;
}
