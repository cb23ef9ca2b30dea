/** A site gives Homeward up: `homeward-uninstall.js` in the place of `homeward.js`. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { naming } from '../support/portal.ts';
import { INDEX, useLab } from './lab.ts';
import { call, logIn, versions, whoami } from './page-calls.ts';
import { sessionsAt } from './site-storage.ts';
import { leftovers } from './worker-storage.ts';
import { clientFiles } from './worker-own.ts';
import {
  around,
  built,
  expectHome,
  inCharge,
  OURS,
  registered,
  reload,
  signIn,
  startClientWorker,
  tellToken,
  untilInCharge,
  visit,
  WHOAMI,
  type Visit,
} from './worker-scene.ts';

interface Natives {
  natives: unknown[];
  readNatives(): unknown[];
}

/** Before any script of the page, Homeward's too. */
function keepNatives(): void {
  const kept = window as unknown as Natives;
  kept.readNatives = () => [
    fetch,
    XMLHttpRequest.prototype.open,
    XMLHttpRequest.prototype.send,
    XMLHttpRequest.prototype.setRequestHeader,
    Navigator.prototype.sendBeacon,
    Response.prototype.json,
    Response.prototype.text,
    window.open,
    Object.getPrototypeOf(navigator.serviceWorker).register,
  ];
  kept.natives = kept.readNatives();
}

/** How many functions of the page are not the browser's own. */
function replaced(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { natives, readNatives } = window as unknown as Natives;
    return readNatives().filter((now, index) => now !== natives[index]).length;
  });
}

describe.each(engines)('%s: uninstalling', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  async function start(more: Record<string, string> = {}, script = OURS) {
    const files = { ...clientFiles(), ...more };
    const scene = await visit(lab, { files });
    await scene.page.evaluateOnNewDocument(keepNatives);
    await reload(scene.page);
    await untilInCharge(scene.page, script);
    expect(await replaced(scene.page)).toBeGreaterThan(0);
    await versions(scene.page, scene.portal.url);
    const uninstall = async () => {
      files['/homeward.js'] = await built('homeward-uninstall.js');
    };
    return { ...scene, files, uninstall };
  }

  /** Done when it is known at the site: uninstalling looks once. */
  async function logOut({ page, portal, site }: Visit, token: string): Promise<void> {
    await call(page, portal.url, 'logout', { method: 'POST', token });
    await expect.poll(() => sessionsAt(lab.browser.puppeteer, site.origin)).toEqual([]);
  }

  async function expectGone({ page, portal }: Visit): Promise<void> {
    await expect.poll(() => leftovers(page), { timeout: 15_000 }).toEqual([]);
    await expect.poll(() => replaced(page), { timeout: 15_000 }).toBe(0);
    await reload(page);
    expect((await versions(page, portal.url)).url).toBe(`${portal.url}/_matrix/client/versions`);
    await expect.poll(() => replaced(page), { timeout: 15_000 }).toBe(0);
    expect(await leftovers(page)).toEqual([]);
  }

  it('takes all of it away where nobody has signed in', async () => {
    const scene = await start();
    await scene.uninstall();
    await reload(scene.page);
    await expectGone(scene);
    expect(await inCharge(scene.page)).toBe('none');
    expect(await registered(scene.page)).toEqual([]);
  });

  it('takes all of it away after a logout', async () => {
    const scene = await start();
    const { token } = await signIn(scene);
    await logOut(scene, token);
    await scene.uninstall();
    await reload(scene.page);
    await expectGone(scene);
  });

  it('takes all of it away where the session lives at the portal itself', async () => {
    const scene = await start();
    const portal = await lab.portal({
      route: () => scene.home.url,
      editLogin: naming.neither,
      strict: false,
    });
    const { token } = await logIn(scene.page, portal.url);
    await scene.uninstall();
    await reload(scene.page);
    await expectGone({ ...scene, portal });
    expect((await whoami(scene.page, portal.url, token)).url).toBe(portal.url + WHOAMI);
  });

  it("gives the client's own worker its place back", async () => {
    const scene = await start();
    const signedIn = await signIn(scene);
    await startClientWorker(signedIn);
    await logOut(scene, signedIn.token);
    await scene.uninstall();
    await reload(scene.page);
    await expectGone(scene);
    await untilInCharge(scene.page, '/sw.js');
    await tellToken(signedIn, scene.page);
    expect(await registered(scene.page)).toEqual(['/: /sw.js']);
  });

  it('lets a client that registers its own at every start keep it', async () => {
    const page = `${INDEX}<script>navigator.serviceWorker.register('/sw.js')</script>`;
    const scene = await start({ '/index.html': page }, around('/sw.js'));
    await scene.uninstall();
    await reload(scene.page);
    await expectGone(scene);
    await untilInCharge(scene.page, '/sw.js');
    expect(await registered(scene.page)).toEqual(['/: /sw.js']);
  });

  it('changes nothing while a redirected session lives, and cleans up after its logout', async () => {
    const scene = await start();
    const signedIn = await signIn(scene);
    await startClientWorker(signedIn);
    await scene.uninstall();
    for (const when of ['at the first visit', 'at the second', 'at the third']) {
      await reload(scene.page);
      await expectHome(signedIn, when);
      expect(await registered(scene.page), `${when}`).toEqual([`/: ${around('/sw.js')}`]);
    }
    await logOut(scene, signedIn.token);
    expect(scene.portal.recorder.withToken(signedIn.token)).toEqual([]);
    await reload(scene.page);
    await expectGone(scene);
    await untilInCharge(scene.page, '/sw.js');
  });

  it('brings the worker back for a session whose worker the browser has dropped', async () => {
    const scene = await start();
    const signedIn = await signIn(scene);
    await scene.uninstall();
    await scene.page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.unregister());
    await reload(scene.page);
    await untilInCharge(scene.page, OURS);
    await expectHome(signedIn, 'after it was dropped');
  });

  it('does not lose a login of a tab that was open before', async () => {
    const scene = await start();
    await scene.uninstall();
    const other = await lab.page(`${scene.site.url}/`);
    await expect.poll(() => leftovers(other), { timeout: 15_000 }).toEqual([]);
    await scene.page.bringToFront();
    const signedIn = await signIn(scene);
    expect((await whoami(scene.page, scene.portal.url, signedIn.token)).url).toBe(scene.home.url + WHOAMI);
    await reload(scene.page);
    await untilInCharge(scene.page, OURS);
    await expectHome(signedIn, 'after its reload');
  });

  it('can be taken back', async () => {
    const scene = await start();
    await scene.uninstall();
    await reload(scene.page);
    await expectGone(scene);
    delete (scene.files as Partial<typeof scene.files>)['/homeward.js'];
    await reload(scene.page);
    await untilInCharge(scene.page, OURS);
    await expectHome(await signIn(scene), 'again');
  });
});
