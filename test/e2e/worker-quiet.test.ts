/** Requests that are not Matrix's, or that the page has decided: the page worker leaves them alone. */
import { TargetType, type Page } from 'puppeteer-core';
import { afterAll, describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { PIXEL } from './at-home.ts';
import { accountDataReads } from './identity-calls.ts';
import { INDEX, useLab } from './lab.ts';
import { ways, whoami } from './page-calls.ts';
import { ownFiles, textAt } from './worker-own.ts';
import { keepBack, sourcesOf, startAndAbort, timeOf, upload } from './worker-requests.ts';
import {
  around,
  expectPicture,
  OURS,
  register,
  signIn,
  startClientWorker,
  untilInCharge,
  visit,
  type SignedIn,
} from './worker-scene.ts';

const files: Record<string, string | { body: Buffer; type: string }> = {
  '/index.html': INDEX,
  '/file.txt': 'a small file',
  '/pixel.png': { body: PIXEL, type: 'image/png' },
};

const table = [
  '| browser | fetches | with the page worker, ms each | without, ms each | ratio |',
  '|---|---|---|---|---|',
];
afterAll(() => console.log(table.join('\n')));

/** At a server of Matrix: who it is, the path, and whether the page's token goes along. */
const places = [
  ['not of Matrix', '/plain/it', false],
  ['of Matrix, but none of the APIs', '/_matrix/federation/v1/it', false],
  ['the page has decided about', '/_matrix/client/v3/it', true],
] as const;

const bearer = (token: string | null) =>
  (token === null ? {} : { Authorization: `Bearer ${token}` }) as Record<string, string>;

describe.each(engines)('%s: the page worker', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  async function start(more: Parameters<typeof visit>[1] = {}): Promise<SignedIn> {
    const scene = await signIn(await visit(lab, { files, ...more }));
    await untilInCharge(scene.page, OURS);
    await whoami(scene.page, scene.portal.url, scene.token);
    return scene;
  }

  describe.each(places)('requests %s', (_, path, hasToken) => {
    it.each(ways)('end at the server when the page aborts them, by %s', async (by) => {
      const { page, home, token } = await start();
      const seen = keepBack(home, path);
      await page.evaluate(startAndAbort, by, home.url + path, bearer(hasToken ? token : null));
      await expect.poll(seen, { timeout: 10_000 }).toEqual(['arrived']);
      await page.evaluate(() => (window as unknown as { abortIt(): void }).abortIt());
      await expect.poll(seen, { timeout: 10_000 }).toEqual(['arrived', 'closed']);
      const ended = () => page.evaluate(() => (window as unknown as { ended: string }).ended);
      await expect.poll(ended, { timeout: 10_000 }).toBe('AbortError');
    });

    it('tell the page of the progress of an upload as without Homeward', async () => {
      const size = 3_000_000;
      const { page, home, token } = await start();
      const without = await visit(lab, { files, homeward: false });
      for (const server of [home, without.home]) {
        server.faults.intercept = (_request, response, at) => {
          if (at === path) response.writeHead(200).end('{}');
          return at === path;
        };
      }
      await without.page.bringToFront();
      const headers = bearer(hasToken ? token : null);
      const natively = await without.page.evaluate(upload, without.home.url + path, headers, size);
      expect(natively).toMatchObject({ status: 200, loaded: size, total: size });
      expect(natively.events).toContain('progress');
      await page.bringToFront();
      expect(await page.evaluate(upload, home.url + path, headers, size)).toEqual(natively);
    });
  });

  it('leaves small requests alone (what they cost is printed, not judged)', async () => {
    const { page, site } = await start();
    const without = await visit(lab, { files, homeward: false });
    const times = { with: [] as number[], without: [] as number[] };
    const count = 20;
    for (let round = 0; round < 5; round += 1) {
      await page.bringToFront();
      times.with.push(await timeOf(page, '/file.txt', count));
      await without.page.bringToFront();
      times.without.push(await timeOf(without.page, '/file.txt', count));
    }
    const middle = (all: number[]): number => all.toSorted((one, other) => one - other)[2] ?? 0;
    const [mine, plain] = [middle(times.with), middle(times.without)];
    table.push(
      `| ${[engine, 5 * count, mine.toFixed(2), plain.toFixed(2), (mine / plain).toFixed(2)].join(' | ')} |`,
    );
    const once = Array.from({ length: 5 * count }, (_, index) => `/file.txt?${index % count}`);
    const asked = site.recorder.requests(({ path }) => path === '/file.txt');
    expect(asked.map(({ url }) => url)).toEqual(once);
    if (engine !== 'chromium') return;
    await expect.poll(() => sourcesOf(page, '/file.txt')).toEqual(once.map(() => 'network'));
  });
});

// static routing (InstallEvent.addRoutes) is Chromium's
describe('chromium: requests that are not of Matrix', () => {
  const lab = useLab('chromium', { form: 'worker' });

  /** What answers the path, which nobody has asked for before: it is noted when the body has ended. */
  const matched = async (page: Page, path: string): Promise<string[]> => {
    await textAt(page, path);
    await expect.poll(() => sourcesOf(page, path)).not.toEqual([]);
    return sourcesOf(page, path);
  };

  const running = () =>
    lab.browser.puppeteer
      .targets()
      .filter((target) => target.type() === TargetType.SERVICE_WORKER)
      .map((target) => target.url());

  it('do not even meet the worker', async () => {
    const scene = await signIn(await visit(lab, { files }));
    await untilInCharge(scene.page, OURS);
    // the last that the page asks by itself: it would start the worker again
    await whoami(scene.page, scene.portal.url, scene.token);
    await expect.poll(() => accountDataReads(scene.home), { timeout: 10_000 }).not.toEqual([]);
    expect(await matched(scene.page, '/file.txt')).toEqual(['network']);
    expect(await matched(scene.page, '/_matrix/file.txt')).toEqual(['']);
    await lab.browser.killBackground();
    expect(running()).toEqual([]);
    for (let times = 0; times < 20; times += 1) await textAt(scene.page, `/file.txt?${times}`);
    await scene.page.evaluate(
      () =>
        new Promise((resolve) => {
          const image = new Image();
          image.addEventListener('load', resolve);
          image.src = '/pixel.png';
        }),
    );
    expect(running()).toEqual([]);
    await expectPicture(scene, 'afterwards');
    await expect.poll(running, { timeout: 10_000 }).toEqual([scene.site.url + OURS]);
  });

  it("meet a client's own worker, if it has one", async () => {
    const scene = await signIn(await visit(lab, { files: ownFiles({ version: 1 }) }));
    await startClientWorker(scene);
    expect(await matched(scene.page, '/shell.txt')).toEqual(['']);
    expect(await register(scene.page, '/sw.js')).toBe(around('/sw.js'));
  });
});
