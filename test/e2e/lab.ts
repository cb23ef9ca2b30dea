/** A browser that the tests of a file share, and what each test starts for itself. */
import type { Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import {
  engines,
  launch,
  type Engine,
  type Form,
  type LaunchOptions,
  type TestBrowser,
} from '../support/browser.ts';
import { attempt } from '../support/drive-page.ts';
import { startHomeserver, type Homeserver, type HomeserverOptions } from '../support/homeserver.ts';
import { naming, startPortal, type Portal, type PortalOptions } from '../support/portal.ts';
import { startSite, type Site, type SiteOptions } from '../support/static-site.ts';
import { noPopup, openPopupPage, type Popup } from './popup-page.ts';
import { sessionsAt, storedAtSites } from './site-storage.ts';

export interface Lab {
  readonly form: Form;
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

export const INDEX =
  '<!doctype html><meta charset="utf-8"><title>client</title><link rel="icon" href="data:,">';

/** A browser, and how Homeward comes to a client in it. */
export interface Kind {
  readonly engine: Engine;
  readonly form: Form;
  /** For `describe.each(kinds)('%s: …')`. */
  toString(): string;
}

const kindOf = (engine: Engine, form: Form): Kind => ({
  engine,
  form,
  toString: () => `${engine}, ${form}`,
});

export const kinds: readonly Kind[] = (['extension', 'worker'] as const).flatMap((form) =>
  engines.map((engine) => kindOf(engine, form)),
);

/** For what WebKit's driver can do too. */
export const allKinds: readonly Kind[] = [...kinds, kindOf('webkit', 'worker')];

/** All rows for the extension; for the page worker, where the same code decides, every so many-th. */
export function sample<T>(form: Form, rows: readonly T[], step: number): readonly T[] {
  return form === 'extension' ? rows : rows.filter((_, index) => index % step === 0);
}

export interface LabOptions extends LaunchOptions {
  readonly form?: Form;
  /** false: clients do not wait for the page worker, which sees nothing but what page code does not. Default: true. */
  readonly controlled?: boolean;
}

/** Called in a `describe`; the lab works within its hooks and tests. */
export function useLab(engine: Engine, given: LabOptions = {}): Lab {
  const { form = 'extension', controlled = true, ...options } = given;
  const sites = new Map<string, Site>();
  const running: { browser?: TestBrowser; popup?: Popup } = {};
  const opened: { close(): Promise<unknown> }[] = [];
  const keep = <T extends { close(): Promise<unknown> }>(thing: T): T => {
    opened.push(thing);
    return thing;
  };

  beforeAll(async () => {
    if (form === 'extension') {
      running.browser = await launch(engine, options);
      running.popup = await openPopupPage(running.browser);
    } else {
      const browser = await launch(engine, { ...options, extension: false });
      running.browser = Object.assign(browser, { storedText: () => storedAtSites(browser.puppeteer) });
      running.popup = noPopup(
        browser,
        (origin) => {
          there(sites.get(origin)).homeward = true;
        },
        (origin) => sessionsAt(browser.puppeteer, origin),
      );
    }
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((thing) => thing.close()));
  });
  afterAll(() => running.browser?.close());

  const parts = starters(
    keep,
    () => lab.browser,
    () => lab.popup,
    { onSite: (site) => sites.set(site.origin, site), controlled },
  );
  const lab: Lab = {
    form,
    keep,
    get browser() {
      return there(running.browser);
    },
    get popup() {
      return there(running.popup);
    },
    ...parts,
  };
  return lab;
}

/** What starts servers and pages for a test, whatever the browser. */
export function starters(
  keep: Lab['keep'],
  browser: () => TestBrowser,
  popup: () => Popup,
  { onSite, controlled = true }: { onSite?: (site: Site) => void; controlled?: boolean } = {},
): Pick<Lab, 'site' | 'homeserver' | 'portal' | 'page' | 'client'> {
  let count = 0;
  const parts: ReturnType<typeof starters> = {
    async site(site) {
      // a host of its own: a port may be used again by a later test, and access is given by host
      count += 1;
      const name = `client${count}`;
      const started = keep(await startSite({ name, files: { '/index.html': INDEX }, ...site }));
      onSite?.(started);
      return started;
    },
    homeserver: async (given) =>
      keep(await startHomeserver({ name: 'alpha', users: ['alice', 'bob'], ...given })),
    portal: async (given) =>
      keep(await startPortal({ mode: 'proxy', strict: true, editLogin: naming.base_cs_url, ...given })),
    async page(url) {
      const page = keep(await browser().newPage());
      await page.goto(url, { waitUntil: 'domcontentloaded' });
      return page;
    },
    async client(given) {
      const site = await parts.site(given);
      await popup().turnOn(site.origin);
      const page = await parts.page(`${site.url}/`);
      if (site.homeward && controlled) await untilControlled(page);
      return { site, page };
    },
  };
  return parts;
}

export function there<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the browser was not started');
  return thing;
}

/** The page worker sees what page code does not. */
export async function untilControlled(page: Page): Promise<void> {
  await attempt(page, 'the page worker is in charge', () =>
    page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          const { serviceWorker } = navigator;
          if (serviceWorker.controller) resolve();
          serviceWorker.addEventListener('controllerchange', () => resolve(), { once: true });
        }),
    ),
  );
}
