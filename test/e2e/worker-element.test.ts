/** `<homeward-identity>` in a page of the deployer's own, below a path, and in frames. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { engines, workerEngines } from '../support/browser.ts';
import { startIdentityServer, type IdentityServer } from '../support/identity-server.ts';
import type { SiteFile } from '../support/static-site.ts';
import { ACCOUNT_DATA } from './identity-popup-page.ts';
import { INDEX, useLab, type Lab } from './lab.ts';
import { whoami } from './page-calls.ts';
import { sentence } from './popup-page.ts';
import { built, signIn, visit, WHOAMI, type SignedIn } from './worker-scene.ts';
import { expectWorks } from './worker-settings-page.ts';

type Files = Record<string, string | SiteFile>;

interface Scene extends SignedIn {
  readonly named: IdentityServer;
  /** Of the site; a test may change them. */
  readonly files: Files;
}

/** Alice is signed in at the client, and her account names an identity server. */
async function start(lab: Lab, given: Files = { '/index.html': INDEX }, at = '/'): Promise<Scene> {
  const isBelow = at !== '/';
  const visited = await visit(lab, { files: given, homeward: !isBelow }, at);
  const { portal, home, page } = visited;
  const named = lab.keep(await startIdentityServer({ name: 'is1', whoIs: home.openIdUser }));
  home.setAccountData('alice', ACCOUNT_DATA, { base_url: named.url, kept: 1 });
  const scene = { ...(await signIn(visited)), named, files: given };
  expect((await whoami(page, portal.url, scene.token)).url).toBe(home.url + WHOAMI);
  return scene;
}

const NOTE = `
  self.violations = [];
  addEventListener('securitypolicyviolation', ({ violatedDirective: what, blockedURI: by }) => {
    self.violations.push(what + ' ' + by);
  });`;

const ACCOUNT = `<!doctype html><meta charset="utf-8"><title>Your account</title>
  <script src="note.js"></script><script src="homeward-settings.js"></script>
  <h1>Your account</h1><homeward-identity></homeward-identity>`;

const framing = (url: string): string =>
  `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><iframe src="${url}"></iframe>`;

describe.each(workerEngines)('%s: the settings', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  it('in a page of the deployer’s own, under a strict policy, do all that they do', async () => {
    const scene = await start(lab);
    const { files, home, named, site } = scene;
    const policy = `default-src 'none'; script-src 'self'; img-src 'self'; connect-src ${home.url} ${named.url}`;
    files['/note.js'] = NOTE;
    files['/account.html'] = { body: ACCOUNT, headers: { 'content-security-policy': policy } };
    const account = await lab.page(`${site.url}/account.html`);
    await expectWorks(scene, scene.named, account);
    const width = () => {
      const view = document.querySelector('homeward-identity');
      return view && getComputedStyle(view).maxWidth;
    };
    expect(await account.evaluate(width), 'by its own sheet').toBe('480px');
    const violations = () => (window as unknown as { violations: string[] }).violations;
    expect(await account.evaluate(violations)).toEqual([]);
    // the policy is in force
    const isRefused = (url: string) =>
      fetch(url).then(
        () => false,
        () => true,
      );
    expect(await account.evaluate(isRefused, `${scene.portal.url}/_matrix/client/versions`)).toBe(true);
  });

  it('below a path do all that they do', async () => {
    const files: Files = { '/chat/index.html': `<!doctype html><script src="homeward.js"></script>${INDEX}` };
    for (const name of ['homeward.js', 'homeward-sw.js', 'homeward.html', 'homeward-settings.js']) {
      files[`/chat/${name}`] = await built(name);
    }
    const scene = await start(lab, files, '/chat/index.html');
    await expectWorks(scene, scene.named, await lab.page(`${scene.site.url}/chat/homeward.html`));
  });

  it('in a frame of a page of the same site show who is signed in', async () => {
    const scene = await start(lab);
    scene.files['/around.html'] = framing('/homeward.html');
    const around = await lab.page(`${scene.site.url}/around.html`);
    const inside = () =>
      document
        .querySelector('iframe')
        ?.contentDocument?.querySelector('homeward-identity')
        ?.shadowRoot?.querySelector('main')?.textContent ?? '';
    const text = () => around.evaluate(inside);
    await expect.poll(text, { timeout: 15_000 }).toContain(scene.home.userId('alice'));
  });
});

// WebKit's driver looks into no frame of another origin
describe.each(engines)('%s: the settings in a frame', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  /** All that they show, and how many buttons there are. */
  async function shownIn(page: Page): Promise<[string, number]> {
    const frame = page.frames().find((each) => each.url().endsWith('/homeward.html'));
    const shown = frame?.evaluate((): [string, number] => {
      const view = document.querySelector('homeward-identity')?.shadowRoot?.querySelector('main');
      return [view?.textContent ?? '', view?.querySelectorAll('button').length ?? 0];
    });
    return (await shown?.catch(() => undefined)) ?? ['', 0];
  }

  const nothing = [sentence('framed'), 0];

  it('of another site show nothing, and say so', async () => {
    const { site } = await start(lab);
    const other = await lab.site({ files: { '/index.html': framing(`${site.url}/homeward.html`) } });
    const page = await lab.page(`${other.url}/`);
    await expect.poll(() => shownIn(page), { timeout: 15_000 }).toEqual(nothing);
  });

  // a widget, in a client
  it('of another site within a page of the same site show nothing either', async () => {
    const { site, files } = await start(lab);
    const other = await lab.site({ files: { '/index.html': framing(`${site.url}/homeward.html`) } });
    files['/around.html'] = framing(`${other.url}/`);
    const page = await lab.page(`${site.url}/around.html`);
    await expect.poll(() => shownIn(page), { timeout: 15_000 }).toEqual(nothing);
  });
});
