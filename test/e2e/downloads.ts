/** Where a browser saves files, fresh for each test. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Browser } from 'puppeteer-core';
import { afterEach, beforeEach } from 'vitest';
import type { Lab } from './lab.ts';

export interface Downloads {
  /** Names of the saved files with this content. */
  saved(body: Buffer): Promise<string[]>;
}

/** Called in a `describe`, after `useLab`. */
export function useDownloads(lab: Lab): Downloads {
  let folder = '';
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'homeward-downloads-'));
    await saveIn(lab, folder);
  });
  afterEach(() => fs.rm(folder, { recursive: true, force: true }));
  return {
    async saved(body) {
      // what is not whole yet has another name, and may be gone when it is read
      const names = (await fs.readdir(folder)).filter((name) => !/\.(?:part|crdownload)$/.test(name));
      const whole = await Promise.all(
        names.map(async (name) =>
          body.equals(await fs.readFile(path.join(folder, name)).catch(() => Buffer.alloc(0))),
        ),
      );
      return names.filter((_name, index) => whole[index]);
    },
  };
}

/** Puppeteer has this for new contexts only, in which there is no extension. */
async function saveIn({ browser, keep }: Lab, folder: string): Promise<void> {
  if (browser.engine === 'chromium') {
    const session = await browser.puppeteer.target().createCDPSession();
    // what it sets ends with it
    keep({ close: () => session.detach() });
    await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder });
  } else {
    const { connection } = browser.puppeteer as Browser & { connection: Connection };
    const downloadBehavior = { type: 'allowed', destinationFolder: folder };
    await connection.send('browser.setDownloadBehavior', { downloadBehavior });
  }
}

interface Connection {
  send(method: string, parameters: object): Promise<unknown>;
}
