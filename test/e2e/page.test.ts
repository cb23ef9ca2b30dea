import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'puppeteer-core';
import { engines, launch, type TestBrowser } from '../support/browser.ts';
import { startHomeserver, type Homeserver } from '../support/homeserver.ts';
import { naming, startPortal, type Portal } from '../support/portal.ts';
import { startSite, type Site } from '../support/static-site.ts';
import { SPY } from './page-spy.ts';

const HTML = '<!doctype html><title>client</title><body></body>';
const files = {
  '/index.html': HTML,
  '/spy.html': `<!doctype html><title>spy</title><script>${SPY}</script>`,
  '/sandbox.html': {
    body: HTML,
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

describe.each(engines)('the page in %s', (engine) => {
  let browser: TestBrowser;
  let homeserver: Homeserver;
  let portal: Portal;
  let client: Site;
  let neighbour: Site;
  let child: Site;

  beforeAll(async () => {
    homeserver = await startHomeserver({ name: 'alpha', users: ['alice'] });
    portal = await startPortal({
      mode: 'proxy',
      route: () => homeserver.url,
      editLogin: naming.base_cs_url,
      strict: false,
    });
    client = await startSite({ name: 'client', files });
    neighbour = await startSite({ name: 'client', files });
    child = await startSite({ name: 'sub.client', files });
    browser = await launch(engine);
    await browser.turnOn(client.origin);
  });

  afterAll(async () => {
    await browser.close();
    await Promise.all([homeserver, portal, client, neighbour, child].map((each) => each.close()));
  });

  const open = async (url: string): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(url, { waitUntil: 'load' });
    return page;
  };

  it('goes home from a turned-on client', async () => {
    const page = await open(`${client.url}/`);
    const { status, url } = await page.evaluate(logIn, portal.url);
    expect({ status, url }).toEqual({
      status: 200,
      url: `${homeserver.url}/_matrix/client/r0/account/whoami`,
    });
    await page.close();
  });

  it.each([
    ['another port of the host', () => neighbour],
    ['a subdomain', () => child],
  ])('is left alone at %s', async (_, site) => {
    const page = await open(`${site().url}/`);
    await page.waitForFunction(() => document.readyState === 'complete');
    const { status, url } = await page.evaluate(logIn, portal.url);
    expect({ status, url }).toEqual({ status: 200, url: `${portal.url}/_matrix/client/r0/account/whoami` });
    expect(await browser.storedText()).not.toContain(site().origin);
    await page.close();
  });

  it('is left alone in a sandboxed document of the client', async () => {
    const page = await open(`${client.url}/sandbox.html`);
    const { status, url } = await page.evaluate(logIn, portal.url);
    expect({ status, url }).toEqual({ status: 200, url: `${portal.url}/_matrix/client/r0/account/whoami` });
    await page.close();
  });

  it('has the globals that it would have without Homeward', async () => {
    const names = (): string[] =>
      Object.getOwnPropertyNames(window).toSorted().concat(document.documentElement.outerHTML);
    const hooked = await open(`${client.url}/`);
    const native = await open(`${child.url}/`);
    expect(await hooked.evaluate(names)).toEqual(await native.evaluate(names));
    await Promise.all([hooked.close(), native.close()]);
  });

  it('sees nothing of the channel, however it listens, and cannot open one', async () => {
    const page = await open(`${client.url}/spy.html`);
    const { token, url } = await page.evaluate(logIn, portal.url);
    expect(url).toContain(homeserver.url);
    const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
    expect(seen.filter((line) => /handshake|homeward|channel/i.test(line) || line.includes(token))).toEqual(
      [],
    );
    // a handshake of the page's own is an event like any other
    const own = await page.evaluate(() => {
      const element = document.createElement('i');
      let heard = 0;
      for (const type of ['ask', 'tell']) element.addEventListener(type, () => (heard += 1));
      const arrived = new Promise((resolve) => {
        addEventListener('homeward-handshake', () => resolve(true), { once: true });
      });
      dispatchEvent(new MouseEvent('homeward-handshake', { relatedTarget: element }));
      return arrived.then(async (came) => {
        await fetch('/index.html');
        return { came, heard };
      });
    });
    expect(own).toEqual({ came: true, heard: 0 });
    await page.close();
  });
});
