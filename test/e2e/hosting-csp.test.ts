/** What a site's Content Security Policy does to the page worker: the table of HOSTING.md. */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import type { SiteFile } from '../support/static-site.ts';
import { mediaPath, widthOf } from './attack-steps.ts';
import { newPicture, registrations, showPicture, startServers, type Servers } from './hosting-stage.ts';
import { untilControlled, useLab } from './lab.ts';
import { logIn, whoami } from './page-calls.ts';

const WORKER = path.resolve(import.meta.dirname, '../../dist/worker');

interface Row {
  /** over those of `full` */
  page?: Policy;
  /** of the answer homeward-sw.js; default: as the page's; null: none */
  worker?: Policy | null;
  nonce?: true;
  /** Where requests of the page go, whether there is a worker, and whether pictures are shown. */
  seen: { at: 'home' | 'portal'; controlled: boolean; pictures: boolean };
}
type Policy = (portal: string, home: string) => Record<string, string | null>;

const full: Policy = (portal, home) => ({
  'default-src': "'none'",
  'script-src': "'self'",
  'worker-src': "'self'",
  'connect-src': `'self' ${portal} ${home}`,
  'img-src': `'self' ${portal} ${home}`,
});
const well = { at: 'home', controlled: true, pictures: true } as const;
const unseen = { at: 'home', controlled: false, pictures: false } as const;
const unchanged = { at: 'portal', controlled: false, pictures: false } as const;

const rows: Record<string, Row> = {
  'as the guide has it': { seen: well },
  'no worker-src': { page: () => ({ 'worker-src': null }), seen: well },
  'connect-src of the page without the homeserver': {
    page: (portal) => ({ 'connect-src': `'self' ${portal}` }),
    seen: { ...well, at: 'portal' },
  },
  'img-src without the homeserver': {
    page: (portal) => ({ 'img-src': portal }),
    seen: { ...well, pictures: false },
  },
  'img-src without the portal': {
    page: (_, home) => ({ 'img-src': home }),
    seen: { ...well, pictures: false },
  },
  'connect-src of the worker without the homeserver': {
    worker: (portal) => ({ 'connect-src': portal }),
    seen: { ...well, pictures: false },
  },
  'connect-src of the worker without the portal': {
    worker: (_, home) => ({ 'connect-src': home }),
    seen: well,
  },
  'no policy of the worker': { worker: null, seen: well },
  'no worker': { page: () => ({ 'worker-src': "'none'" }), seen: unseen },
  'trusted types': { page: () => ({ 'require-trusted-types-for': "'script'" }), seen: unseen },
  'nonces only': { page: () => ({ 'script-src': "'nonce-n0'", 'worker-src': null }), seen: unchanged },
  'a nonce on the line': { page: () => ({ 'script-src': "'nonce-n0'" }), nonce: true, seen: well },
};

const written = (policy: Record<string, string | null>): string =>
  Object.entries(policy)
    .flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`]))
    .join('; ');

async function filesOf(row: Row, portal: string, home: string): Promise<Record<string, SiteFile>> {
  const policy = (more?: Policy) => ({
    'content-security-policy': written({ ...full(portal, home), ...more?.(portal, home) }),
  });
  const line = `<script src="homeward.js"${row.nonce ? ' nonce="n0"' : ''}></script>`;
  const body = `<!doctype html><html><head>${line}<meta charset="utf-8"><title>client</title></head></html>`;
  const file = (name: string) => fs.readFile(path.join(WORKER, name), 'utf8');
  return {
    '/index.html': { body, headers: policy(row.page) },
    '/homeward.js': { body: await file('homeward.js') },
    '/homeward-sw.js': {
      body: await file('homeward-sw.js'),
      headers: row.worker === null ? {} : policy(row.worker ?? row.page),
    },
  };
}

async function isShown(page: Page, servers: Servers, expected: boolean): Promise<boolean> {
  if (expected) return (await showPicture(page, servers)).width === 1;
  const { portal, home } = servers;
  return (await widthOf(page, portal.url + mediaPath(newPicture(home)))) === 1;
}

describe.each(engines)('%s', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  it.each(Object.entries(rows))('%s', async (_, row) => {
    const servers = await startServers(lab, false);
    const { portal, home } = servers;
    const site = await lab.site({ files: await filesOf(row, portal.url, home.url) });
    const page = await lab.page(`${site.url}/`);
    const { token } = await logIn(page, portal.url);
    const { controlled, ...seen } = row.seen;
    for (const when of ['first visit', 'after a reload']) {
      const { url } = await whoami(page, portal.url, token);
      const at = url.startsWith(home.url) ? 'home' : url.startsWith(portal.url) ? 'portal' : url;
      if (controlled) await untilControlled(page);
      const pictures = await isShown(page, servers, seen.pictures);
      expect({ at, pictures }, `${when}`).toEqual(seen);
      await page.reload({ waitUntil: 'domcontentloaded' });
    }
    if (!controlled) expect(await page.evaluate(registrations)).toEqual([]);
    if (seen.at === 'home') expect(portal.recorder.withToken(token)).toEqual([]);
  });
});
