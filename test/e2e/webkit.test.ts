/** The page worker in WebKit: what its page asks by itself, what the worker asks for it, and what neither may give away. */
import type { IncomingMessage } from 'node:http';
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { attempt } from '../support/drive-page.ts';
import type { Homeserver } from '../support/homeserver.ts';
import type { Recorder } from '../support/recorder.ts';
import { atHome, PIXEL, type AtHome } from './at-home.ts';
import { mediaPath } from './attack-steps.ts';
import { showPicture } from './hosting-stage.ts';
import { useLab } from './lab.ts';
import { logIn, ways, whoami } from './page-calls.ts';
import { find, sound } from './picture-page.ts';
import { inParts, leaving, synchronously, untilAborted, upload } from './webkit-calls.ts';

const CLIENT = '/_matrix/client/v3/';
const WHOAMI = `${CLIENT}account/whoami`;
const SYNC = `${CLIENT}sync`;
const UPLOAD = '/_matrix/media/v3/upload';
const SIZE = 3_000_000;

const tokensOf = (recorder: Recorder, path: string) =>
  recorder.requests((request) => request.path.includes(path)).map(({ token }) => token);

/** Sees every request of such a path; what it gives tells whether it answers. */
function watch({ faults }: Homeserver, path: string, see: (request: IncomingMessage) => boolean): void {
  faults.intercept = (request, _, asked) => asked.includes(path) && see(request);
}

describe('webkit: the page worker', () => {
  const lab = useLab('webkit', { form: 'worker' });

  const nothingAtThePortal = ({ portal, token }: Pick<AtHome, 'portal' | 'token'>) => {
    expect(portal.recorder.withToken(token)).toEqual([]);
    expect(tokensOf(portal.recorder, '/media/')).toEqual([]);
  };

  it.each(ways)(
    'takes the first login of a first visit home, by %s: on, reloaded, in a second tab',
    async (by) => {
      const home = await lab.homeserver();
      const portal = await lab.portal({ route: () => home.url });
      const site = await lab.site({ homeward: true });
      const page = await lab.page(`${site.url}/`);
      const { token } = await logIn(page, portal.url, 'alice', { by });
      const atHomeIn = async (tab: Page) =>
        expect((await whoami(tab, portal.url, token, { by })).url).toBe(home.url + WHOAMI);
      await atHomeIn(page);
      await page.reload({ waitUntil: 'domcontentloaded' });
      await atHomeIn(page);
      await atHomeIn(await lab.page(`${site.url}/`));
      await atHomeIn(page);
      nothingAtThePortal({ portal, token });
    },
  );

  it('shows a picture, and again after a reload', async () => {
    const scene = await atHome(lab);
    const { page, portal, home, token } = scene;
    for (const when of ['at once', 'after a reload']) {
      if (when === 'after a reload') {
        await page.reload();
        await whoami(page, portal.url, token);
      }
      const { picture, width } = await showPicture(page, scene);
      expect(width, `${when}`).toBe(1);
      expect(tokensOf(home.recorder, picture), `${when}`).toEqual([token]);
    }
    nothingAtThePortal(scene);
  });

  it.each(['video', 'audio'])('plays and seeks %s by ranges', async (kind) => {
    const scene = await atHome(lab);
    const { page, portal, home, token } = scene;
    const ranges: number[] = [];
    watch(home, '/media/', ({ headers }) => {
      ranges.push(Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? -1));
      return false;
    });
    const file = `${home.serverName}/${home.putMedia(sound(), 'audio/wav')}`;
    const load = () => find(kind).load(page, portal.url + mediaPath(file), token);
    expect(await attempt(page, kind, load)).toBe('loaded');
    expect(Math.max(...ranges), 'asked for a part near the end').toBeGreaterThan(sound().length / 2);
    const asked = home.recorder.requests(({ path }) => path.includes('/media/'));
    expect(asked.map(({ status }) => status)).toContain(206);
    expect(new Set(asked.map((request) => request.token))).toEqual(new Set([token]));
    nothingAtThePortal(scene);
  });

  it('tells the progress of an upload', async () => {
    const scene = await atHome(lab);
    const { page, portal, home, token } = scene;
    const sizes: (string | undefined)[] = [];
    watch(home, '/upload', ({ headers }) => {
      sizes.push(headers['content-length']);
      return false;
    });
    const { events, text } = await attempt(page, 'upload', () =>
      page.evaluate(upload, portal.url + UPLOAD, token, SIZE),
    );
    expect(events.map(({ type }) => type)).toEqual(['loadstart', 'progress', 'load', 'loadend']);
    expect(events.at(-1)?.loaded).toBe(SIZE);
    expect(text).toContain(`mxc://${home.serverName}/`);
    expect(sizes.filter(Boolean)).toEqual([String(SIZE)]);
    nothingAtThePortal(scene);
  });

  it.each(ways)('an abort of %s ends the request at the homeserver', async (by) => {
    const scene = await atHome(lab);
    const { page, portal, home, token } = scene;
    const ended: string[] = [];
    watch(home, SYNC, (request) => {
      ended.push('asked');
      request.socket.once('close', () => ended.push('closed'));
      return true;
    });
    const aborted = attempt(page, 'abort', () => page.evaluate(untilAborted, portal.url + SYNC, token, by));
    await expect.poll(() => ended, { timeout: 10_000 }).toEqual(['asked']);
    await page.evaluate(() => dispatchEvent(new Event('stop-it')));
    expect(await aborted).toBe(by === 'fetch' ? 'AbortError' : 'abort');
    await expect.poll(() => ended, { timeout: 10_000 }).toEqual(['asked', 'closed']);
    nothingAtThePortal(scene);
  });

  it('a synchronous XMLHttpRequest goes home', async () => {
    const scene = await atHome(lab);
    const { page, portal, home, token } = scene;
    await whoami(page, portal.url, token);
    expect(await page.evaluate(synchronously, portal.url + WHOAMI, token)).toEqual([200, home.url + WHOAMI]);
    nothingAtThePortal(scene);
  });

  it('a keepalive request arrives though its page is left at once', async () => {
    const scene = await atHome(lab);
    const { page, portal, home, token, site } = scene;
    await whoami(page, portal.url, token);
    await page.evaluate(leaving, `${portal.url}${CLIENT}rooms/left`, token);
    await page.goto(`${site.url}/?left`);
    await expect.poll(() => tokensOf(home.recorder, '/rooms/left'), { timeout: 10_000 }).toEqual([token]);
    nothingAtThePortal(scene);
  });

  it('an answer is read while it arrives', async () => {
    const scene = await atHome(lab);
    const { page, portal, home, token } = scene;
    let more = (): void => undefined;
    home.faults.intercept = (_, response, path) => {
      if (path !== SYNC) return false;
      response.writeHead(200, { 'content-type': 'text/plain' }).write('first,');
      more = () => void response.end('last');
      return true;
    };
    const read = attempt(page, 'read', () => page.evaluate(inParts, portal.url + SYNC, token));
    await page.waitForFunction(() => document.title === 'first,');
    more();
    expect(await read).toBe('first,last');
    nothingAtThePortal(scene);
  });

  it.each(['fetch with the token', 'XHR with the token', 'fetch without the token', 'img', 'video'])(
    'a CDN that the homeserver sends %s to gets no token',
    async (kind) => {
      const scene = await atHome(lab);
      const { page, portal, home, token, picture } = scene;
      const cdn = await lab.homeserver({ name: 'cdn', users: [] });
      const id = kind === 'video' ? cdn.putMedia(sound(2), 'audio/wav') : cdn.putMedia(PIXEL, 'image/png');
      redirect(home, `${cdn.url}${mediaPath(`${cdn.serverName}/${id}`)}`);
      const load = () => find(kind).load(page, portal.url + mediaPath(picture), token);
      const result = await attempt(page, kind, load);
      expect(result).toBe('loaded');
      expect(tokensOf(home.recorder, '/download/')).toContain(token);
      expect(cdn.recorder.requests().length, 'it was asked').toBeGreaterThan(0);
      expect(cdn.recorder.requests().filter((request) => request.token !== null)).toEqual([]);
      nothingAtThePortal(scene);
    },
  );
});

/** As a homeserver does with media in object storage (spec, `allow_redirect`). */
function redirect({ faults }: Homeserver, to: string): void {
  faults.intercept = (_, response, path) => {
    if (!path.includes('/download/')) return false;
    response.writeHead(307, { location: to }).end();
    return true;
  };
}
