/** A browser that the tests of a file share, and what each test starts for itself. */
import type { Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { launch, type Engine, type LaunchOptions, type TestBrowser } from '../support/browser.ts';
import { startHomeserver, type Homeserver, type HomeserverOptions } from '../support/homeserver.ts';
import { naming, startPortal, type Portal, type PortalOptions } from '../support/portal.ts';
import { startSite, type Site, type SiteOptions } from '../support/static-site.ts';
import { openPopupPage, type Popup } from './popup-page.ts';

export interface Lab {
  readonly browser: TestBrowser;
  readonly popup: Popup;
  /** Closes it after the test. */
  keep<T extends { close(): Promise<unknown> }>(thing: T): T;
  /** Each is closed after the test that started it. */
  site(options?: Partial<SiteOptions>): Promise<Site>;
  homeserver(options?: Partial<HomeserverOptions>): Promise<Homeserver>;
  portal(options: Partial<PortalOptions> & Pick<PortalOptions, 'route'>): Promise<Portal>;
  page(url: string): Promise<Page>;
  /** A fresh client that is turned on, in a tab. */
  client(options?: Partial<SiteOptions>): Promise<{ site: Site; page: Page }>;
}

const INDEX = '<!doctype html><meta charset="utf-8"><title>client</title><link rel="icon" href="data:,">';

/** Called in a `describe`; the lab works within its hooks and tests. */
export function useLab(engine: Engine, options: LaunchOptions = {}): Lab {
  const running: { browser?: TestBrowser; popup?: Popup } = {};
  const opened: { close(): Promise<unknown> }[] = [];
  let count = 0;
  const keep = <T extends { close(): Promise<unknown> }>(thing: T): T => {
    opened.push(thing);
    return thing;
  };

  beforeAll(async () => {
    running.browser = await launch(engine, options);
    running.popup = await openPopupPage(running.browser);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((thing) => thing.close()));
  });
  afterAll(() => running.browser?.close());

  const lab: Lab = {
    keep,
    get browser() {
      return there(running.browser);
    },
    get popup() {
      return there(running.popup);
    },
    async site(site) {
      // a host of its own: a port may be used again by a later test, and access is given by host
      count += 1;
      return keep(await startSite({ name: `client${count}`, files: { '/index.html': INDEX }, ...site }));
    },
    homeserver: async (given) =>
      keep(await startHomeserver({ name: 'alpha', users: ['alice', 'bob'], ...given })),
    portal: async (given) =>
      keep(await startPortal({ mode: 'proxy', strict: true, editLogin: naming.base_cs_url, ...given })),
    async page(url) {
      const page = keep(await lab.browser.newPage());
      await page.goto(url, { waitUntil: 'domcontentloaded' });
      return page;
    },
    async client(given) {
      const site = await lab.site(given);
      await lab.popup.turnOn(site.origin);
      return { site, page: await lab.page(`${site.url}/`) };
    },
  };
  return lab;
}

function there<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the browser was not started');
  return thing;
}
