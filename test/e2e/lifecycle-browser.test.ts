/** The browser ends and begins again, and the client's page is the first thing that it opens. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import type { SiteFile } from '../support/static-site.ts';
import { atHome, type AtHome } from './at-home.ts';
import {
  arrived,
  expectAtHome,
  expectNextLoginAtHome,
  expectNothingAtPortal,
  expectPictures,
  FIRST,
  remember,
  startPage,
  useLifecycleLab,
  type LifecycleLab,
} from './lifecycle-lab.ts';
import { call } from './page-calls.ts';

const restarts = [
  { name: 'restarted', how: {} },
  { name: 'restarted with another version of the extension', how: { version: '0.2.0' } },
];

describe.each(engines)('%s: a browser', (engine) => {
  const lab = useLifecycleLab(engine);

  it.each(restarts)('that is $name takes the first request of its first page home', async ({ how }) => {
    const scene = await started(lab);
    scene.home.recorder.clear();
    await lab.restart(`${scene.site.url}/`, how);
    // with the token, or without it by a rule; not at the portal with it
    await expect.poll(() => arrived(scene, FIRST).length, { timeout: 10_000 }).toBeGreaterThan(0);
    expectNothingAtPortal(scene);
  });

  it.each(restarts)('that is $name is at home', async ({ how }) => {
    const scene = await started(lab);
    const page = await lab.restart(`${scene.site.url}/`, how);
    // a page that came before the hook is mended by a reload
    await expect.poll(() => lab.browser.scripts(), { timeout: 10_000 }).toHaveLength(2);
    await page.reload({ waitUntil: 'domcontentloaded' });
    await expectAtHome(scene, page);
    await expectPictures(scene, page);
    await expectNextLoginAtHome(scene, page);
    expectNothingAtPortal(scene);
  });

  it('that is restarted needs no reload', async () => {
    const scene = await started(lab);
    const page = await lab.restart(`${scene.site.url}/`);
    await expectAtHome(scene, page);
    await expectPictures(scene, page);
    await expectNextLoginAtHome(scene, page);
  });

  it('that is restarted has the net and no token in its rules until the client uses it', async () => {
    const scene = await started(lab);
    await lab.page(`${scene.site.url}/quiet.html`);
    await scene.page.close();
    await lab.restart(`${scene.site.url}/quiet.html`);
    const { dynamic, session } = await lab.rulesOf(scene);
    expect(dynamic).not.toEqual([]);
    expect(JSON.stringify(session)).not.toContain(scene.token);
  });

  it('that is restarted knows nothing of a session that has ended', async () => {
    const scene = await started(lab);
    await call(scene.page, scene.portal.url, 'logout', { method: 'POST', token: scene.token });
    await expect.poll(() => lab.rulesOf(scene), { timeout: 10_000 }).toEqual({ dynamic: [], session: [] });
    await lab.restart(`${scene.site.url}/`);
    expect(await lab.rulesOf(scene)).toEqual({ dynamic: [], session: [] });
  });
});

/** Signed in, in a client whose pages begin with a request. */
async function started(lab: LifecycleLab): Promise<AtHome> {
  const files: Record<string, string | SiteFile> = {
    '/index.html': startPage(),
    '/quiet.html': '<!doctype html>',
  };
  const scene = await atHome(lab, { site: { files } });
  await remember(scene);
  return scene;
}
