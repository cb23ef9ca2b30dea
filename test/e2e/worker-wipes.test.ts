/** What a site has stored goes, all or a part of it: sessions stay at home while the client has a token of theirs. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { untilControlled, useLab } from './lab.ts';
import { password, versions, ways, whoami, type Way } from './page-calls.ts';
import { waitFor } from './popup-page.ts';
import { reloaded } from './reload-at-once.ts';
import { clientFiles } from './worker-own.ts';
import {
  expectHome,
  expectWorkersAtHome,
  OURS,
  reload,
  signIn,
  untilInCharge,
  visit,
  WHOAMI,
} from './worker-scene.ts';
import { storedText, wipe } from './worker-storage.ts';

describe.each(engines)('%s: when storage goes,', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  async function start() {
    const scene = await visit(lab, { files: clientFiles() });
    await untilInCharge(scene.page, OURS);
    return scene;
  }

  /** Nothing more is to be stored of it. */
  async function startSignedIn() {
    const scene = await signIn(await start());
    await whoami(scene.page, scene.portal.url, scene.token);
    await expect.poll(() => storedText(scene.page), { timeout: 10_000 }).toContain('at":"home');
    return scene;
  }

  it.each(ways)(
    'as at logins of riot-web, by %s, and the page reloads at once, stays at home',
    async (by) => {
      const scene = await start();
      await scene.page.evaluate(() => localStorage.setItem('of the client', 'before'));
      const token = await clearAtLogin(scene.page, scene.portal.url, by);
      expect(await storedText(scene.page)).not.toContain('of the client');
      await expectHome({ ...scene, token }, 'after the reload');
    },
  );

  it('its database, sessions stay at home at once', async () => {
    const scene = await startSignedIn();
    await wipe(scene.page, 'database');
    await expectWorkersAtHome(scene, 'at once');
    await expectHome(scene, 'at once');
  });

  it('its database, sessions stay at home after a reload', async () => {
    const scene = await startSignedIn();
    await wipe(scene.page, 'database');
    await reload(scene.page);
    await expectWorkersAtHome(scene, 'after a reload');
    await expectHome(scene, 'after a reload');
  });

  it('its database and the service worker, sessions stay at home', async () => {
    const scene = await startSignedIn();
    await wipe(scene.page, 'database', 'worker');
    await reload(scene.page);
    expect((await whoami(scene.page, scene.portal.url, scene.token)).url).toBe(scene.home.url + WHOAMI);
    await untilControlled(scene.page);
    await expectHome(scene, 'after a reload');
    await expectWorkersAtHome(scene, 'after a reload');
  });

  it('what pages keep, sessions stay at home', async () => {
    const scene = await startSignedIn();
    await wipe(scene.page, 'pageStorage');
    await reload(scene.page);
    await expectHome(scene, 'after a reload');
  });

  it("all of it, the client's token too, a new login works", async () => {
    const scene = await startSignedIn();
    await wipe(scene.page, 'database', 'pageStorage', 'worker');
    await reload(scene.page);
    expect((await versions(scene.page, scene.portal.url)).status).toBe(200);
    const again = await signIn(scene);
    await expectHome(again, 'after the new login');
    await reload(scene.page);
    await expectHome(again, 'after a reload');
  });
});

/** A page that clears what it keeps when it has a login answer, as riot-web does, and reloads. @returns the token */
async function clearAtLogin(page: Page, portal: string, by: Way): Promise<string> {
  const url = `${portal}/_matrix/client/v3/login`;
  await reloaded(page, async () => {
    await page.evaluate(clearAt, url, JSON.stringify(password('alice')), by);
    await waitFor(page, () => sessionStorage.getItem('token') !== null);
  });
  return page.evaluate(() => {
    const token = sessionStorage.getItem('token') ?? '';
    sessionStorage.clear();
    return token;
  });
}

function clearAt(url: string, body: string, way: Way): void {
  const done = (text: string): void => {
    localStorage.clear();
    sessionStorage.clear();
    sessionStorage.setItem('token', (JSON.parse(text) as { access_token: string }).access_token);
    location.reload();
  };
  if (way === 'fetch') {
    const ask = async (): Promise<void> => done(await (await fetch(url, { method: 'POST', body })).text());
    void ask();
    return;
  }
  const xhr = new XMLHttpRequest();
  xhr.open('POST', url);
  xhr.addEventListener('load', () => done(xhr.responseText));
  xhr.send(body);
}
