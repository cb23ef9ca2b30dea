/** Two real homeservers and two real identity servers behind a strict portal, and people with clients there. */
import crypto from 'node:crypto';
import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import type { TestBrowser } from '../support/browser.ts';
import { makeCertificates } from '../support/certificates.ts';
import { drivers } from '../support/drive.ts';
import { identityDrivers } from '../support/drive-identity.ts';
import { until } from '../support/drive-page.ts';
import { press } from '../support/drive-riot-web.ts';
import { clientSite } from '../support/fixtures.ts';
import { startIdentityServer, type IdentityServer } from '../support/identity-server.ts';
import { startMail, type MailServer } from '../support/mail.ts';
import { naming, startPortal, type Portal } from '../support/portal.ts';
import { Recorder } from '../support/recorder.ts';
import { bodyOf, text } from '../support/server-call.ts';
import { startSite } from '../support/static-site.ts';
import { startSydent, type Sydent } from '../support/sydent.ts';
import { startFrontedSynapse, type FrontedSynapse } from '../support/synapse.ts';
import { ACCOUNT_DATA } from './identity-calls.ts';
import { sentence } from './popup-page.ts';

export interface World {
  /** Of all servers. */
  readonly recorder: Recorder;
  readonly mail: MailServer;
  /** Names of users begin with `a` on alpha, with `b` on beta. */
  readonly alpha: FrontedSynapse;
  readonly beta: FrontedSynapse;
  /** The app's own, which no account names. */
  readonly is0: IdentityServer;
  readonly is1: Sydent;
  readonly is2: Sydent;
  readonly portal: Portal;
  /** Sites and pages, to be closed after the test. */
  readonly opened: { close(): Promise<unknown> }[];
  close(): Promise<void>;
}

export async function startWorld(users: string[]): Promise<World> {
  const recorder = new Recorder();
  const [certificates, mail] = await Promise.all([makeCertificates(), startMail()]);
  const identity = { certificates, smtpPort: mail.port };
  const usersOf = (letter: string): string[] => users.filter((user) => user.startsWith(letter));
  const [alpha, beta, is0, is1, is2] = await Promise.all([
    startFrontedSynapse({ name: 'alpha', users: usersOf('a'), recorder, identity }),
    startFrontedSynapse({ name: 'beta', users: usersOf('b'), recorder, identity }),
    startIdentityServer({ name: 'is0', recorder }),
    startSydent({ name: 'is1', recorder, ...identity }),
    startSydent({ name: 'is2', recorder, ...identity }),
  ]);
  const route = (user: string | null): string => (user?.startsWith('b') ? beta : alpha).url;
  const editLogin = naming.base_cs_url;
  const portal = await startPortal({ mode: 'proxy', strict: true, route, editLogin, recorder });
  const all = [portal, alpha, beta, is0, is1, is2, mail];
  const close = async (): Promise<void> => {
    await Promise.all(all.map((each) => each.close()));
  };
  return { recorder, mail, alpha, beta, is0, is1, is2, portal, opened: [], close };
}

/** A user with a client, which is turned on. */
export interface Person {
  readonly user: string;
  readonly id: string;
  readonly home: FrontedSynapse;
  readonly page: Page;
}

const v3 = '/_matrix/client/v3';
export type RealClient = 'riot-web' | 'js-sdk-34';

export async function logIn(
  world: World,
  browser: TestBrowser,
  client: RealClient,
  user: string,
): Promise<Person> {
  const replace = { 'http://portal.localhost:8401': world.portal.url };
  const root = await clientSite(client);
  const site = await startSite({ name: client, root, replace, identityServer: world.is0.url });
  world.opened.push(site);
  await browser.turnOn(site.origin);
  const page = await browser.newPage();
  world.opened.push(page);
  await drivers[client].open(page, site.origin);
  await drivers[client].login(page, user, `pw-${user}`);
  const home = user.startsWith('b') ? world.beta : world.alpha;
  return { user, id: home.userId(user), home, page };
}

/** As another client of the account would: past the front. */
export async function setIdentity(
  { alpha, beta }: World,
  user: string,
  baseUrl: string | null,
): Promise<void> {
  const home = user.startsWith('b') ? beta : alpha;
  const where = `${v3}/user/${encodeURIComponent(home.userId(user))}/account_data/${ACCOUNT_DATA}`;
  bodyOf(await home.call('PUT', where, { base_url: baseUrl }, await home.token(user)), where);
}

/** In the popup, as the user does: to a server, whose terms are accepted, or to none. */
export async function changeIdentity(browser: TestBrowser, { page }: Person, address: string | null) {
  const popup = await browser.openPopup(new URL(page.url()).origin);
  const push = async (selector: string): Promise<void> => {
    await popup.waitForSelector(selector);
    await popup.click(selector);
  };
  if (address === null) await push('.no-identity');
  else {
    await push('.change-identity');
    await popup.type('input', address);
    await push('.check');
  }
  await popup.waitForSelector('.confirm');
  for (const box of await popup.$$('.terms input')) await box.click();
  await push('.confirm');
  const now = address ?? sentence('identity_disabled');
  await popup.waitForSelector('.session .changed');
  expect(await popup.$eval('main', ({ textContent }) => textContent)).toContain(now);
  await popup.close();
}

/** Publishes an address on the account's identity server by the client, with the mail that it sends. */
export async function bind(
  { mail, is1 }: World,
  client: RealClient,
  who: Person,
  email: string,
): Promise<void> {
  const driver = identityDrivers[client];
  const { sid, clientSecret } = await driver.requestEmailToken(who.page, email);
  const link = new URL((await mail.codeFor(email)).link ?? '');
  expect((await is1.call('GET', link.pathname + link.search)).status).toBe(200);
  await driver.bind(who.page, sid, clientSecret);
}

/** riot-web's right panel as it was before an invitation: its driver begins there. */
export async function closePanel(client: RealClient, { page }: Person): Promise<void> {
  if (client !== 'riot-web') return;
  await press(page, 'panel: back', '.mx_BaseCard_back');
  await press(page, 'panel: close', '.mx_BaseCard_close');
}

/** riot-web goes by what it has stored until its first sync, and a dialog opened then never says that it failed. */
export async function followed(client: RealClient, { page }: Person): Promise<void> {
  if (client !== 'riot-web') return;
  const hasNone = (): boolean => !Object(window.mxMatrixClientPeg?.get()).getIdentityServerUrl();
  await until(page, 'riot-web knows that it has no identity server', hasNone);
}

/** The account gets the address: riot-web publishes only what the homeserver knows. */
export async function addEmail({ mail, alpha }: World, user: string, email: string): Promise<void> {
  const ask = async (where: string, body: unknown) =>
    bodyOf(await alpha.call('POST', v3 + where, body, await alpha.token(user)), where);
  const client_secret = crypto.randomUUID();
  const asked = await ask('/account/3pid/email/requestToken', { client_secret, email, send_attempt: 1 });
  const link = new URL((await mail.codeFor(email)).link ?? '');
  const opened = await alpha.call('GET', link.pathname + link.search);
  expect(opened.status).toBe(200);
  const identifier = { type: 'm.id.user', user };
  const auth = { type: 'm.login.password', identifier, password: `pw-${user}` };
  await ask('/account/3pid/add', { client_secret, sid: text(asked['sid']), auth });
}
