/** Access to portal and homeserver: not given, given in part, given, taken away in use, given for all homeservers. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { changeAccess } from './access.ts';
import { atHome, type AtHome } from './at-home.ts';
import { useLab } from './lab.ts';
import { call, logIn, ways, whoami } from './page-calls.ts';
import { find, showImage } from './picture-page.ts';
import { AUTHENTICATED, good, LEGACY, put, show, type Scene } from './picture-scene.ts';

const WHOAMI = '/_matrix/client/v3/account/whoami';

describe.each(engines)('%s', (engine) => {
  const lab = useLab(engine);
  let count = 0;

  /** Hosts of its own: access is given by host. */
  async function start(granted = false): Promise<Scene> {
    count += 1;
    const options = { portal: { name: `portal${count}` }, home: { name: `home${count}` }, granted };
    const scene = await atHome(lab, options);
    return { ...scene, base: scene.portal.url };
  }

  /** Page code goes home, and nothing of it to the portal. */
  async function pageWorks({
    page,
    portal,
    home,
    token,
  }: Pick<AtHome, 'page' | 'portal' | 'home' | 'token'>) {
    for (const by of ways) {
      for (const tokenIn of ['header', 'query'] as const) {
        const answer = await whoami(page, portal.url, token, { by, tokenIn });
        expect([answer.status, answer.url.split('?')[0]]).toEqual([200, home.url + WHOAMI]);
      }
      const sync = await call(page, portal.url, 'sync?timeout=0', { token, by });
      expect(sync.status).toBe(200);
    }
    expect(portal.recorder.withToken(token)).toEqual([]);
  }

  async function picturesWork(scene: Scene) {
    await scene.page.bringToFront();
    const first = () => showImage(scene.page, `${scene.base}${LEGACY}/${put(scene)}`);
    await expect.poll(first, { timeout: 10_000 }).toBe('loaded');
    const { media, where } = await show(scene, find('img'));
    expect(where).toEqual(good(`${AUTHENTICATED}/${media}`));
  }

  async function picturesDoNotWork(scene: Scene) {
    await scene.page.bringToFront();
    const { result, where } = await show(scene, find('img'));
    expect(result).toBe('failed');
    expect(where.leaked).toEqual([]);
  }

  /** What the popup shows of a sign-in. */
  async function popup({ site }: Scene) {
    await lab.popup.show(site.origin);
    await lab.popup.page.waitForSelector('.session');
    return lab.popup.page.evaluate(() => {
      const button = document.querySelector<HTMLElement>('.session .grant');
      return { asks: button !== null, all: document.querySelector('.grant-all') !== null };
    });
  }

  async function asksForAccess(scene: Scene) {
    expect((await popup(scene)).asks).toBe(true);
    await expect.poll(() => lab.popup.badge(scene.site.origin), { timeout: 10_000 }).toBe('!');
  }

  async function asksForNothing(scene: Scene) {
    await expect.poll(async () => (await popup(scene)).asks, { timeout: 10_000 }).toBe(false);
    await expect.poll(() => lab.popup.badge(scene.site.origin), { timeout: 10_000 }).toBe('✓');
  }

  it('without access page code goes home; the popup says what does not work', async () => {
    const scene = await start();
    await pageWorks(scene);
    await asksForAccess(scene);
    const said = await lab.popup.page.evaluate(
      () => document.querySelector('.session .note')?.textContent ?? '',
    );
    expect(said).toMatch(/picture|image/i);
    await picturesDoNotWork(scene);
    await pageWorks(scene);
  });

  it('one press gives it', async () => {
    const scene = await start();
    await pageWorks(scene);
    await picturesDoNotWork(scene);
    await lab.popup.grant(scene.site.origin);
    await picturesWork(scene);
    await asksForNothing(scene);
    await pageWorks(scene);
    // and in the next document
    await scene.page.reload({ waitUntil: 'domcontentloaded' });
    await pageWorks(scene);
    await picturesWork(scene);
  });

  it.each(['portal', 'home'] as const)('given for the %s only it is asked for again', async (part) => {
    const scene = await start();
    await changeAccess(lab, 'request', [scene[part].url]);
    await asksForAccess(scene);
    await pageWorks(scene);
    await picturesDoNotWork(scene);
    await lab.popup.grant(scene.site.origin);
    await picturesWork(scene);
    await asksForNothing(scene);
  });

  it.each([{ parts: ['portal'] }, { parts: ['home'] }, { parts: ['portal', 'home'] }] as const)(
    'taken away in use, of $parts, it is asked for again',
    async ({ parts }) => {
      const scene = await start(true);
      await pageWorks(scene);
      await picturesWork(scene);
      await changeAccess(
        lab,
        'remove',
        parts.map((part) => scene[part].url),
      );
      await pageWorks(scene);
      await asksForAccess(scene);
      await picturesDoNotWork(scene);
      await scene.page.reload({ waitUntil: 'domcontentloaded' });
      await pageWorks(scene);
      await lab.popup.grant(scene.site.origin);
      await picturesWork(scene);
      await asksForNothing(scene);
    },
  );

  it('given for all homeservers it is never asked for again', async () => {
    const scene = await start();
    expect(await popup(scene)).toEqual({ asks: true, all: true });
    await lab.popup.press('.grant-all');
    await asksForNothing(scene);
    await pageWorks(scene);
    await picturesWork(scene);
    const next = await lab.homeserver({ name: `next${count}`, legacyMedia: false });
    scene.portal.setRoute(() => next.url);
    await scene.page.reload({ waitUntil: 'domcontentloaded' });
    const { token } = await logIn(scene.page, scene.base, 'bob');
    const moved = { ...scene, home: next, token };
    await pageWorks(moved);
    await picturesWork(moved);
    await asksForNothing(moved);
  });
});
