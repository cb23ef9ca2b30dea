/**
 * Real clients at real homeservers: a strict portal logs users in, and from then on an unmodified client is at the
 * homeserver that its login named.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, type TestBrowser } from '../support/browser.ts';
import { drivers } from '../support/drive.ts';
import { clientNames, clientSite, type ClientName } from '../support/fixtures.ts';
import { naming, startPortal, type Portal } from '../support/portal.ts';
import { Recorder, type Recorded } from '../support/recorder.ts';
import { startSite } from '../support/static-site.ts';
import { startFrontedSynapse, type FrontedSynapse } from '../support/synapse.ts';
import { hostClient, type Hosted } from './hosted-client.ts';
import { allKinds, type Kind } from './lab.ts';

/** What the homeserver's front makes of its login answer; null: as Synapse gives it. */
const modes = {
  'proxy, base_cs_url': naming.base_cs_url,
  'redirect, well_known': null,
  'redirect, neither': naming.neither,
};
type Mode = keyof typeof modes;
const modeNames = Object.keys(modes) as Mode[];

interface Row {
  client: ClientName;
  mode: Mode;
  kind: Kind;
  /** `a…` lives on alpha, `b…` on beta: every client on either. */
  user: string;
}

const rows: Row[] = allKinds.flatMap((kind) =>
  modeNames.flatMap((mode, m) =>
    clientsFor(kind, mode).map((client, c) => ({
      client,
      mode,
      kind,
      user: `${(m + c) % 2 ? 'b' : 'a'}-${client}-${m}-${kind.engine}-${kind.form}`,
    })),
  ),
);

/**
 * An answer that names nothing is for the two bare SDKs: the rest is as with `well_known`. With the page worker all
 * clients are played at embedded servers (worker-grid.test.ts).
 */
function clientsFor({ form }: Kind, mode: Mode): readonly ClientName[] {
  if (form === 'worker') return mode === 'proxy, base_cs_url' ? ['hydrogen', 'js-sdk-34'] : [];
  return mode === 'redirect, neither' ? ['js-sdk-2', 'js-sdk-24'] : clientNames;
}

const results = path.resolve(import.meta.dirname, '../../test-results');
const table = [
  '| client | portal | browser | portal: with the token | portal: other, signed in | homeserver | seconds |',
  '|---|---|---|---|---|---|---|',
];

/** Of the portal and both fronts, so that it knows the order of what reached different servers. */
const recorder = new Recorder();
let alpha: FrontedSynapse;
let beta: FrontedSynapse;

beforeAll(async () => {
  const usersOf = (letter: string) => rows.map(({ user }) => user).filter((user) => user.startsWith(letter));
  [alpha, beta] = await Promise.all([
    startFrontedSynapse({ name: 'alpha', users: [...usersOf('a'), 'anna'], recorder }),
    startFrontedSynapse({ name: 'beta', users: [...usersOf('b'), 'anna'], recorder }),
    ...clientNames.map((name) => clientSite(name, console.log)),
  ]);
  await fs.mkdir(results, { recursive: true });
});

afterAll(async () => {
  await Promise.all([alpha?.close(), beta?.close()]);
  const text = `${table.join('\n')}\n`;
  await fs.writeFile(path.join(results, 'clients.md'), text);
  console.log(text);
});

const homeOf = (user: string): FrontedSynapse => (user.startsWith('b') ? beta : alpha);

describe.each(allKinds)('%s', (kind) => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await launch(kind.engine, { extension: kind.form === 'extension' });
  });
  afterAll(() => browser?.close());

  it.each(rows.filter((row) => row.kind === kind))('$client at home: $mode', async (row) => {
    const started = Date.now();
    const home = homeOf(row.user);
    home.setLogin(modes[row.mode]);
    const portal = await startPortal({
      mode: row.mode.startsWith('proxy') ? 'proxy' : 'redirect',
      route: (user) => homeOf(user ?? '').url,
      strict: true,
      fallback: home.url,
      recorder,
    });
    const site = await siteOf(row, portal);
    try {
      if (kind.form === 'extension') await browser.turnOn(site.origin);
      recorder.clear();
      const roomId = await use(browser, row, site);
      expect(witness(row, started)).toEqual(expected);
      expect(await home.messages(roomId, 'anna')).toEqual([
        { sender: home.userId(row.user), body: texts.first },
        { sender: home.userId('anna'), body: texts.reply },
        { sender: home.userId(row.user), body: texts.second },
      ]);
      const after = await home.call('GET', whoami, undefined, home.issued().at(-1));
      expect(after).toMatchObject({ status: 401, body: { errcode: 'M_UNKNOWN_TOKEN' } });
    } finally {
      await Promise.all([site.close(), portal.close()]);
    }
  });
});

/** The client as it is, configured for the portal. */
async function siteOf({ client, kind }: Row, portal: Portal): Promise<Hosted> {
  if (kind.form === 'worker') return hostClient(client, portal.url, client);
  const root = await clientSite(client);
  return startSite({ name: client, root, replace: { 'http://portal.localhost:8401': portal.url } });
}

const texts = { first: 'first words', reply: 'a reply', second: 'after the reload' };
const whoami = '/_matrix/client/v3/account/whoami';

/** What a person does with a client, from the login page to the login page; returns the room. */
async function use(browser: TestBrowser, row: Row, site: Hosted): Promise<string> {
  const { client, user } = row;
  const home = homeOf(user);
  const roomName = `Room of ${client}`;
  const roomId = await home.createRoom('anna', roomName, [user]);
  const driver = drivers[client];
  const page = await browser.newPage();
  try {
    await driver.open(page, site.origin);
    await driver.login(page, user, `pw-${user}`);
    await driver.openRoom(page, roomId, roomName);
    await driver.send(page, texts.first);
    await home.send('anna', roomId, texts.reply);
    await driver.waitForMessage(page, texts.reply);
    await driver.reload(page);
    await driver.send(page, texts.second);
    await driver.signOut(page);
    return roomId;
  } catch (error) {
    await picture(page, row);
    throw new Error(`${String(error)}\nreached the servers:\n${shown(recorder.all).join('\n')}`, {
      cause: error,
    });
  } finally {
    await page.close();
  }
}

async function picture(page: Page, { client, mode, kind }: Row): Promise<void> {
  const file = `${client}, ${mode}, ${String(kind)}.png`.replaceAll(', ', '-');
  await page.screenshot({ path: path.join(results, `clients-${file}`) }).catch(() => undefined);
}

const shown = (requests: readonly Recorded[]): string[] =>
  requests.map(({ server, method, path: at, status, token }) =>
    [server, method, at, status, token ? 'with a token' : ''].join(' ').trim(),
  );

/** What reached the servers: of whom, and in which order. */
function witness({ client, mode, kind, user }: Row, started: number) {
  const home = homeOf(user);
  const token = home.issued().at(-1);
  const of = (server: string) => (request: Recorded) => request.server === server;
  const all = recorder.all;
  const find = (server: string, method: string, end: string, after: number) =>
    all.findIndex((r, i) => i > after && of(server)(r) && r.method === method && r.path.endsWith(end));
  const login = find('portal', 'POST', '/login', -1);
  const logout = find(home.name, 'POST', '/logout', login);
  const atHome = recorder.requests(of(home.name));
  const withToken = atHome.filter((request) => request.token === token);
  const leaked = all.filter((request) => of('portal')(request) && request.token !== null);
  // preflights too; pictures are not ours
  const slipped = all
    .slice(login + 1, Math.max(logout, login + 1))
    .filter((r) => of('portal')(r) && r.path.startsWith('/_matrix/') && !r.path.includes('/media/'));
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const counts = [leaked.length, slipped.length, withToken.length];
  table.push(`| ${[client, mode, String(kind), ...counts, seconds].join(' | ')} |`);
  const did = (method: string, what: RegExp) =>
    withToken.filter((r) => r.method === method && r.status === 200 && what.test(r.path)).length;
  return {
    'at the portal with a token': shown(leaked),
    'at the portal while signed in': shown(slipped),
    'at the other homeserver': shown(all.filter((r) => !of(home.name)(r) && !of('portal')(r))),
    'at home with a foreign token': shown(atHome.filter((r) => r.token !== null && r.token !== token)),
    'syncs at home': did('GET', /\/sync$/) >= 2,
    'messages sent at home': did('PUT', /\/send\/m\.room\.message\//),
    'sign-outs at home': did('POST', /\/logout$/),
    'login page at the portal after sign-out': logout > 0 && find('portal', 'GET', '/login', logout) > 0,
  };
}

const expected: ReturnType<typeof witness> = {
  'at the portal with a token': [],
  'at the portal while signed in': [],
  'at the other homeserver': [],
  'at home with a foreign token': [],
  'syncs at home': true,
  'messages sent at home': 2,
  'sign-outs at home': 1,
  'login page at the portal after sign-out': true,
};
