/** The page worker has no token: without a page that says one, it adds none. */
import { describe, expect, it } from 'vitest';
import { workerEngines } from '../support/browser.ts';
import { attempt } from '../support/drive-page.ts';
import type { Recorder } from '../support/recorder.ts';
import { mediaPath, widthOf } from './attack-steps.ts';
import { newPicture } from './hosting-stage.ts';
import { INDEX, useLab } from './lab.ts';
import { clientFiles } from './worker-own.ts';
import {
  expectHome,
  expectNothingAtPortal,
  expectWorkersAtHome,
  reload,
  signIn,
  visit,
  type SignedIn,
} from './worker-scene.ts';
import { storedText } from './worker-storage.ts';

/** Of the site, and the worker's to see, but without `homeward.js`. */
const OTHER = '/other.html';

/** Milliseconds: more than the worker waits for a page. */
const BUSY = 5000;

describe.each(workerEngines)('%s: the page worker adds no token to a picture', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  /** Signed in, and known to have authenticated media. */
  async function start(): Promise<SignedIn> {
    const files = { ...clientFiles(), [OTHER]: INDEX };
    const scene = await signIn(await visit(lab, { files }));
    await expectHome(scene, 'at first');
    await expect.poll(() => storedText(scene.page)).toContain('"media":true');
    return scene;
  }

  /** @param show gives the width of a picture */
  async function expectRefused(scene: SignedIn, show: (url: string) => Promise<number>): Promise<void> {
    const { portal, home } = scene;
    const picture = newPicture(home);
    const of = ({ recorder }: { recorder: Recorder }) =>
      recorder.requests(({ url }) => url.includes(picture)).map(({ token, status }) => ({ token, status }));
    const width = await show(portal.url + mediaPath(picture));
    const seen = { width, portal: of(portal), home: of(home) };
    expect(seen).toEqual({ width: 0, portal: [], home: [{ token: null, status: 401 }] });
    expectNothingAtPortal(scene, 'at all');
  }

  // WebKit gives nobody a way to end a service worker
  const deaths = engine === 'webkit' ? [false] : [false, true];
  const rows = (['is gone', 'is in another tab'] as const).flatMap((client) =>
    deaths.map((dies) => ({ client, dies })),
  );

  it.each(rows)('of a page without Homeward, the client $client, killed before: $dies', async (row) => {
    const scene = await start();
    const { page, site } = scene;
    if (row.client === 'is gone') await page.goto(site.url + OTHER, { waitUntil: 'domcontentloaded' });
    const other = row.client === 'is gone' ? page : await lab.page(site.url + OTHER);
    if (row.dies) await lab.browser.killBackground();
    await expectRefused(scene, (url) => widthOf(other, url));
    // whose these are, it knows by their digest
    await expectWorkersAtHome({ ...scene, page: other }, 'without Homeward');
    await other.goto(`${site.url}/`, { waitUntil: 'domcontentloaded' });
    await expectHome(scene, 'with Homeward again', other);
  });

  // Firefox and WebKit ask for a picture when the page is idle again
  const busy = engine === 'chromium' ? deaths : [];
  it.each(busy)('of a page that is busy, killed before: %s', async (dies) => {
    const scene = await start();
    if (dies) await lab.browser.killBackground();
    await expectRefused(scene, (url) =>
      attempt(scene.page, 'a picture in a busy page', () => scene.page.evaluate(showAndBeBusy, url, BUSY)),
    );
    await expectHome(scene, 'afterwards');
    await reload(scene.page);
    await expectHome(scene, 'after a reload');
  });
});

/** From right after the turn in which it asks for the picture. */
function showAndBeBusy(url: string, ms: number): Promise<number> {
  const image = new Image();
  const shown = new Promise<number>((resolve) => {
    image.addEventListener('load', () => resolve(image.naturalWidth));
    image.addEventListener('error', () => resolve(0));
  });
  image.src = url;
  // a browser begins to load it in a microtask
  queueMicrotask(() => {
    const end = performance.now() + ms;
    let now = 0;
    while (now < end) now = performance.now();
  });
  return shown;
}
