/** A client that reloads as soon as it has the answer to its logout, as riot-web does: its session is over for all. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { workerEngines } from '../support/browser.ts';
import { useLab } from './lab.ts';
import { versions, ways, whoami, type Way } from './page-calls.ts';
import { reloaded } from './reload-at-once.ts';
import { askerFiles, askInWorker } from './worker-dedicated.ts';
import { expectHome, OURS, reload, signIn, untilInCharge, visit } from './worker-scene.ts';

const VERSIONS = '/_matrix/client/versions';

describe.each(workerEngines)('%s: a page that reloads in the turn of its logout answer', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  // WebKit gives nobody a way to end a service worker
  const deaths = engine === 'webkit' ? [false] : [false, true];
  const rows = ways.flatMap((by) => deaths.map((dies) => ({ by, dies })));

  it.each(rows)('has no session, by $by, the worker killed before: $dies', async ({ by, dies }) => {
    const scene = await signIn(await visit(lab, { files: askerFiles }));
    const { page, portal, home, token, site } = scene;
    await untilInCharge(page, OURS);
    await whoami(page, portal.url, token);
    const sessions = () => lab.popup.sessions(site.origin);
    await expect.poll(sessions).toMatchObject([{ standing: { at: 'home' } }]);
    if (dies) await lab.browser.killBackground();
    await reloadAtLogout(page, portal.url, token, by);
    expect(home.recorder.requests(({ path }) => path.endsWith('/logout'))).toMatchObject([{ token }]);

    await expect.poll(sessions).toEqual([]);
    const asked = async () => (await versions(page, portal.url)).url;
    await expect.poll(asked).toBe(portal.url + VERSIONS);
    await reload(page);
    await expect.poll(() => copied(page)).toBe(0);
    expect(await asked(), 'after another reload').toBe(portal.url + VERSIONS);
    expect(await sessions(), 'after another reload').toEqual([]);

    // whom only the service worker sees
    expect(await askInWorker(page, { url: `${portal.url}${VERSIONS}?worker` })).toBe('200');
    const byWorker = ({ url }: { url: string }) => url.endsWith('?worker');
    expect(portal.recorder.requests(byWorker)).toHaveLength(1);
    expect(home.recorder.requests(byWorker)).toEqual([]);
    expect(portal.recorder.withToken(token)).toEqual([]);

    const again = await signIn(scene);
    expect(again.token).not.toBe(token);
    await expectHome(again, 'after another login');
  });
});

/** How many sessions the copy of the state has that a page keeps. */
function copied(page: Page): Promise<number> {
  return page.evaluate(() => {
    const state: unknown = JSON.parse(localStorage.getItem('homeward-state') ?? '{}');
    return (state as { sessions?: unknown[] }).sessions?.length ?? 0;
  });
}

async function reloadAtLogout(page: Page, portal: string, token: string, by: Way): Promise<void> {
  const url = `${portal}/_matrix/client/v3/logout`;
  await reloaded(page, () => page.evaluate(by === 'fetch' ? leaveByFetch : leaveByXhr, url, token));
}

function leaveByFetch(url: string, token: string): void {
  void (async () => {
    await fetch(url, { method: 'POST', headers: { Authorization: `Bearer ${token}` } });
    location.reload();
  })();
}

function leaveByXhr(url: string, token: string): void {
  const xhr = new XMLHttpRequest();
  xhr.open('POST', url);
  xhr.setRequestHeader('Authorization', `Bearer ${token}`);
  xhr.addEventListener('readystatechange', () => {
    if (xhr.readyState === 4) location.reload();
  });
  xhr.send();
}
