/** Real clients with the page worker, as static sites behind nginx, in every browser: the whole of what a person does. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';
import { afterAll, describe, expect, it } from 'vitest';
import { workerEngines } from '../support/browser.ts';
import { attempt } from '../support/drive-page.ts';
import { pictureClients, type PictureClient } from '../support/drive-pictures.ts';
import { drivers } from '../support/drive.ts';
import { clientNames, type ClientName } from '../support/fixtures.ts';
import { mediaCalls } from '../support/matrix-media.ts';
import { naming } from '../support/portal.ts';
import type { Recorded } from '../support/recorder.ts';
import { isMedia, type Servers } from './hosting-stage.ts';
import { hostClient } from './hosted-client.ts';
import { plain } from './hosting-ways.ts';
import { untilControlled, useLab } from './lab.ts';
import { fillRoom, look, seenBy, type Room } from './pictures-room.ts';
import { untilAborted, upload } from './webkit-calls.ts';
import { around, untilInCharge } from './worker-scene.ts';

const CLIENT = '/_matrix/client/v3/';
/** Hydrogen's own service worker answers every GET by a fetch that no abort ends. */
const KEPT = 'asked';
const CLOSED = 'asked, closed';
const HELD = `${CLIENT}rooms/held/messages`;
const SIZE = 3_000_000;

/** Milliseconds in which an abort arrives at a homeserver, many times over. */
const ENDS = 1000;

const results = path.resolve(import.meta.dirname, '../../test-results');
const table = [
  '| client | browser | portal: with the token | portal: other, signed in | pictures | upload progress | abort |',
  '|---|---|---|---|---|---|---|',
];

afterAll(async () => {
  const text = `${table.join('\n')}\n`;
  await fs.mkdir(results, { recursive: true });
  await fs.writeFile(path.join(results, 'worker-grid.md'), text);
  console.log(text);
});

const showsPictures = (client: ClientName): client is PictureClient =>
  (pictureClients as readonly string[]).includes(client);

describe.each(workerEngines)('%s', { timeout: 300_000 }, (engine) => {
  const lab = useLab(engine, { form: 'worker' });
  /** Firefox asks for sound and videos past every service worker, without a token, before they load again (README). */
  const isPlayers = ({ dest }: Recorded) => engine === 'firefox' && /^(audio|video)$/.test(dest ?? '');

  async function start(redirects: boolean): Promise<Servers> {
    const home = await lab.homeserver({ legacyMedia: false, names: redirects ? 'well_known' : 'neither' });
    const mode = redirects ? 'redirect' : 'proxy';
    const portal = await lab.portal({ mode, route: () => home.url, editLogin: naming.base_cs_url });
    return { home, portal };
  }

  it.each(clientNames.map((client, index) => ({ client, redirects: index % 2 === 1 })))(
    '$client, the portal redirects: $redirects',
    async ({ client, redirects }) => {
      const servers = await start(redirects);
      const { origin } = lab.keep(await hostClient(client, servers.portal.url, `${client}-hosted`));
      const page = lab.keep(await lab.browser.newPage());
      const used = await use(page, origin, client, servers);
      // signed out, a client is at the portal again
      const { all } = servers.portal.recorder;
      const login = all.findIndex(({ method, path: at }) => method === 'POST' && at.endsWith('/login'));
      const signedIn = all.slice(login + 1).filter((request) => !isPlayers(request));
      await drivers[client].signOut(page);
      const found = { ...witness(client, servers, used), slipped: signedIn.filter(isMatrix) };
      const { leaked, slipped, pictures, progress, abort } = found;
      const cells = [client, engine, leaked.length, slipped.length, pictures, progress, abort];
      table.push(`| ${cells.join(' | ')} |`);
      const end = client === 'hydrogen' ? { abort: KEPT } : {};
      expect(found).toEqual({ ...expected, ...end, pictures: seen(client).join(', ') || '–' });
    },
  );

  it('an aborted GET goes on in the service worker of Hydrogen without Homeward too', async () => {
    const servers = await start(false);
    const site = lab.keep(await hostClient('hydrogen', servers.home.url, 'hydrogen-plain', plain));
    const page = lab.keep(await lab.browser.newPage());
    await drivers.hydrogen.open(page, site.origin);
    await untilInCharge(page, '/sw.js');
    const there = { ...servers, portal: servers.home };
    expect(await aborted(page, there, 'syt_of_nobody', KEPT)).toBe(KEPT);
  });
});

interface Used {
  readonly token: string;
  readonly room: Room;
  readonly progress: string;
  readonly abort: string;
}

/** From the login page on. */
async function use(page: Page, origin: string, client: ClientName, servers: Servers): Promise<Used> {
  const { home, portal } = servers;
  const driver = drivers[client];
  await driver.open(page, origin);
  await driver.login(page, 'alice', 'pw-alice');
  const token = home.tokens().at(-1) ?? '';
  const issue = (user: string) => Promise.resolve(home.issue(user).access_token);
  const bob = mediaCalls({ port: Number(new URL(home.url).port), token: issue, userId: home.userId });
  const room = await fillRoom(bob, 'bob', home.createRoom('bob', 'Pictures', ['alice']));
  await inCharge(page, client);
  await driver.openRoom(page, room.roomId, 'Pictures');
  await see(page, client, room);
  await driver.send(page, 'first words');
  await driver.reload(page);
  await see(page, client, room);
  await driver.send(page, 'after the reload');
  const progress = await uploaded(page, portal.url, token);
  const abort = await aborted(page, servers, token, client === 'hydrogen' ? KEPT : CLOSED);
  return { token, room, progress, abort };
}

async function inCharge(page: Page, client: ClientName): Promise<void> {
  const brings = client === 'hydrogen' || client === 'riot-web';
  await (brings ? untilInCharge(page, around('/sw.js')) : untilControlled(page));
}

async function see(page: Page, client: ClientName, room: Room): Promise<void> {
  if (showsPictures(client)) await look(page, client, room);
}

const seen = (client: ClientName) => (showsPictures(client) ? seenBy(client) : []);

const isMatrix = ({ path: at }: Recorded): boolean => at.startsWith('/_matrix/');

function witness(client: ClientName, { home, portal }: Servers, { token, room, progress, abort }: Used) {
  const atHome = home.recorder.withToken(token);
  const came = seen(client).filter((name) =>
    atHome.some((r) => isMedia(r) && r.path.includes(room.ids[name])),
  );
  return {
    leaked: portal.recorder.all.filter((request) => request.token !== null),
    pictures: came.join(', ') || '–',
    progress,
    abort,
    said: home.timeline(room.roomId).filter(({ sender }) => sender === home.userId('alice')).length,
    logouts: atHome.filter(({ method, path: at }) => method === 'POST' && at.endsWith('/logout')).length,
  };
}

const expected = {
  leaked: [],
  slipped: [],
  progress: 'loadstart, progress, load, loadend',
  abort: CLOSED,
  said: 2,
  logouts: 1,
};

/** The events of an upload, once each. */
async function uploaded(page: Page, portal: string, token: string): Promise<string> {
  const { events } = await attempt(page, 'upload', () =>
    page.evaluate(upload, `${portal}/_matrix/media/v3/upload`, token, SIZE),
  );
  expect(events.at(-1)?.loaded).toBe(SIZE);
  return events.map(({ type }) => type).join(', ');
}

/** What the homeserver sees of a request that the page gives up. */
async function aborted(
  page: Page,
  { home, portal }: { home: Servers['home']; portal: { url: string } },
  token: string,
  until: string,
): Promise<string> {
  const events: string[] = [];
  home.faults.intercept = (request, _, at) => {
    if (at !== HELD) return false;
    events.push('asked');
    request.socket.once('close', () => events.push('closed'));
    return true;
  };
  const ended = attempt(page, 'abort', () => page.evaluate(untilAborted, portal.url + HELD, token, 'xhr'));
  await expect.poll(() => events, { timeout: 10_000 }).toEqual(['asked']);
  await page.evaluate(() => dispatchEvent(new Event('stop-it')));
  expect(await ended).toBe('abort');
  // a request that goes on has been seen to do so for as long as others took to end
  if (until === KEPT) await pause(ENDS);
  else await expect.poll(() => events.join(', '), { timeout: 10_000 }).toBe(until);
  return events.join(', ');
}
