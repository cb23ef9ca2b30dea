/** Which service worker a site with the page worker has: ours, beside and around those that a client registers. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { inFirefox } from '../support/firefox-inside.ts';
import { INDEX, untilControlled, useLab } from './lab.ts';
import { logIn } from './page-calls.ts';
import { startServiceWorker, workerFiles } from './worker-pages.ts';
import {
  around,
  built,
  expectHome,
  inCharge,
  OURS,
  register,
  registered,
  reload,
  scripts,
  signIn,
  startClientWorker,
  untilInCharge,
  visit,
} from './worker-scene.ts';

const PLAIN = 'self.onfetch = () => {};';

/** Notes all that it hears where a page finds it. */
const LISTENER = `${PLAIN}
  self.onmessage = ({ data }) =>
    caches.open('heard').then((cache) => cache.put('/heard-' + Math.random(), new Response(JSON.stringify(data))));`;

function heard(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const cache = await caches.open('heard');
    const all = await cache.keys();
    return Promise.all(all.map(async (key) => (await (await cache.match(key))?.text()) ?? ''));
  });
}

/** A client below a path, with Homeward's files beside its page. */
async function below(path: string): Promise<Record<string, string>> {
  return {
    [`${path}/index.html`]: `<!doctype html><script src="homeward.js"></script>${INDEX}`,
    [`${path}/homeward.js`]: await built('homeward.js'),
    [`${path}/homeward-sw.js`]: await built('homeward-sw.js'),
  };
}

describe.each(engines)('%s: the page worker', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  /** Shift and reload: past all service workers. */
  async function reloadPast(page: Page): Promise<void> {
    await page.bringToFront();
    const shown = page.waitForNavigation({ waitUntil: 'domcontentloaded' });
    if (engine === 'firefox') await inFirefox(lab.browser.puppeteer, 'BrowserCommands.reloadSkipCache()');
    else await (await page.createCDPSession()).send('Page.reload', { ignoreCache: true });
    await shown;
  }

  it('is registered by the first visit, and in charge without a reload', async () => {
    const scene = await visit(lab);
    await untilInCharge(scene.page, OURS);
    expect(await registered(scene.page)).toEqual([`/: ${OURS}`]);
    expect(scripts(scene, '/')).toBe(1);
    expect(scripts(scene, OURS)).toBe(1);
    await expectHome(await signIn(scene), 'on the first visit');
  });

  it('is in charge below a path, where all its files are', async () => {
    const files = { ...(await below('/chat')), '/chat/sw.js': PLAIN };
    const scene = await visit(lab, { homeward: false, files }, '/chat/index.html');
    await untilInCharge(scene.page, `/chat${OURS}`);
    const signedIn = await signIn(scene);
    await expectHome(signedIn, 'below the path');
    expect(await register(scene.page, 'sw.js')).toBe(`/chat${around('/chat/sw.js')}`);
    await untilInCharge(scene.page, `/chat${around('/chat/sw.js')}`);
    await expectHome(signedIn, "with the client's inside");
    expect(await registered(scene.page)).toEqual([`/chat/: /chat${around('/chat/sw.js')}`]);
  });

  it('is in charge below a path of a site whose root has another application with its own', async () => {
    const files = { ...(await below('/chat')), '/index.html': INDEX, '/sw.js': PLAIN };
    const scene = await visit(lab, { homeward: false, files });
    expect(await register(scene.page, '/sw.js')).toBe('/sw.js');
    await scene.page.goto(`${scene.site.url}/chat/`, { waitUntil: 'domcontentloaded' });
    await untilInCharge(scene.page, `/chat${OURS}`);
    expect(await registered(scene.page)).toEqual(['/: /sw.js', `/chat/: /chat${OURS}`]);
    await expectHome(await signIn(scene), 'below the path');
  });

  it('takes the place of a worker that the client has had before, and runs it inside', async () => {
    const scene = await visit(lab, { homeward: false, files: workerFiles() });
    expect(await startServiceWorker(scene.page, 'a token of before', scene.portal.url)).toBe('taken');
    expect(await inCharge(scene.page)).toBe('/sw.js');
    scene.site.homeward = true;
    await reload(scene.page);
    await untilInCharge(scene.page, around('/sw.js'));
    expect(await registered(scene.page)).toEqual([`/: ${around('/sw.js')}`]);
    const signedIn = await signIn(scene);
    await startClientWorker(signedIn);
    await expectHome(signedIn, 'after it took its place');
  });

  it('tells a worker that the client has had before nothing', async () => {
    const scene = await visit(lab, { homeward: false, files: { '/index.html': INDEX, '/sw.js': LISTENER } });
    await register(scene.page, '/sw.js');
    await scene.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await reload(scene.page);
    expect(await inCharge(scene.page)).toBe('/sw.js');
    scene.site.homeward = true;
    await reload(scene.page);
    await logIn(scene.page, scene.portal.url);
    await untilInCharge(scene.page, around('/sw.js'));
    await scene.page.evaluate(() => navigator.serviceWorker.controller?.postMessage('of the page'));
    await expect.poll(() => heard(scene.page), { timeout: 10_000 }).toEqual(['"of the page"']);
  });

  it('runs a worker that the client registers in the very first turn', async () => {
    const once = `if (!localStorage.seen) navigator.serviceWorker.register('/sw.js'); localStorage.seen = 1;`;
    const files = { '/index.html': `${INDEX}<script>${once}</script>`, '/sw.js': PLAIN };
    const scene = await visit(lab, { files });
    await untilInCharge(scene.page, around('/sw.js'));
    await reload(scene.page);
    await untilControlled(scene.page);
    expect(await inCharge(scene.page)).toBe(around('/sw.js'));
    expect(await registered(scene.page)).toEqual([`/: ${around('/sw.js')}`]);
  });

  it('is in charge again of a page that was loaded past it', async () => {
    const scene = await signIn(await visit(lab));
    await untilInCharge(scene.page, OURS);
    await scene.page.evaluateOnNewDocument(() => {
      Object.assign(window, { atStart: navigator.serviceWorker.controller !== null });
    });
    const atStart = () => scene.page.evaluate(() => (window as unknown as { atStart: boolean }).atStart);
    await reload(scene.page);
    expect(await atStart()).toBe(true);
    await reloadPast(scene.page);
    expect(await atStart()).toBe(false);
    await untilInCharge(scene.page, OURS);
    await expectHome(scene, 'after it was loaded past the worker');
  });

  it('is one for two tabs, whichever registers what', async () => {
    const scene = await visit(lab, { files: workerFiles() });
    const other = await lab.page(`${scene.site.url}/`);
    await Promise.all([untilInCharge(scene.page, OURS), untilInCharge(other, OURS)]);
    await scene.page.bringToFront();
    const signedIn = await signIn(scene);
    await startClientWorker(signedIn);
    await untilInCharge(other, around('/sw.js'));
    await expectHome(signedIn, 'in the tab that registered it');
    await other.bringToFront();
    await expectHome(signedIn, 'in the other', other);
    await reload(other);
    await expectHome(signedIn, 'in the other, after a reload', other);
    expect(await registered(other)).toEqual([`/: ${around('/sw.js')}`]);
  });
});
