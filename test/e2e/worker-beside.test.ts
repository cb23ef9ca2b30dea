/** What a client registers besides, again and again, or no more: the page worker gives it room. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { INDEX, useLab } from './lab.ts';
import { whoami } from './page-calls.ts';
import { update } from './worker-own.ts';
import { workerFiles } from './worker-pages.ts';
import {
  around,
  expectHome,
  expectNothingAtPortal,
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
  WHOAMI,
} from './worker-scene.ts';

const PLAIN = 'self.onfetch = () => {};';

describe.each(engines)('%s: the page worker', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  it('stays as it is however often the client registers its own', async () => {
    const scene = await visit(lab, { files: { '/index.html': INDEX, '/sw.js': PLAIN } });
    await register(scene.page, '/sw.js');
    await untilInCharge(scene.page, around('/sw.js'));
    await scene.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      const note = (): void => {
        document.title = 'changed';
      };
      registration.addEventListener('updatefound', note);
      navigator.serviceWorker.addEventListener('controllerchange', note);
    });
    const before = [scripts(scene, OURS), scripts(scene, '/sw.js')];
    for (let times = 0; times < 20; times += 1) {
      expect(await register(scene.page, '/sw.js')).toBe(around('/sw.js'));
    }
    // the browser's own look for a new version after a page load: once
    const after = [scripts(scene, OURS), scripts(scene, '/sw.js')];
    after.forEach((count, index) => expect(count - (before[index] ?? 0)).toBeLessThanOrEqual(1));
    // its turn comes after all that the registrations have begun
    expect(await update(scene.page)).toBe('looked');
    expect(await scene.page.title()).toBe('client');
    for (let times = 0; times < 3; times += 1) {
      await reload(scene.page);
      expect(await register(scene.page, '/sw.js')).toBe(around('/sw.js'));
    }
    expect(await registered(scene.page)).toEqual([`/: ${around('/sw.js')}`]);
    await expectHome(await signIn(scene), 'after all of it');
  });

  it("leaves a client's worker alone that is for other pages", async () => {
    const files = { '/index.html': INDEX, '/push.js': PLAIN, '/push/index.html': INDEX };
    const scene = await signIn(await visit(lab, { files }));
    await untilInCharge(scene.page, OURS);
    expect(await register(scene.page, '/push.js', { scope: '/push/' })).toBe('/push.js');
    expect(await registered(scene.page)).toEqual([`/: ${OURS}`, '/push/: /push.js']);
    await expectHome(scene, 'beside it');
    await reload(scene.page);
    await expectHome(scene, 'beside it, after a reload');
    expect(await inCharge(scene.page)).toBe(OURS);
  });

  // a classic script cannot run it (README)
  it.each(['', 'self.oninstall = () => self.skipWaiting();'])(
    'gives way to a worker that is a module: a known limit %s',
    async (install) => {
      const module = `import "/part.js"; ${PLAIN} ${install}`;
      const files = { '/index.html': INDEX, '/module.js': module, '/part.js': '' };
      const scene = await signIn(await visit(lab, { files }));
      await untilInCharge(scene.page, OURS);
      for (const when of ['at once', 'after a reload', 'after another']) {
        expect(await register(scene.page, '/module.js', { type: 'module' }), `${when}`).toBe('/module.js');
        await expect.poll(() => registered(scene.page), { message: when }).toEqual(['/: /module.js']);
        expect((await whoami(scene.page, scene.portal.url, scene.token)).url).toBe(scene.home.url + WHOAMI);
        await reload(scene.page);
        expect((await whoami(scene.page, scene.portal.url, scene.token)).url).toBe(scene.home.url + WHOAMI);
        expect(await registered(scene.page), `${when}`).toEqual(['/: /module.js']);
      }
      expectNothingAtPortal(scene, 'at all');
    },
  );

  it('comes back with the next page after the client has unregistered its own', async () => {
    const scene = await signIn(await visit(lab, { files: workerFiles() }));
    await startClientWorker(scene);
    const isGone = await scene.page.evaluate(async () =>
      (await navigator.serviceWorker.getRegistration())?.unregister(),
    );
    expect(isGone).toBe(true);
    expect(await registered(scene.page)).toEqual([]);
    await reload(scene.page);
    await untilInCharge(scene.page, OURS);
    expect(await registered(scene.page)).toEqual([`/: ${OURS}`]);
    await expectHome(scene, 'after the reload');
  });
});
