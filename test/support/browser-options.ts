/** How the browsers are started. */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { LaunchOptions as StartOptions } from 'puppeteer-core';
import { browserPath } from './install.ts';

export type Engine = 'chromium' | 'firefox' | 'webkit';

export interface LaunchOptions {
  /** false: no extension. */
  extension?: boolean;
  headless?: boolean;
  /** Firefox ends its event page, or a service worker, after so many ms without work (default there: 30 000). */
  idleTimeout?: number;
  /** Ordinary host names that resolve to this machine, such as `client.test`. */
  hosts?: readonly string[];
  /** Accepts certificates of anybody, as of the identity servers that `startSydent` runs. */
  insecure?: boolean;
}

/** Fixed, so that the extension's pages have a known address in Firefox. */
export const UUID = 'f3b2c9d4-5a61-4e0b-8f27-1c9a6d3e7b10';
const CHROMIUM_ARGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-search-engine-choice-screen'.split(
    ' ',
  );

const top = path.resolve(import.meta.dirname, '../..');

/** How a browser is started, without the extension. */
export function startOptions(engine: Engine, options: LaunchOptions): Promise<StartOptions> {
  return engine === 'chromium' ? chromiumOptions(options) : firefoxOptions(options);
}

async function chromiumOptions({
  headless = true,
  hosts = [],
  insecure = false,
}: LaunchOptions): Promise<StartOptions> {
  const rules = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(',');
  return {
    browser: 'chrome',
    executablePath: await browserPath('chromium'),
    headless,
    pipe: true,
    args: [
      ...CHROMIUM_ARGS,
      ...(rules ? [`--host-resolver-rules=${rules}`] : []),
      ...(insecure ? ['--ignore-certificate-errors'] : []),
    ],
    defaultViewport: { width: 1100, height: 800 },
  };
}

async function firefoxOptions(options: LaunchOptions): Promise<StartOptions> {
  const { headless = true, idleTimeout, hosts = [], insecure = false } = options;
  return {
    browser: 'firefox',
    executablePath: await browserPath('firefox'),
    headless,
    acceptInsecureCerts: insecure,
    // without it BiDi does not open pages of an extension
    args: ['--remote-allow-system-access'],
    extraPrefsFirefox: {
      'extensions.webextOptionalPermissionPrompts': false,
      'extensions.webextensions.uuids': JSON.stringify({ [await firefoxId()]: UUID }),
      ...(idleTimeout !== undefined && {
        'extensions.background.idle.timeout': idleTimeout,
        'dom.serviceWorkers.idle_timeout': idleTimeout,
      }),
      ...(hosts.length > 0 && { 'network.dns.localDomains': hosts.join(',') }),
    },
    defaultViewport: { width: 1100, height: 800 },
  };
}

/** The extension's id in Firefox. */
export async function firefoxId(): Promise<string> {
  const manifest = JSON.parse(await fs.readFile(path.join(top, 'manifest.json'), 'utf8')) as {
    browser_specific_settings: { gecko: { id: string } };
  };
  return manifest.browser_specific_settings.gecko.id;
}
