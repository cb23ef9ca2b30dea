/** A real client as a static site behind nginx, as HOSTING.md has it. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { clientSite, type ClientName } from '../support/fixtures.ts';
import { edit, nginx, type plain } from './hosting-ways.ts';

export interface Hosted {
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Only its configuration is changed: it names this portal, and an identity server that does not exist.
 *
 * @param host below `.localhost`
 * @param serve without Homeward: `plain`
 */
export async function hostClient(
  name: ClientName,
  portal: string,
  host: string,
  serve: typeof plain = nginx,
): Promise<Hosted> {
  const root = await fs.mkdtemp(path.join(os.tmpdir(), 'homeward-client-'));
  await fs.cp(await clientSite(name), root, { recursive: true });
  await edit(root, 'config.json', (text) =>
    text
      .replace('http://portal.localhost:8401', portal)
      .replace('http://is0.localhost:8411', 'http://identity.invalid'),
  );
  // the SDKs' pages, which are ours, have none written out
  await edit(root, 'index.html', (page) =>
    page.includes('<head>') ? page : page.replace(/^<!doctype html>/i, '$&<head>'),
  );
  const server = await serve(root);
  return {
    origin: `http://${host}.localhost:${server.port}`,
    async close() {
      await server.close();
      await fs.rm(root, { recursive: true, force: true });
    },
  };
}
