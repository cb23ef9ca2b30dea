/** A client's own service worker whose life can be watched: it has a version, a cache and a log. */
import type { Page } from 'puppeteer-core';
import { INDEX } from './lab.ts';
import { workerFiles, type ServiceWorkerKind } from './worker-pages.ts';

export interface Own {
  readonly version: number;
  readonly kind?: ServiceWorkerKind;
  /** false: a new version waits until the pages of the old one are gone. */
  readonly skips?: boolean;
}

export const SHELL = 'from the site';

/** The files of a client that has one of its own; a test may change them. */
export function clientFiles(kind?: ServiceWorkerKind): Record<string, string> {
  return workerFiles(kind) as Record<string, string>;
}

/** The script. What it answers by itself: `/version` and, from its cache, `/shell.txt`. */
export function ownWorker({ version, kind = 'answers every GET', skips = true }: Own): string {
  return `
    self.addEventListener('fetch', (event) => {
      const { pathname } = new URL(event.request.url);
      if (pathname === '/version') event.respondWith(new Response('${version}'));
      if (pathname === '/shell.txt') event.respondWith(caches.match('/shell.txt'));
    });
    ${clientFiles(kind)['/sw.js']}
    ${skips ? '' : 'self.oninstall = null;'}
    const note = async (line) => (await caches.open('log')).put('/log/' + line, new Response(''));
    const keep = async () => (await caches.open('shell')).add('/shell.txt');
    self.addEventListener('install', (event) => event.waitUntil(keep().then(() => note('install-${version}'))));
    self.addEventListener('activate', (event) => event.waitUntil(note('activate-${version}')));
    self.addEventListener('message', (event) => event.waitUntil(note('message-${version}')));
  `;
}

/** Its page registers it as it loads: one that comes later than half a second after that finds ours in charge. */
const REGISTERS = `${INDEX}<script>void navigator.serviceWorker.register('/sw.js').catch(() => undefined)</script>`;

export function ownFiles(own: Own): Record<string, string> {
  return { ...clientFiles(), '/index.html': REGISTERS, '/shell.txt': SHELL, '/sw.js': ownWorker(own) };
}

/** What has happened to it, in order. */
export function lifeOf(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const keys = await (await caches.open('log')).keys();
    return keys.map(({ url }) => url.split('/').at(-1) ?? '');
  });
}

export function textAt(page: Page, path: string): Promise<string> {
  return page.evaluate(async (url) => (await fetch(url)).text(), path);
}

/**
 * Looks for a new version, as a browser does now and then, and lets one that there is take over, for three seconds at
 * most: Chromium waits until the old one has nothing to do, which it never has while it is asked all the time.
 *
 * @returns the name of the error, or that there was none
 */
export function update(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    try {
      await registration?.update();
    } catch (error) {
      return (error as Error).name;
    }
    for (let left = 60; left > 0 && (registration?.installing ?? registration?.waiting); left--) {
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
    return 'looked';
  });
}
