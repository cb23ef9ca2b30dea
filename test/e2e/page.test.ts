/** What a page notices of Homeward, and which pages it is in. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { kinds, useLab } from './lab.ts';
import { SPY } from './page-spy.ts';

const HTML = '<!doctype html><title>client</title><body></body>';
/** As whoever hosts a client adds it. */
const BOOTSTRAP = '<script src="/homeward.js"></script>';
const files = {
  '/index.html': HTML,
  '/spy.html': `<!doctype html><title>spy</title><script>${SPY}</script>`,
  '/sandbox.html': {
    body: HTML.replace('<body>', `${BOOTSTRAP}<body>`),
    type: 'text/html',
    headers: { 'content-security-policy': 'sandbox allow-scripts' },
  },
};

/** Logs in and asks whoami, both as the client would, at the portal. Runs in the page. */
async function logIn(portal: string): Promise<{ status: number; url: string; token: string }> {
  const body = JSON.stringify({ type: 'm.login.password', user: 'alice', password: 'pw-alice' });
  const login = await fetch(`${portal}/_matrix/client/r0/login`, { method: 'POST', body });
  const { access_token: token } = (await login.json()) as { access_token: string };
  const headers = { Authorization: `Bearer ${token}` };
  const { status, url } = await fetch(`${portal}/_matrix/client/r0/account/whoami`, { headers });
  return { status, url, token };
}

describe.each(kinds)('the page in %s', ({ engine, form }) => {
  const lab = useLab(engine, { form, controlled: false });

  async function start() {
    const home = await lab.homeserver();
    const portal = await lab.portal({ route: () => home.url, strict: false });
    const at = (url: string) => ({ status: 200, url: `${url}/_matrix/client/r0/account/whoami` });
    return { home, portal, at, ...(await lab.client({ files })) };
  }

  const ask = async (page: Page, portal: string) => {
    const { status, url } = await page.evaluate(logIn, portal);
    return { status, url };
  };

  it('goes home from a turned-on client', async () => {
    const { home, portal, page, at } = await start();
    expect(await ask(page, portal.url)).toEqual(at(home.url));
  });

  const neighbours: Record<string, (host: string) => string> = {
    'another port of the host': (host) => host,
    'a subdomain': (host) => `sub.${host}`,
  };

  // the page worker is of one origin
  it.each(form === 'extension' ? Object.keys(neighbours) : [])('is left alone at %s', async (which) => {
    const { portal, site, at } = await start();
    const host = neighbours[which]?.(new URL(site.url).hostname) ?? '';
    const neighbour = await lab.site({ host, files });
    const page = await lab.page(`${neighbour.url}/`);
    await page.waitForFunction(() => document.readyState === 'complete');
    expect(await ask(page, portal.url)).toEqual(at(portal.url));
    expect(await lab.browser.storedText()).not.toContain(neighbour.origin);
  });

  it('is left alone in a sandboxed document of the client', async () => {
    const { portal, site, at } = await start();
    const page = await lab.page(`${site.url}/sandbox.html`);
    expect(await ask(page, portal.url)).toEqual(at(portal.url));
  });

  it('has the globals that it would have without Homeward', async () => {
    const names = (): string[] =>
      Object.getOwnPropertyNames(window).toSorted().concat(document.documentElement.outerHTML);
    const { page } = await start();
    const other = await lab.site({ files });
    const native = await lab.page(`${other.url}/`);
    const found = await page.evaluate(names);
    expect(found.map((line) => line.replace(BOOTSTRAP, ''))).toEqual(await native.evaluate(names));
  });

  // what a page worker keeps is of the page's own origin, and no secret to it
  it.each(form === 'extension' ? ['channel'] : [])(
    'sees nothing of the %s, however it listens, and cannot open one',
    async () => {
      const { home, portal, site } = await start();
      const page = await lab.page(`${site.url}/spy.html`);
      const { token, url } = await page.evaluate(logIn, portal.url);
      expect(url).toContain(home.url);
      const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
      const told = seen.filter((line) => /handshake|homeward|channel/i.test(line) || line.includes(token));
      expect(told).toEqual([]);
      expect(await page.evaluate(forgeHandshake)).toEqual({ came: false, heard: 0 });
    },
  );
});

/** No page hears the name, in which Firefox runs the bridge again after an extension reload. */
async function forgeHandshake(): Promise<{ came: boolean; heard: number }> {
  const element = document.createElement('i');
  let heard = 0;
  for (const type of ['ask', 'tell']) element.addEventListener(type, () => (heard += 1));
  let came = false;
  addEventListener('homeward-handshake', () => (came = true));
  dispatchEvent(new MouseEvent('homeward-handshake', { relatedTarget: element }));
  await fetch('/index.html');
  return { came, heard };
}
