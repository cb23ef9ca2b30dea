/** What each engine must know to keep and change an installed extension. */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Browser } from 'puppeteer-core';
import type { RestartOptions } from './persistent-browser.ts';

export interface Control {
  /** Where the extension's pages are. */
  readonly base: string;
  start(options: RestartOptions): Promise<Browser>;
  quit(browser: Browser): Promise<void>;
  /** For the next start. */
  setVersion(version: string): Promise<void>;
  reload(browser: Browser): Promise<void>;
  update(browser: Browser, version: string): Promise<void>;
  setEnabled(browser: Browser, enabled: boolean): Promise<void>;
  /** Absent: as in any test browser. */
  killBackground?(browser: Browser): Promise<void>;
}

export async function setVersion(folder: string, version: string): Promise<void> {
  const file = path.join(folder, 'manifest.json');
  const manifest = JSON.parse(await fs.readFile(file, 'utf8')) as object;
  await fs.writeFile(file, JSON.stringify({ ...manifest, version }));
}
