/** The page worker in WebKit: a client's own service worker inside of it, a wiped database, the settings of a site. */
import { describe, expect, it } from 'vitest';
import { startIdentityServer } from '../support/identity-server.ts';
import { ACCOUNT_DATA } from './identity-popup-page.ts';
import { untilControlled, useLab } from './lab.ts';
import { whoami } from './page-calls.ts';
import { clientFiles, ownFiles, ownWorker, SHELL, textAt, update } from './worker-own.ts';
import {
  around,
  expectHome,
  expectWorkersAtHome,
  OURS,
  registered,
  reload,
  signIn,
  startClientWorker,
  tellToken,
  untilInCharge,
  visit,
} from './worker-scene.ts';
import { expectWorks, pressIn, says } from './worker-settings-page.ts';
import { storedText, wipe } from './worker-storage.ts';

describe('webkit: with the page worker', () => {
  const lab = useLab('webkit', { form: 'worker' });

  it("a client's own service worker lives inside of it: on, updated, reloaded", async () => {
    const files = ownFiles({ version: 1 });
    const scene = await signIn(await visit(lab, { files }));
    const { page } = scene;
    await startClientWorker(scene);
    const expectBoth = async (version: string, when: string) => {
      await expect.poll(() => textAt(page, '/version'), { timeout: 15_000, message: when }).toBe(version);
      await tellToken(scene, page);
      expect(await textAt(page, '/shell.txt'), `${when}`).toBe(SHELL);
      await expectHome(scene, when);
      expect(await registered(page), `${when}`).toEqual([`/: ${around('/sw.js')}`]);
    };
    await expectBoth('1', 'at first');
    files['/sw.js'] = ownWorker({ version: 2 });
    expect(await update(page)).toBe('looked');
    await expectBoth('2', 'after an update');
    await reload(page);
    await untilControlled(page);
    await expectBoth('2', 'after a reload');
  });

  it('sessions stay at home when its database is wiped: at once, and after a reload', async () => {
    const scene = await signIn(await visit(lab, { files: clientFiles() }));
    const { page, portal, token } = scene;
    await untilInCharge(page, OURS);
    await whoami(page, portal.url, token);
    for (const when of ['at once', 'after a reload']) {
      await expect.poll(() => storedText(page)).toContain('"at":"home"');
      await wipe(page, 'database');
      if (when === 'after a reload') await reload(page);
      await expectWorkersAtHome(scene, when);
      await expectHome(scene, when);
    }
  });

  it('the settings say who is signed in, and change the identity server', async () => {
    const visited = await visit(lab);
    const { page, portal, home, site } = visited;
    const named = lab.keep(await startIdentityServer({ name: 'is1', whoIs: home.openIdUser }));
    // before the login: it is read right after it
    home.setAccountData('alice', ACCOUNT_DATA, { base_url: named.url, kept: 1 });
    const scene = await signIn(visited);
    const { token } = scene;
    await whoami(page, portal.url, token);
    const settings = await lab.page(`${site.url}/homeward.html`);
    await expectWorks(scene, named, settings);
    await pressIn(settings, '.forget');
    await pressIn(settings, '.confirm');
    await says(settings, 'noSessions');
    expect(portal.recorder.withToken(token)).toEqual([]);
  });
});
