/** The guide for whoever hosts a client, HOSTING.md, without browsers: what is served, and what is refused. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebServer } from '../support/web-server.ts';
import {
  addLine,
  buildImage,
  clientAt,
  folderOf,
  names,
  readGuide,
  shell,
  snippet,
} from './hosting-guide.ts';
import { edit, nginx, plain, ways } from './hosting-ways.ts';

const WORKER = path.resolve(import.meta.dirname, '../../dist/worker');

const opened: { close(): Promise<unknown> }[] = [];
function keep<T extends { close(): Promise<unknown> }>(thing: T): T {
  opened.push(thing);
  return thing;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((thing) => thing.close()));
});

const newClient = (): Promise<string> => folderOf({ keep }, clientAt('http://portal.localhost'));

function get(server: WebServer, name: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.port}/${name}`, { headers });
}

describe('the guide', () => {
  it('has no snippet that is not run', async () => {
    expect([...(await readGuide()).keys()].toSorted()).toEqual(names.toSorted());
  });

  it('tells whether the files are whole', async () => {
    expect(await shell(await snippet('sums'))).toMatch(/homeward\.js: OK[^]*homeward-sw\.js: OK/);
    const copy = await folderOf({ keep }, {});
    await fs.cp(WORKER, copy, { recursive: true });
    const check = await snippet('sums', { 'dist/worker': copy });
    await shell(check);
    await edit(copy, 'homeward-sw.js', (text) => `${text} `);
    await expect(shell(check)).rejects.toThrow('did NOT match');
  });

  it('says where the line could not be added', async () => {
    const root = await folderOf({ keep }, { 'index.html': '<!doctype html><title>client</title>' });
    await expect(addLine(root)).rejects.toThrow('Command failed');
    await expect(buildImage(root)).rejects.toThrow('Command failed');
  });

  it.each(['nginx', 'Caddy', 'a container'] as const)('%s: has the line first in the page', async (name) => {
    const root = await newClient();
    const page = await get(keep(await ways[name].serve(root)), '');
    expect(await page.text()).toContain(`<head>${(await snippet('line')).trim()}\n`);
  });

  it.each(['nginx', 'Caddy'] as const)('%s: what may change is asked for each time', async (name) => {
    const server = keep(await ways[name].serve(await newClient()));
    for (const file of ['', 'index.html', 'homeward.js', 'homeward-sw.js'])
      expect((await get(server, file)).headers.get('cache-control'), `${file}`).toBe('no-cache');
    expect((await get(server, 'client.js')).headers.get('cache-control')).toBeNull();
  });

  it.each(['nginx', 'Caddy'] as const)('%s: who has the page from before gets the line', async (name) => {
    const root = await newClient();
    const anHourAgo = Date.now() / 1000 - 3600;
    await fs.utimes(path.join(root, 'index.html'), anHourAgo, anHourAgo);
    const before = keep(await plain(root));
    const { headers } = await get(before, '');
    const etag = { 'If-None-Match': headers.get('etag') ?? '' };
    const time = { 'If-Modified-Since': headers.get('last-modified') ?? '' };
    const known = [etag, time, { ...etag, ...time }] as Record<string, string>[];
    for (const each of known) expect((await get(before, '', each)).status).toBe(304);
    const after = keep(await ways[name].serve(root));
    for (const each of known) {
      const answer = await get(after, '', each);
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('homeward.js')]);
    }
  });

  it('nginx: the headers of the server block stay', async () => {
    const server = keep(await nginx(await newClient(), 'add_header X-Of-The-Site yes;'));
    for (const file of ['', 'homeward.js', 'homeward-sw.js', 'client.js'])
      expect((await get(server, file)).headers.get('x-of-the-site'), `${file}`).toBe('yes');
  });
});
