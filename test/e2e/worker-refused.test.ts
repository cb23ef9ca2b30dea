/** What a browser refuses to register, it refuses with the page worker too, which goes on. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import type { SiteFile } from '../support/static-site.ts';
import { INDEX, useLab } from './lab.ts';
import {
  expectHome,
  OURS,
  register,
  registered,
  reload,
  signIn,
  untilInCharge,
  visit,
} from './worker-scene.ts';

const PLAIN = 'self.onfetch = () => {};';
const text: SiteFile = { body: PLAIN, type: 'text/plain' };
const files = {
  '/index.html': INDEX,
  '/sw.js': PLAIN,
  '/throws.js': 'throw new Error("at start")',
  '/text.js': text,
  '/deep/sw.js': PLAIN,
};

const cases: [string, string, RegistrationOptions?][] = [
  ['a script that is not there', '/missing.js'],
  ['a script of another origin', 'http://other.localhost:1/sw.js'],
  ['a script of another origin for this one', 'http://other.localhost:1/sw.js', { scope: '/' }],
  ['a script that throws', '/throws.js'],
  ['a scope above its folder', '/deep/sw.js', { scope: '/' }],
  ['a scope of another origin', '/sw.js', { scope: 'http://other.localhost:1/' }],
  ['a data: URL', `data:text/javascript,${PLAIN}`],
  ['an encoded slash', '/deep%2fsw.js'],
  ['no URL', 'http://'],
];

describe.each(engines)('%s: the page worker', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  it('refuses what the browser does, as it does', async () => {
    const { url } = await lab.site({ files });
    const native = await lab.page(`${url}/`);
    const scene = await visit(lab, { files });
    await untilInCharge(scene.page, OURS);
    for (const [what, script, options] of cases) {
      const natively = await register(native, script, options);
      expect(natively, `${what}`).toMatch(/Error$/);
      expect(await register(scene.page, script, options), `${what}`).toBe(natively);
      expect(await registered(scene.page), `${what}`).toEqual([`/: ${OURS}`]);
    }
    await expectHome(await signIn(scene), 'all the same');
    await reload(scene.page);
    await untilInCharge(scene.page, OURS);
  });

  // it is imported, and importing has an error of its own
  it('refuses a script that is text, by another error than the browser: a known limit', async () => {
    const native = await lab.site({ files });
    expect(await register(await lab.page(`${native.url}/`), '/text.js')).toBe('SecurityError');
    const scene = await visit(lab, { files });
    await untilInCharge(scene.page, OURS);
    expect(await register(scene.page, '/text.js')).toBe('TypeError');
    expect(await registered(scene.page)).toEqual([`/: ${OURS}`]);
  });

  it.each(['/missing.js', '/throws.js'])(
    "is registered although the client's own, %s, is refused",
    async (script) => {
      const code = `navigator.serviceWorker.register('${script}').catch((error) => { document.title = error.name; })`;
      const scene = await visit(lab, {
        files: { ...files, '/index.html': `${INDEX}<script>${code}</script>` },
      });
      await expect.poll(() => scene.page.title(), { timeout: 10_000 }).toBe('TypeError');
      await untilInCharge(scene.page, OURS);
      await expectHome(await signIn(scene), 'all the same');
    },
  );

  it('runs no script of a folder below as the worker of all, whoever names it', async () => {
    const witness = 'self.onfetch = (event) => event.respondWith(new Response("taken over"));';
    const scene = await visit(lab, { files: { ...files, '/uploads/file.js': witness } });
    await untilInCharge(scene.page, OURS);
    const script = `${OURS}?client=/uploads/file.js`;
    expect(await register(scene.page, script, { scope: '/' })).toBe('TypeError');
    await reload(scene.page);
    expect(await registered(scene.page)).toEqual([`/: ${OURS}`]);
    const got = await scene.page.evaluate(async () => (await fetch('/sw.js')).text());
    expect(got).toBe(PLAIN);
  });
});
