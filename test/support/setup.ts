/** Once before all end-to-end tests: the built extension and the browsers are there, or the run fails here. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { browserPath } from './install.ts';

export async function setup(): Promise<void> {
  const manifest = path.resolve(import.meta.dirname, '../../dist/chromium/manifest.json');
  await fs.access(manifest).catch(() => {
    throw new Error('dist/ is missing: run `npm run build` first');
  });
  await browserPath('chromium');
  await browserPath('firefox');
}
