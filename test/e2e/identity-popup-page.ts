/** The identity part of the popup, beside servers that say what the background asked them. */
import { expect } from 'vitest';
import type { Engine, LaunchOptions } from '../support/browser.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IdentityServer } from '../support/identity-server.ts';
import { startIdentityServer } from '../support/identity-server.ts';
import type { Policies } from '../support/identity-store.ts';
import type { Recorded, Recorder } from '../support/recorder.ts';
import type { SiteOptions } from '../support/static-site.ts';
import { useIdentityLab, type IdentityLab, type IdentityScene } from './identity-lab.ts';
import { logIn, whoami } from './page-calls.ts';
import { sentence, textOf, waitFor } from './popup-page.ts';

export const ACCOUNT_DATA = 'm.identity_server';
export const TERMS: Policies = {
  privacy: { version: '1.0', name: 'Privacy policy', url: 'https://example.org/privacy' },
  rules: { version: '2.0', name: 'Rules', url: 'https://example.org/rules' },
};

type Content = Record<string, unknown>;
type Messages = Parameters<typeof sentence>[0];

export interface PopupScene extends IdentityScene {
  readonly token: string;
  /** The one that is changed to. */
  readonly next: IdentityServer;
}

export interface Beginning {
  /** The account's `m.identity_server` before the login. */
  content?: ((scene: IdentityScene) => Content | null) | undefined;
  /** Of `next`. */
  terms?: Policies;
}

export interface PopupLab extends IdentityLab {
  /** Alice is signed in, her account is read, and the popup shows it. The recorders are empty. */
  signedIn(beginning?: Beginning): Promise<PopupScene>;
  /** All the text of the popup, as it is. */
  text(): Promise<string>;
  /** Waits until the popup says this. */
  says(key: Messages, ...names: string[]): Promise<void>;
  /** Types an address into the form and presses *Check*; waits for what comes of it. */
  check(address: string): Promise<void>;
  /** Presses a button that looks into a change; waits for what comes of it. */
  look(selector: string): Promise<void>;
  /** Presses *Change it for all my clients*, with all terms accepted; waits for what comes of it. */
  confirm(): Promise<void>;
}

export function usePopupLab(engine: Engine, options: LaunchOptions = {}): PopupLab {
  const lab = useIdentityLab(engine, options);
  const page = () => lab.popup.page;
  const { site: startSite } = lab;
  let sites = 0;
  const look = async (selector: string): Promise<void> => {
    await page().$eval('main > *', (old) => old.classList.add('old'));
    await lab.popup.press(selector);
    await waitFor(page(), isSettled);
  };
  return Object.assign(lab, {
    look,
    // of its own name: an earlier client may have had the same port
    site: (given?: Partial<SiteOptions>) => startSite({ name: `client${(sites += 1)}`, ...given }),
    text: () => textOf(page()),
    async signedIn({ content, terms = {} }: Beginning = {}): Promise<PopupScene> {
      const scene = await lab.start();
      const { alpha, portal, page: client, site, app, named } = scene;
      const next = await startIdentityServer({ name: 'is2', terms, whoIs: alpha.openIdUser });
      lab.keep(next);
      alpha.setAccountData('alice', ACCOUNT_DATA, content?.(scene) ?? null);
      const { token } = await logIn(client, portal.url);
      await whoami(client, portal.url, token);
      await lab.popup.show(site.origin);
      await waitFor(
        page(),
        (unknown) =>
          !!document.querySelector('.identity') &&
          !document.querySelector('main')?.textContent.includes(unknown),
        sentence('identity_unknown'),
      );
      for (const { recorder } of [alpha, portal, app, named, next]) recorder.clear();
      return { ...scene, token, next };
    },
    says: async (key: Messages, ...names: string[]): Promise<void> => {
      const text = sentence(key, ...names);
      await expect.poll(() => textOf(page()), { message: text, timeout: 15_000 }).toContain(text);
    },
    async check(address: string): Promise<void> {
      await page().bringToFront();
      await page().$eval('input[name=identity-server]', (input) => {
        input.value = '';
      });
      await page().type('input[name=identity-server]', address);
      await look('.check');
    },
    async confirm(): Promise<void> {
      await page().bringToFront();
      for (const box of await page().$$('.terms input:not(:checked)')) await box.click();
      await look('.confirm');
    },
  });
}

/** Of an account that names `is1`. */
export const NAMED: Beginning = { content: ({ named }) => ({ base_url: named.url }) };

/** The view that a press leads to is there: nobody is being asked, and the last view is gone. Runs in the page. */
function isSettled(): boolean {
  const shown = document.querySelector('main');
  return !!shown?.firstChild && !shown.querySelector('.waiting, .old');
}

/** `PUT /_matrix/…` for each request of the background: pages name their origin, the background none. */
export function background({ recorder }: { recorder: Recorder }): string[] {
  return recorder.all
    .filter(({ origin, dest }) => origin === null && dest !== 'document')
    .map(({ method, path }) => `${method} ${decodeURIComponent(path)}`);
}

/** What names the extension: no request may. */
export function fromExtension(recorded: readonly Recorded[]): Recorded[] {
  return recorded.filter(({ origin }) => origin?.includes('extension') ?? false);
}

export function serversOf({ alpha, portal, app, named, next }: PopupScene) {
  return [alpha, portal, app, named, next];
}

/** Alice's `m.identity_server`; undefined: she has none. */
export function dataOf({ alpha }: PopupScene): unknown {
  return alpha.accountData('alice', ACCOUNT_DATA);
}

export function writes({ recorder }: { recorder: Recorder }): Recorded[] {
  return recorder.requests(({ method, path }) => /account_data/.test(path) && method !== 'GET');
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** Answers the background's requests of a method (`*`: of each) and path itself, but for the first ones. */
export function fault(
  { faults }: Pick<IdentityServer, 'faults'>,
  [method, path]: readonly [string, RegExp],
  answer: Answer,
  skip = 0,
): void {
  let passed = 0;
  faults.intercept = (request, response, where) => {
    // pages name their origin
    const isOurs = request.headers.origin === undefined;
    if (!isOurs || (method !== '*' && request.method !== method) || !path.test(where)) return false;
    passed += 1;
    if (passed <= skip) return false;
    answer(response, request);
    return true;
  };
}
