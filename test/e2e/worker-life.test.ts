/** The page worker dies at any moment: no token comes to the portal, and sessions stay at home, until their logout. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { mediaPath, widthOf } from './attack-steps.ts';
import { hold } from './gate.ts';
import { isMedia, newPicture } from './hosting-stage.ts';
import { useLab } from './lab.ts';
import { logInWhileKilled } from './lifecycle-lab.ts';
import { call, logIn, versions, ways, whoami } from './page-calls.ts';
import { reloadAtLogin } from './reload-at-once.ts';
import { clientFiles, ownFiles } from './worker-own.ts';
import {
  expectHome,
  expectNothingAtPortal,
  expectWorkersAtHome,
  OURS,
  reload,
  signIn,
  startClientWorker,
  untilInCharge,
  visit,
  WHOAMI,
} from './worker-scene.ts';
import { storedText } from './worker-storage.ts';

describe.each(engines)('%s: the page worker', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  async function start() {
    const scene = await visit(lab, { files: clientFiles() });
    await untilInCharge(scene.page, OURS);
    return scene;
  }

  describe('that is killed', () => {
    it.each(ways)('during a login by %s loses no session', async (by) => {
      const scene = await start();
      const token = await logInWhileKilled(lab.browser, scene, by);
      await expectHome({ ...scene, token }, 'after the login');
      await reload(scene.page);
      await expectHome({ ...scene, token }, 'after a reload');
    });

    it.each(ways)('before a login by %s whose page reloads at once loses no session', async (by) => {
      const scene = await start();
      await lab.browser.killBackground();
      const token = await reloadAtLogin(scene.page, scene.portal.url, by);
      await expectHome({ ...scene, token }, 'after the reload');
    });

    it('while a picture is on its way shows the next one', async () => {
      const scene = await signIn(await start());
      const { page, portal, home } = scene;
      const picture = newPicture(home);
      const held = hold(home, (path) => path.includes('/media/download/'));
      const first = widthOf(page, portal.url + mediaPath(picture));
      const arrived = () => home.recorder.requests(isMedia).length;
      await expect.poll(arrived, { timeout: 10_000 }).toBe(1);
      await lab.browser.killBackground();
      held.open();
      // the browser lets it go with the worker, or not; it does not ask for it again by itself
      await first;
      expectNothingAtPortal(scene, 'of the first');
      await expectHome(scene, 'afterwards');
    });

    it('between requests is missed by nobody', async () => {
      const scene = await signIn(await start());
      for (const when of ['after its first death', 'after another']) {
        await lab.browser.killBackground();
        await expectHome(scene, when);
        await lab.browser.killBackground();
        await expectWorkersAtHome(scene, when);
        await lab.browser.killBackground();
        await reload(scene.page);
        await expectHome(scene, `${when}, and a reload`);
      }
    });

    it("with a client's worker inside is missed by nobody", async () => {
      const own = ownFiles({ version: 1 });
      const scene = await visit(lab, { files: own });
      const signedIn = await signIn(scene);
      await startClientWorker(signedIn);
      await lab.browser.killBackground();
      await expectHome(signedIn, 'after its death');
    });
  });

  it('ends a session in all tabs', async () => {
    const scene = await signIn(await start());
    const { page, portal, home, token, site } = scene;
    const other = await lab.page(`${site.url}/`);
    expect((await whoami(other, portal.url, token)).url).toBe(home.url + WHOAMI);
    expect((await versions(other, portal.url)).url, 'before').toContain(home.url);
    await page.bringToFront();
    await call(page, portal.url, 'logout', { method: 'POST', token });
    for (const tab of [page, other]) {
      const asked = async () => (await versions(tab, portal.url)).url;
      await expect.poll(asked, { timeout: 10_000 }).toContain(portal.url);
      await reload(tab);
      expect(await asked(), 'after a reload').toContain(portal.url);
    }
    expectNothingAtPortal(scene, 'at all');
  });

  it('stores no token anywhere', async () => {
    const scene = await start();
    scene.home.faults.refreshTokens = true;
    const extra = { refresh_token: true };
    const { token, body } = await logIn(scene.page, scene.portal.url, 'alice', { extra });
    const signedIn = { ...scene, token };
    await expectHome(signedIn, 'first');
    await startClientWorker(signedIn);
    await expectHome(signedIn, 'around another');
    const { refresh_token } = body;
    const refreshed = await call(scene.page, scene.portal.url, 'refresh', {
      method: 'POST',
      body: { refresh_token },
    });
    const { access_token: next } = refreshed.body;
    await expectHome({ ...signedIn, token: String(next) }, 'refreshed');
    await reload(scene.page);
    await expectHome({ ...signedIn, token: String(next) }, 'after a reload');
    const text = await storedText(scene.page);
    expect(text).toContain(scene.portal.url);
    expect(text).toContain(scene.home.url);
    for (const secret of [token, refresh_token, next, refreshed.body.refresh_token]) {
      expect(secret).toBeTypeOf('string');
      expect(text).not.toContain(secret);
    }
  });
});
