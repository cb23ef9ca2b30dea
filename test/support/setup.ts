/** Once before all end-to-end tests: what is built, browsers and web servers are there, or the run fails here. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { browserPath, serverPath } from './install.ts';

export async function setup(): Promise<void> {
  const manifest = path.resolve(import.meta.dirname, '../../dist/chromium/manifest.json');
  await fs.access(manifest).catch(() => {
    throw new Error('dist/ is missing: run `npm run build` first');
  });
  await browserPath('chromium');
  await browserPath('firefox');
  await browserPath('webkit');
  await serverPath('nginx');
  await serverPath('caddy');
}
