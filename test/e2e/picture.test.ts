/** The picture in the README. HOMEWARD_PICTURE=1 writes it to docs/, else it goes to test-results/. */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWorld, type Home, type World } from '../demo/world.ts';
import { launch, type TestBrowser } from '../support/browser.ts';
import { hydrogen } from '../support/drive-hydrogen.ts';

const top = path.resolve(import.meta.dirname, '../..');
const target = path.join(
  top,
  process.env['HOMEWARD_PICTURE'] === '1' ? 'docs/popup.png' : 'test-results/picture.png',
);

let world: World;
let browser: TestBrowser;

beforeAll(async () => {
  world = await startWorld(() => undefined);
  browser = await launch('chromium');
});

afterAll(async () => {
  await browser?.close();
  await world?.close();
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

  const picture = await compose(await shot(client, 1100, 700), await shot(popup, 360));
  await fs.mkdir(path.dirname(target), { recursive: true });
  await fs.writeFile(target, picture);
  expect(picture.length).toBeLessThan(300_000);
});

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
async function shot(page: Page, width: number, height?: number): Promise<string> {
  await page.bringToFront();
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
  await page.setViewport({ width, height: height ?? 200 });
  return page.screenshot({ encoding: 'base64', fullPage: height === undefined });
}

async function compose(client: string, popup: string): Promise<Uint8Array> {
  const page = await browser.newPage();
  await page.setViewport({ width: 1556, height: 764 });
  const image = (data: string): string => `<img src="data:image/png;base64,${data}">`;
  await page.setContent(`<!doctype html>
    <style>
      body { display: flex; gap: 32px; align-items: start; margin: 0; padding: 32px; background: #e9ecf0 }
      img { display: block; border-radius: 8px; box-shadow: 0 1px 8px #0003 }
    </style>
    ${image(client)}${image(popup)}`);
  await page.waitForFunction(() => [...document.images].every(({ complete }) => complete));
  return page.screenshot({ type: 'png' });
}
