/** What happens to a client's page: the background dies under it, it goes and comes back, it is turned off and on. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { atHome, PIXEL, type AtHome } from './at-home.ts';
import { hold } from './gate.ts';
import {
  arrived,
  expectAtHome,
  expectNextLoginAtHome,
  expectNothingAtPortal,
  expectPictures,
  logInWhileKilled,
  useLifecycleLab,
  WHOAMI,
  type LifecycleLab,
} from './lifecycle-lab.ts';
import { kinds, useLab, type Kind, type Lab } from './lab.ts';
import { call, logIn, ways, whoami } from './page-calls.ts';
import { reportingSite, reportsOf, type Report } from './lifecycle-reports.ts';
import { registered } from './worker-scene.ts';

const SYNC = '/_matrix/client/v3/sync';

const useFormLab = ({ engine, form }: Kind): Lab =>
  form === 'extension' ? useLifecycleLab(engine) : useLab(engine, { form });

describe.each(kinds)('%s: a background that is killed', (kind) => {
  const lab = useFormLab(kind);
  /** It would keep the background. */
  const closePopup = async (): Promise<void> => {
    if (kind.form === 'extension') await lab.popup.page.close();
  };
  /** What shows pictures. */
  const meansOf = (scene: AtHome): Promise<unknown> =>
    kind.form === 'extension' ? (lab as LifecycleLab).rulesOf(scene) : registered(scene.page);
  /** Page code is at home without the page worker too: only pictures show that it is there again. */
  const expectBack = async (scene: AtHome): Promise<void> => {
    if (kind.form === 'worker') await expectPictures(scene);
  };

  /** Not signed in. */
  async function start() {
    const home = await lab.homeserver({ legacyMedia: false });
    const [portal, { site, page }] = await Promise.all([lab.portal({ route: () => home.url }), lab.client()]);
    const picture = `${home.serverName}/${home.putMedia(PIXEL, 'image/png')}`;
    await closePopup();
    return { site, page, portal, home, picture };
  }

  // the page worker's: worker-life.test.ts
  it.each(kind.form === 'extension' ? ways : [])('during a login by %s loses no session', async (by) => {
    const scene = await start();
    const token = await logInWhileKilled(lab.browser, scene, by);
    await expectAtHome({ ...scene, token });
    await scene.page.reload({ waitUntil: 'domcontentloaded' });
    await expectAtHome({ ...scene, token });
  });

  it.each(ways)('while a request by %s is held loses no request', async (by) => {
    const scene = await start();
    const check = hold(scene.home, (path) => path.endsWith('/versions'));
    const { token } = await logIn(scene.page, scene.portal.url, 'alice', { by });
    const held = whoami(scene.page, scene.portal.url, token, { by });
    const checks = () => scene.home.recorder.requests(({ path }) => path.endsWith('/versions')).length;
    await expect.poll(checks, { timeout: 10_000 }).toBe(1);
    expect(arrived({ ...scene, token }, WHOAMI), 'held').toEqual([]);
    await lab.browser.killBackground();
    check.open();
    expect(await held).toMatchObject({ status: 200, url: scene.home.url + WHOAMI });
    await scene.page.reload({ waitUntil: 'domcontentloaded' });
    await expectAtHome({ ...scene, token });
    await expectBack({ ...scene, token });
  });

  it.each(ways)('during a sync by %s loses no answer', async (by) => {
    const scene = await start();
    const { token } = await logIn(scene.page, scene.portal.url, 'alice', { by });
    await expectAtHome({ ...scene, token });
    const held = hold(scene.home, (path) => path === SYNC);
    const sync = () => call(scene.page, scene.portal.url, 'sync?timeout=0', { token, by });
    const first = sync();
    await expect.poll(() => arrived({ ...scene, token }, SYNC).length, { timeout: 10_000 }).toBe(1);
    await lab.browser.killBackground();
    held.open();
    expect(await first).toMatchObject({ status: 200 });
    const next = await sync();
    expect(next.status).toBe(200);
    expect(next.url).toContain(scene.home.url + SYNC);
    expectNothingAtPortal({ ...scene, token });
    await expectBack({ ...scene, token });
  });

  it(`leaves pictures and ${kind.form === 'extension' ? 'rules' : 'registrations'} as they are`, async () => {
    const scene = await atHome(lab);
    await expectPictures(scene);
    const before = await meansOf(scene);
    await closePopup();
    for (let times = 0; times < 2; times += 1) {
      await lab.browser.killBackground();
      await expectPictures(scene);
      await expectAtHome(scene);
    }
    expect(await meansOf(scene)).toEqual(before);
  });
});

describe.each(kinds)('%s: a page', (kind) => {
  const lab = useFormLab(kind);
  const { engine, form } = kind;

  it('that is left and comes back is at home', async () => {
    const scene = await withReports(lab, 'bfcache');
    const back = await leaveAndReturn(scene);
    expect(back).toMatchObject({ status: 200, url: scene.home.url + WHOAMI, width: 1 });
    // Chromium empties its back-forward cache when rules change, as those of a tab do that leaves a client
    if (engine === 'firefox' || form === 'worker') expect(back.why).toBe('pageshow true');
    expectNothingAtPortal(scene);
  });

  it('that comes back from the back-forward cache takes a login home', async () => {
    const home = await lab.homeserver();
    const portal = await lab.portal({ route: () => home.url });
    const { site, page } = await lab.client(reportingSite(form, 'bfcache'));
    await page.evaluate((url) => localStorage.setItem('portal', url), portal.url);
    await page.goto(`${site.url}/start.html`, { waitUntil: 'domcontentloaded' });
    const back = await leaveAndReturn({ site, page });
    expect(back).toMatchObject({ why: 'pageshow true', status: 200, url: home.url + WHOAMI });
    expect(portal.recorder.requests(({ token }) => token !== null)).toEqual([]);
  });

  // Firefox has no prerendering
  it.each(engine === 'chromium' ? ['prerendered'] : [])(
    'that is %s is at home, before and after it is shown',
    async () => {
      const scene = await withReports(lab, 'prerender');
      await scene.page.evaluate(speculate);
      const home = { status: 200, url: scene.home.url + WHOAMI };
      const reports = (why: string) => reportsOf(scene.site).filter((report) => report.why === why);
      // Chromium gives a prerendered page no locks, which its part in owning the state needs (README)
      const began = () => scene.site.recorder.requests(({ path }) => path === '/began').length;
      if (form === 'worker') await expect.poll(began, { timeout: 15_000 }).toBe(1);
      else await expect.poll(() => reports('prerendering'), { timeout: 15_000 }).toMatchObject([home]);
      await follow(scene.page, `${scene.site.url}/prerendered.html`);
      await expect.poll(() => reports('shown'), { timeout: 15_000 }).toMatchObject([{ ...home, width: 1 }]);
      expect(reports('not prerendered')).toEqual([]);
      expectNothingAtPortal(scene);
    },
  );
});

describe.each(engines)('%s: a page of the extension', (engine) => {
  const lab = useLifecycleLab(engine);

  it.each(['once', 'twice'])(
    'that is turned off and on %s while signed in goes on at home',
    async (times) => {
      const scene = await atHome(lab);
      await expectPictures(scene);
      for (let count = 0; count < (times === 'once' ? 1 : 2); count += 1) {
        await turnOff(lab, scene);
        expect(await lab.rulesOf(scene), 'while it is off').toEqual({ dynamic: [], session: [] });
        await lab.popup.turnOn(scene.site.origin);
      }
      await scene.page.bringToFront();
      await scene.page.reload({ waitUntil: 'domcontentloaded' });
      await expectAtHome(scene);
      await lab.popup.grant(scene.site.origin);
      await scene.page.bringToFront();
      await expectPictures(scene);
      await expectNextLoginAtHome(scene);
    },
  );
});

describe.each(engines)('%s: rules', (engine) => {
  const lab = useLifecycleLab(engine);

  it('are none before a login and after a sign-out, but that for requests of our own', async () => {
    // but the one with the id 1, which is there once the popup has asked a server
    const rules = async () => {
      const { dynamic, session } = await lab.browser.rules();
      return [...dynamic, ...(session as { id: number }[]).filter(({ id }) => id !== 1)];
    };
    expect(await rules()).toEqual([]);
    const scene = await atHome(lab);
    await expectPictures(scene);
    expect(await rules(), 'signed in').not.toEqual([]);
    await call(scene.page, scene.portal.url, 'logout', { method: 'POST', token: scene.token });
    await expect.poll(rules, { timeout: 10_000 }).toEqual([]);
    for (const change of ['reloadExtension', 'killBackground'] as const) {
      await lab.browser[change]();
      await expect.poll(rules, { timeout: 10_000 }).toEqual([]);
    }
    expectNothingAtPortal(scene);
  });
});

/** By the history, in a document that tells what it finds when it is shown again. */
async function leaveAndReturn({ site, page }: Pick<AtHome, 'site' | 'page'>): Promise<Report> {
  await expect.poll(() => reportsOf(site).length, { timeout: 15_000 }).toBe(1);
  await follow(page, `${site.url}/other.html`);
  await expect.poll(() => page.url(), { timeout: 15_000 }).toContain('other.html');
  await page.evaluate(() => void setTimeout(() => history.back()));
  await expect.poll(() => reportsOf(site).length, { timeout: 15_000 }).toBe(2);
  return reportsOf(site)[1] as Report;
}

async function withReports(lab: Lab, kind: 'bfcache' | 'prerender'): Promise<AtHome> {
  const scene = await atHome(lab, { site: reportingSite(lab.form, kind) });
  const { page, portal, token, picture } = scene;
  await page.evaluate((stored) => Object.assign(localStorage, stored), {
    portal: portal.url,
    token,
    picture,
  });
  await page.goto(`${scene.site.url}/start.html`, { waitUntil: 'domcontentloaded' });
  await expectAtHome(scene);
  await expectPictures(scene);
  return scene;
}

/** By a link, as a person would: puppeteer's own navigations never take a prerendered page. */
function follow(page: Page, url: string): Promise<void> {
  return page.evaluate((href) => {
    const link = Object.assign(document.createElement('a'), { href, textContent: href });
    document.body.append(link);
    setTimeout(() => link.click());
  }, url);
}

function speculate(): void {
  const rules = { prerender: [{ source: 'list', urls: ['/prerendered.html'], eagerness: 'immediate' }] };
  const script = Object.assign(document.createElement('script'), { textContent: JSON.stringify(rules) });
  script.type = 'speculationrules';
  document.head.append(script);
}

async function turnOff({ popup }: LifecycleLab, { site }: AtHome): Promise<void> {
  await popup.show(site.origin);
  await popup.press('.turn-off');
  await popup.press('.confirm');
  await popup.page.waitForSelector('.turn-on');
}
