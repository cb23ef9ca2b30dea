/** A client's own service worker inside ours: it lives as by itself, and all goes home. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { INDEX, untilControlled, useLab } from './lab.ts';
import { lifeOf, ownFiles, ownWorker, SHELL, textAt, update, type Own } from './worker-own.ts';
import { serviceWorkers } from './worker-pages.ts';
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
  tellToken,
  untilInCharge,
  visit,
  type SignedIn,
} from './worker-scene.ts';

/** Another version of ours, which can be told from the one before. */
async function newer(): Promise<string> {
  const tell = `self.addEventListener('fetch', (event) => {
    if (event.request.url.endsWith('/_matrix/homeward')) event.respondWith(new Response('newer'));
  });`;
  // before a client's worker that answers everything
  return tell + (await built('homeward-sw.js'));
}

function isWaiting(page: Page): Promise<boolean> {
  return page.evaluate(async () => !!(await navigator.serviceWorker.getRegistration())?.waiting);
}

/**
 * Seldom: Chromium lets a new version take over only while the old one has nothing to do, and one that is asked all the
 * time goes on for ever (without Homeward too: 6 of 180).
 */
const seldom = { timeout: 30_000, interval: 700 };

async function untilSays(page: Page, path: string, text: string): Promise<void> {
  await expect.poll(() => textAt(page, path), { ...seldom, message: path }).toBe(text);
}

/** Again and again: a look that the browser has under way by itself has seen the files of before, and counts as this one. */
async function updateUntil(page: Page, isSeen: () => boolean | Promise<boolean>): Promise<void> {
  const look = async (): Promise<boolean> => {
    expect(await update(page)).toBe('looked');
    return isSeen();
  };
  await expect.poll(look, { ...seldom, message: 'a look for what is new' }).toBe(true);
}

describe.each(engines)("%s: a client's own service worker", (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  const untilVersion = (page: Page, version: number) =>
    updateUntil(page, async () => (await textAt(page, '/version')) === String(version));
  const untilNewer = (page: Page) =>
    updateUntil(page, async () => (await textAt(page, '/_matrix/homeward')) === 'newer');

  async function expectBoth(scene: SignedIn, version: number, when: string): Promise<void> {
    await tellToken(scene, scene.page);
    expect(await textAt(scene.page, '/version'), `${when}`).toBe(String(version));
    scene.site.recorder.clear();
    expect(await textAt(scene.page, '/shell.txt'), `${when}`).toBe(SHELL);
    // browser and page look for new versions of workers at any time
    const asked = scene.site.recorder.requests(({ path }) => path === '/shell.txt');
    expect(asked, `from its cache, ${when}`).toEqual([]);
    await expectHome(scene, when);
    await expectHome(scene, `once more ${when}`);
  }

  it.each(serviceWorkers)('that %s keeps working, and so does Homeward', async (kind) => {
    const files = ownFiles({ kind, version: 1 });
    const scene = await signIn(await visit(lab, { files }));
    await startClientWorker(scene);
    await expectBoth(scene, 1, 'on the first visit');
    await reload(scene.page);
    await untilControlled(scene.page);
    await expectBoth(scene, 1, 'after a reload');
    files['/sw.js'] = ownWorker({ kind, version: 2 });
    await untilVersion(scene.page, 2);
    await expectBoth(scene, 2, 'after an update of its own');
    files[OURS] = await newer();
    await untilNewer(scene.page);
    await expectBoth(scene, 2, 'after an update of ours');
    await reload(scene.page);
    await untilControlled(scene.page);
    await expectBoth(scene, 2, 'after all of it');
    expect(await inCharge(scene.page)).toBe(around('/sw.js'));
  });

  /** From the first visit over an update to a visit after all pages were gone. */
  async function live(homeward: boolean, own: Omit<Own, 'version'>) {
    const files = ownFiles({ ...own, version: 1 });
    const { page, site } = await visit(lab, { files, homeward });
    await register(page, '/sw.js');
    await untilControlled(page);
    await untilSays(page, '/version', '1');
    files['/sw.js'] = ownWorker({ ...own, version: 2 });
    if (own.skips) await untilVersion(page, 2);
    else await updateUntil(page, () => isWaiting(page));
    const meanwhile = [await textAt(page, '/version'), ...(await lifeOf(page))];
    const later = async () => {
      await page.goto('about:blank');
      await page.goto(`${site.url}/`, { waitUntil: 'domcontentloaded' });
      return textAt(page, '/version');
    };
    await expect.poll(later, seldom).toBe('2');
    return { meanwhile, life: await lifeOf(page) };
  }

  it.each([true, false])('lives as it does by itself (skips waiting: %s)', async (skips) => {
    const natively = await live(false, { skips });
    expect(natively.meanwhile[0]).toBe(skips ? '2' : '1');
    expect(await live(true, { skips })).toEqual(natively);
  });

  it('waits with a newer version of ours as with one of its own', async () => {
    const files = ownFiles({ version: 1, skips: false });
    const scene = await signIn(await visit(lab, { files }));
    await startClientWorker(scene);
    files[OURS] = await newer();
    await updateUntil(scene.page, () => isWaiting(scene.page));
    await expectBoth(scene, 1, 'while it waits');
    expect(await isWaiting(scene.page)).toBe(true);
    expect(await textAt(scene.page, '/_matrix/homeward')).not.toBe('newer');
    const later = async () => {
      await scene.page.goto('about:blank');
      await scene.page.goto(`${scene.site.url}/`, { waitUntil: 'domcontentloaded' });
      return textAt(scene.page, '/_matrix/homeward');
    };
    await expect.poll(later, seldom).toBe('newer');
    await expectBoth(scene, 1, 'after it');
  });

  it('is not needed for an update of ours', async () => {
    const files: Record<string, string> = { '/index.html': INDEX };
    const scene = await signIn(await visit(lab, { files }));
    await untilInCharge(scene.page, OURS);
    files[OURS] = await newer();
    await untilNewer(scene.page);
    await expectHome(scene, 'after the update');
    expect(await registered(scene.page)).toEqual([`/: ${OURS}`]);
  });

  it('that is registered late sees what is for it', async () => {
    const scene = await signIn(
      await visit(lab, { files: { ...ownFiles({ version: 1 }), '/index.html': INDEX } }),
    );
    await untilInCharge(scene.page, OURS);
    expect(await textAt(scene.page, '/version')).toBe('Not found');
    await startClientWorker(scene);
    await expectHome(scene, 'at once');
    // Chromium: the static routes of the worker before stay with a page that has asked for anything
    expect(await textAt(scene.page, '/version')).toBe(engine === 'chromium' ? 'Not found' : '1');
    await reload(scene.page);
    await untilControlled(scene.page);
    await expectBoth(scene, 1, 'after a reload');
  });

  it('hears what its page tells it as soon as it is ready', async () => {
    const scene = await visit(lab, { files: ownFiles({ version: 1 }) });
    const said = await scene.page.evaluate(async () => {
      await navigator.serviceWorker.register('/sw.js');
      const { active } = await navigator.serviceWorker.ready;
      const { port1, port2 } = new MessageChannel();
      return new Promise((resolve) => {
        port1.addEventListener('message', ({ data }) => resolve(data));
        port1.start();
        setTimeout(resolve, 10_000, 'silence');
        active?.postMessage({ token: '', url: '' }, [port2]);
      });
    });
    expect(said).toBe('taken');
  });

  it('finds its own files by relative addresses', async () => {
    const files = {
      '/chat/index.html': `<!doctype html><script src="/homeward.js"></script>${INDEX}`,
      '/chat/sw.js': 'importScripts("parts/part.js"); self.onfetch = (event) => answer(event);',
      '/chat/parts/part.js':
        'const answer = (event) => { if (event.request.url.endsWith("/version")) event.respondWith(fetch("file.txt")); };',
      '/chat/file.txt': 'its file',
    };
    const scene = await visit(lab, { files }, '/chat/');
    expect(await register(scene.page, 'sw.js')).toBe(around('/chat/sw.js'));
    await untilInCharge(scene.page, around('/chat/sw.js'));
    expect(await textAt(scene.page, 'version')).toBe('its file');
    await expectHome(await signIn(scene), 'with it');
  });

  describe('that throws', () => {
    it('when it is started again takes nothing along', async () => {
      const breaks =
        'if (self.registration.active?.scriptURL === location.href) throw new Error("a later start");';
      const files = { ...ownFiles({ version: 1 }), '/sw.js': `${breaks} ${ownWorker({ version: 1 })}` };
      const scene = await signIn(await visit(lab, { files }));
      await startClientWorker(scene);
      await lab.browser.killBackground();
      await expectHome(scene, 'after its death');
      await reload(scene.page);
      await expectHome(scene, 'after a reload');
    });

    it('in a new version is not taken, and the one before goes on', async () => {
      const files = ownFiles({ version: 1 });
      const scene = await signIn(await visit(lab, { files }));
      await startClientWorker(scene);
      files['/sw.js'] = `throw new Error('in the new version'); ${ownWorker({ version: 2 })}`;
      scene.site.recorder.clear();
      await updateUntil(scene.page, () => scripts(scene, '/sw.js') > 0);
      await expectBoth(scene, 1, 'after the look');
      await reload(scene.page);
      await untilControlled(scene.page);
      await expectBoth(scene, 1, 'after a reload');
    });
  });
});
