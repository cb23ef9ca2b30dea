/** The pictures in the README. HOMEWARD_PICTURE=1 writes them to docs/, else they go to test-results/. */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWorld, type Home, type World } from '../demo/world.ts';
import { launch, type TestBrowser } from '../support/browser.ts';
import { hydrogen } from '../support/drive-hydrogen.ts';
import { startIdentityServer, type IdentityServer } from '../support/identity-server.ts';
import type { Policies } from '../support/identity-store.ts';

const top = path.resolve(import.meta.dirname, '../..');
const renews = process.env['HOMEWARD_PICTURE'] === '1';
const TERMS: Policies = {
  privacy: { version: '1.0', name: 'Privacy policy', url: 'https://example.org/privacy' },
  use: { version: '1.0', name: 'Terms of use', url: 'https://example.org/terms' },
};

type Scheme = 'light' | 'dark';

let world: World;
let browser: TestBrowser;
let named: IdentityServer;
let next: IdentityServer;

beforeAll(async () => {
  world = await startWorld(() => undefined);
  const [home] = world.homes;
  if (!home) throw new Error('no homeserver');
  const { server, user } = home;
  const { openIdUser: whoIs } = server;
  named = await startIdentityServer({ name: 'people', whoIs });
  next = await startIdentityServer({ name: 'finder', whoIs, terms: TERMS });
  server.setAccountData(user, 'm.identity_server', { base_url: named.url });
  server.setThreepids(user, [{ medium: 'email', address: `${user}@example.org` }]);
  named.bind('email', `${user}@example.org`, server.userId(user));
  browser = await launch('chromium');
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([world, named, next].map((each) => each?.close()));
});

it('shows a client at home, and the popup that says so', async () => {
  const [home] = world.homes;
  if (!home) throw new Error('no homeserver');
  await browser.turnOn(world.site.origin);
  const client = await signedIn(home);
  const popup = await browser.openPopup(world.site.origin);
  await popup.waitForSelector('.session');
  const text = await popup.$eval('body', (body) => body.innerText);
  expect(text).toContain(world.portal.url);
  expect(text).toContain(home.server.url);
  expect(text).toContain(home.server.userId(home.user));

  const shots = [await shot(client, 1100, { height: 700 }), await shot(popup, 360)];
  await keep(await compose(shots, [1556, 764]), 'docs/popup.png', 'test-results/picture.png');
});

it.each<Scheme>(['light', 'dark'])(
  'shows the identity server, and what a change means: %s',
  async (scheme) => {
    const popup = await browser.openPopup(world.site.origin);
    await popup.waitForSelector('.change-identity');
    const account = await shot(popup, 360, { scheme });
    await popup.click('.change-identity');
    await popup.type('input', next.url);
    await popup.click('.check');
    await popup.waitForSelector('.published');
    await popup.click('.terms input');
    const shots = [account, await shot(popup, 360, { scheme })];
    await popup.click('.cancel');
    await popup.waitForSelector('.session');
    await popup.close();
    const file = `popup-identity-${scheme}.png`;
    await keep(await compose(shots, [816, 0], scheme), `docs/${file}`, `test-results/${file}`);
  },
);

async function keep(picture: Uint8Array, renewed: string, tried: string): Promise<void> {
  const target = path.join(top, renews ? renewed : tried);
  await fs.mkdir(path.dirname(target), { recursive: true });
  await fs.writeFile(target, picture);
  expect(picture.length).toBeLessThan(300_000);
}

async function signedIn({ server, user, friend, room }: Home): Promise<Page> {
  const page = await browser.newPage();
  await page.setViewport({ width: 1100, height: 700 });
  await hydrogen.open(page, world.site.origin);
  await hydrogen.login(page, user, `pw-${user}`);
  await hydrogen.openRoom(page, room.id, room.name);
  await hydrogen.send(page, 'Hello from home.');
  server.send(friend, room.id, 'No portal in between.');
  await hydrogen.waitForMessage(page, 'No portal in between.');
  return page;
}

/** As high as its content, unless told otherwise. */
async function shot(
  page: Page,
  width: number,
  { height = 0, scheme = 'light' }: { height?: number; scheme?: Scheme } = {},
): Promise<string> {
  await page.bringToFront();
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.setViewport({ width, height: height || 200 });
  return page.screenshot({ encoding: 'base64', fullPage: height === 0 });
}

/** Side by side; height 0: as high as they are. */
async function compose(
  shots: readonly string[],
  [width, height]: readonly [number, number],
  scheme: Scheme = 'light',
): Promise<Uint8Array> {
  const page = await browser.newPage();
  await page.setViewport({ width, height: height || 200 });
  const images = shots.map((data) => `<img src="data:image/png;base64,${data}">`);
  await page.setContent(`<!doctype html>
    <style>
      body { display: flex; gap: 32px; align-items: start; margin: 0; padding: 32px }
      body { background: ${scheme === 'light' ? '#e9ecf0' : '#0b0d10'} }
      img { display: block; border-radius: 8px; box-shadow: 0 1px 8px #0003 }
    </style>
    ${images.join('')}`);
  await page.waitForFunction(() => [...document.images].every(({ complete }) => complete));
  const picture = await page.screenshot({ type: 'png', fullPage: height === 0 });
  await page.close();
  return picture;
}
