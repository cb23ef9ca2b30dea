/** Firefox with the extension in its profile, and the browser's own add-on manager to change it. */
import fs from 'node:fs/promises';
import path from 'node:path';
import puppeteer, { type Browser } from 'puppeteer-core';
import { extensionFolder } from './browser.ts';
import { firefoxId, startOptions, UUID, type LaunchOptions } from './browser-options.ts';
import { setVersion, type Control } from './persistent-control.ts';
import { zip } from './zip.ts';

/** What puppeteer talks to Firefox by; it has no words of its own for the browser's chrome. */
interface Connection {
  send(method: string, params: object): Promise<{ result: unknown }>;
}

export async function firefoxControl(root: string, options: LaunchOptions): Promise<Control> {
  const id = await firefoxId();
  const profile = path.join(root, 'profile');
  const folder = path.join(root, 'extension');
  const installed = path.join(profile, 'extensions', `${id}.xpi`);
  await fs.mkdir(path.dirname(installed), { recursive: true });
  await fs.cp(extensionFolder('firefox'), folder, { recursive: true });
  await zip(folder, installed);
  const basic = await startOptions('firefox', options);
  const inChrome = (browser: Browser, body: string, file = ''): Promise<void> =>
    evaluate(browser, body, id, file);
  return {
    base: `moz-extension://${UUID}`,
    start: ({ page }) =>
      puppeteer.launch({
        ...basic,
        userDataDir: profile,
        args: [...(basic.args ?? []), ...(page === undefined ? [] : [page])],
        extraPrefsFirefox: {
          ...basic.extraPrefsFirefox,
          'xpinstall.signatures.required': false,
          'extensions.autoDisableScopes': 0,
        },
      }),
    quit: (browser) => browser.close(),
    async setVersion(version) {
      await setVersion(folder, version);
      await zip(folder, installed);
    },
    reload: (browser) => inChrome(browser, 'await addon.reload();'),
    async update(browser, version) {
      const file = path.join(root, `${version}.xpi`);
      await setVersion(folder, version);
      await zip(folder, file);
      await inChrome(browser, INSTALL, file);
    },
    setEnabled: (browser, enabled) =>
      inChrome(browser, enabled ? 'await addon.enable();' : 'await addon.disable();'),
    killBackground: (browser) =>
      inChrome(
        browser,
        'await WebExtensionPolicy.getByID(id).extension.terminateBackground({ ignoreDevToolsAttached: true });',
      ),
  };
}

const INSTALL = `
  const xpi = Cc['@mozilla.org/file/local;1'].createInstance(Ci.nsIFile);
  xpi.initWithPath(file);
  const install = await AddonManager.getInstallForFile(xpi);
  await install.install();
`;

/** Needs `--remote-allow-system-access`. */
async function evaluate(browser: Browser, body: string, id: string, file: string): Promise<void> {
  const { connection } = browser as unknown as { connection: Connection };
  const tree = await connection.send('browsingContext.getTree', { 'moz:scope': 'chrome', maxDepth: 0 });
  const [top] = (tree.result as { contexts: { context: string }[] }).contexts;
  const { result } = await connection.send('script.callFunction', {
    functionDeclaration: `async (id, file) => {
      const { AddonManager } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs');
      const addon = await AddonManager.getAddonByID(id);
      ${body}
    }`,
    arguments: [id, file].map((value) => ({ type: 'string', value })),
    target: { context: top?.context },
    awaitPromise: true,
  });
  const { type, exceptionDetails } = result as { type: string; exceptionDetails?: { text: string } };
  if (type !== 'success') throw new Error(`Firefox: ${exceptionDetails?.text}\nin ${body}`);
}
