/** The guide for whoever hosts a client, HOSTING.md, in browsers: each of its ways takes a client home. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import type { WebServer } from '../support/web-server.ts';
import { addFiles, addLine, clientAt, folderOf, shell, SITE, snippet } from './hosting-guide.ts';
import { expectHome, expectUnchanged, startServers } from './hosting-stage.ts';
import { edit, nginx, plain, ways, type Way } from './hosting-ways.ts';
import { useLab } from './lab.ts';
import { logIn, whoami } from './page-calls.ts';

describe.each(engines)('%s', (engine) => {
  const lab = useLab(engine, { form: 'worker', hosts: ['client.test'] });
  let count = 0;
  // a host of its own: a port may come again, and with it what the browser keeps
  const hosted = (server: WebServer, host = `hosted${(count += 1)}.localhost`): string =>
    `http://${host}:${lab.keep(server).port}/`;

  it.each(Object.entries(ways))('%s: the first login of a first visit goes home', async (_, way) => {
    const { serve, below = '', visit = below }: Way = way;
    const servers = await startServers(lab);
    const { portal, home } = servers;
    const root = await folderOf(lab, clientAt(''));
    const client = await folderOf(lab, clientAt(portal.url, below && `/${below}`));
    await fs.cp(client, path.join(root, below), { recursive: true });
    const site = hosted(await serve(root, portal.url, home.url));
    expect(await shell(await snippet('check', { [SITE]: site + below }))).toContain('homeward.js');
    const page = await lab.page(site + visit);
    await expectHome(page, servers);
    // what is below is the client's; the rest of the site is not
    const top = await lab.page(`${site}client.js`);
    expect(await top.evaluate(() => navigator.serviceWorker.controller === null)).toBe(below !== '');
  });

  it('without the line nothing is changed; who is signed in already goes home with the next login', async () => {
    const servers = await startServers(lab, false);
    const { portal, home } = servers;
    const root = await folderOf(lab, clientAt(portal.url));
    await addFiles(root);
    const page = await lab.page(hosted(await plain(root)));
    const before = await expectUnchanged(page, servers);
    expect(await addLine(root)).toContain((await snippet('line')).trim());
    await page.reload({ waitUntil: 'domcontentloaded' });
    expect((await whoami(page, portal.url, before)).url).toContain(portal.url);
    const { token } = await logIn(page, portal.url);
    expect((await whoami(page, portal.url, token)).url).toContain(home.url);
  });

  it('with another digest nothing is changed', async () => {
    const servers = await startServers(lab, false);
    const root = await folderOf(lab, clientAt(servers.portal.url));
    const site = hosted(await ways['a line with the digest'].serve(root));
    await edit(root, 'homeward.js', (text) => `${text}\n`);
    await expectUnchanged(await lab.page(site), servers);
  });

  it('without https nothing is changed, and the console says so', async () => {
    const servers = await startServers(lab, false);
    const root = await folderOf(lab, clientAt(servers.portal.url));
    const site = hosted(await nginx(root), 'client.test');
    const page = lab.keep(await lab.browser.newPage());
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    await page.goto(site, { waitUntil: 'domcontentloaded' });
    await expectUnchanged(page, servers);
    await expect.poll(() => said).toContain('Homeward needs https.');
  });
});
