/**
 * Rows 1, 2 and 17 of the attack table: a neighbour of the client's host, a widget in the client, and a neighbour in the
 * client's own tab. Each has access to every host, and knows even the secret fragments of the rules.
 */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { makeCertificates } from '../support/certificates.ts';
import type { SiteFile, SiteOptions } from '../support/static-site.ts';
import type { AtHome } from './at-home.ts';
import * as attack from './attack-pages.ts';
import { ATTACK_FILES } from './attack-workers.ts';
import { useLab } from './lab.ts';
import { whoami } from './page-calls.ts';
import { waitFor } from './popup-page.ts';

const MEDIA = /\/_matrix\/client\/v1\/media\/(download|thumbnail)\//;
/** Whose requests are of no tab. */
const TABLESS = ['shared worker', 'service worker'];

const WEAPONS: readonly (readonly [method: string, by: readonly string[]])[] = [
  ['GET', [...attack.SENDERS, ...attack.ELEMENTS, 'no-cors fetch', 'blob worker', 'data worker']],
  ['PUT', attack.SENDERS],
  ['POST', [...attack.SENDERS, 'beacon', 'form']],
];
/** Of those, what a sandboxed frame without an origin has. */
const OPAQUE = new Set<string>([
  'fetch',
  'xhr',
  'no-cors fetch',
  'data worker',
  'beacon',
  'form',
  ...attack.ELEMENTS,
]);
const NEIGHBOURS = ['other.C', 'a sibling of C', 'the host above C', 'another port of C'] as const;

let hosts = 0;

describe.each(engines)('%s: neighbours', { timeout: 240_000 }, (engine) => {
  const lab = useLab(engine, { idleTimeout: 3000, insecure: true });

  async function victim(options: Partial<SiteOptions> = {}): Promise<AtHome & { host: string }> {
    hosts += 1;
    const host = `app.c${hosts}.localhost`;
    const files = { ...ATTACK_FILES };
    return { ...(await attack.victim(lab, { site: { files, host, ...options } })), host };
  }

  async function neighbour(host: string, options: Partial<SiteOptions> = {}): Promise<Page> {
    const site = await lab.site({ host, files: { ...ATTACK_FILES }, ...options });
    const page = await lab.page(`${site.url}/`);
    await page.bringToFront();
    return page;
  }

  /** Fires all there is, and tells what came with the token. */
  async function siege(
    scene: AtHome,
    shoot: (by: string, shots: attack.Shot[]) => Promise<string[]>,
    able = (_by: string) => true,
  ): Promise<string[]> {
    const fragments = await attack.fragmentsIn(lab);
    const stolen: string[] = [];
    for (const [method, ways] of WEAPONS) {
      for (const by of ways.filter((way) => able(way))) {
        scene.home.recorder.clear();
        scene.portal.recorder.clear();
        const shots = attack.shotsAt(scene, method, fragments);
        await shoot(by, shots);
        await attack.allArrive(shots, scene.portal.recorder, scene.home.recorder);
        for (const { recorder } of [scene.home, scene.portal])
          stolen.push(...attack.carried(by, recorder, scene.token));
      }
    }
    return stolen;
  }

  const hostOf = (which: (typeof NEIGHBOURS)[number], host: string): string =>
    ({
      'other.C': `other.${host}`,
      'a sibling of C': `other.${host.replace('app.', '')}`,
      'the host above C': host.replace('app.', ''),
      'another port of C': host,
    })[which];

  it.each(NEIGHBOURS)('%s gets no token (row 1)', async (which) => {
    const scene = await victim();
    const page = await neighbour(hostOf(which, scene.host));
    expect(await siege(scene, (by, shots) => attack.fire(page, by, shots))).toEqual([]);
    await scene.page.bringToFront();
    await attack.pictureIsShown(scene);
  });

  it('the http twin gets no token (row 1)', async () => {
    const { tls } = await makeCertificates();
    const scene = await victim({ tls });
    const page = await neighbour(scene.host);
    expect(await siege(scene, (by, shots) => attack.fire(page, by, shots))).toEqual([]);
    await scene.page.bringToFront();
    await attack.pictureIsShown(scene);
  });

  it("the client's own service worker gives its neighbours' workers known media only (row 1)", async () => {
    const scene = await victim();
    await attack.serve(lab, scene);
    for (const which of ['other.C', 'another port of C'] as const) {
      const page = await neighbour(hostOf(which, scene.host));
      const stolen = await siege(scene, (by, shots) => attack.fire(page, by, shots));
      const forbidden = stolen.filter(
        (line) => !(MEDIA.test(line) && TABLESS.some((by) => line.startsWith(by))),
      );
      expect(forbidden, `by ${which}`).toEqual([]);
    }
    const page = await neighbour(`other.${scene.host}`);
    await scene.page.goto('about:blank');
    await expect
      .poll(() => attack.sessionRules(lab), { timeout: 10_000, message: 'rules after the client has left' })
      .not.toContain(scene.token);
    const shots = attack.shotsAt(scene, 'GET', ['']);
    scene.home.recorder.clear();
    await attack.fire(page, 'service worker', shots);
    expect(attack.carried('service worker', scene.home.recorder, scene.token)).toEqual([]);
  });

  const WIDGETS = [
    ['plain', null],
    ['sandboxed', 'allow-scripts allow-forms'],
    ['sandboxed with an origin', 'allow-scripts allow-same-origin allow-forms'],
  ] as const;

  it.each(WIDGETS)('a widget, %s, gets no token (row 2)', async (_kind, sandbox) => {
    const scene = await victim();
    const widget = await lab.site({ files: { ...ATTACK_FILES } });
    await addFrame(scene.page, `${widget.url}/`, sandbox);
    const opaque = sandbox !== null && !sandbox.includes('same-origin');
    const stolen = await siege(
      scene,
      (by, shots) => attack.fireInFrame(scene.page, by, shots),
      (by) => !opaque || OPAQUE.has(by),
    );
    expect(stolen).toEqual([]);
    await attack.pictureIsShown(scene);
  });

  it.each(WIDGETS)("a widget on a neighbour's host, %s, gets no token (row 2)", async (_kind, sandbox) => {
    const scene = await victim();
    const widget = await lab.site({ host: `other.${scene.host}`, files: { ...ATTACK_FILES } });
    await addFrame(scene.page, `${widget.url}/`, sandbox);
    const opaque = sandbox !== null && !sandbox.includes('same-origin');
    const stolen = await siege(
      scene,
      (by, shots) => attack.fireInFrame(scene.page, by, shots),
      (by) => !opaque || OPAQUE.has(by),
    );
    expect(stolen).toEqual([]);
  });

  it.each(['warm', 'asleep'])(
    "a neighbour in the client's tab, background %s (row 17)",
    async (background) => {
      const scene = await victim();
      const files: Record<string, string | SiteFile> = { ...ATTACK_FILES };
      const { url } = await lab.site({ host: `other.${scene.host}`, files });
      const fragments = await attack.fragmentsIn(lab);
      const rounds = Array.from({ length: 10 }, () => attack.shotsAt(scene, 'GET', fragments));
      files['/loop.html'] = loop(rounds);
      if (background === 'asleep') await lab.browser.killBackground();
      else await lab.popup.sessions(scene.site.origin);
      scene.home.recorder.clear();
      await scene.page.goto(`${url}/loop.html`, { waitUntil: 'domcontentloaded' });
      await waitFor(scene.page, () => document.title === 'done');
      await attack.allArrive(rounds.flat(), scene.portal.recorder, scene.home.recorder);
      const stolen = attack.carried('neighbour', scene.home.recorder, scene.token);
      expect(stolen.filter((line) => background === 'warm' || !MEDIA.test(line))).toEqual([]);
      expect(attack.carried('neighbour', scene.portal.recorder, scene.token)).toEqual([]);
      await scene.page.goto(`${scene.site.url}/`, { waitUntil: 'domcontentloaded' });
      expect((await whoami(scene.page, scene.portal.url, scene.token)).status, 'back at the client').toBe(
        200,
      );
      await attack.pictureIsShown(scene);
    },
  );
});

/** A page that asks for everything again and again, from its first moment on. */
function loop(rounds: readonly attack.Shot[][]): string {
  return `<!doctype html><title>loop</title><link rel="icon" href="data:,"><script>
    const image = (url) => new Promise((done) => {
      const made = new Image();
      made.onload = made.onerror = done;
      made.src = url;
    });
    (async () => {
      for (const round of ${JSON.stringify(rounds)})
        await Promise.all(round.map(({ url }, at) => (at % 5 ? image(url) : fetch(url).catch(() => {}))));
      document.title = 'done';
    })();
  </script>`;
}

async function addFrame(page: Page, url: string, sandbox: string | null): Promise<void> {
  await page.evaluate(
    (src, flags) =>
      new Promise((resolve) => {
        const frame = document.createElement('iframe');
        if (flags !== null) frame.setAttribute('sandbox', flags);
        frame.addEventListener('load', resolve);
        frame.src = src;
        document.body.append(frame);
      }),
    url,
    sandbox,
  );
}
