/**
 * Pictures everywhere: real clients at real Synapse, which gives media to nobody without a token, behind a portal that
 * gives nothing to anybody. The clients are unmodified and older than media that need a token, or let a service worker
 * of their own add it.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pictureClients, type PictureClient } from '../support/drive-pictures.ts';
import { drivers } from '../support/drive.ts';
import { clientSite } from '../support/fixtures.ts';
import { naming } from '../support/portal.ts';
import { Recorder, type Recorded } from '../support/recorder.ts';
import { startFrontedSynapse, type FrontedSynapse } from '../support/synapse.ts';
import { sessionRules } from './attack-pages.ts';
import { useDownloads, type Downloads } from './downloads.ts';
import { kinds, sample, untilControlled, useLab, type Kind, type Lab } from './lab.ts';
import { files, fillRoom, look, save, savedBy, seenBy, type Room } from './pictures-room.ts';

/** What the homeserver's front makes of its login answer; null: as Synapse gives it. */
const modes = { 'proxy, base_cs_url': naming.base_cs_url, 'redirect, well_known': null };
type Mode = keyof typeof modes;

interface Row {
  client: PictureClient;
  mode: Mode;
  kind: Kind;
  user: string;
  friend: string;
}

/** In the page worker's form the one that has a service worker of its own: worker-grid.test.ts has them all. */
const clientsIn = ({ form }: Kind): readonly PictureClient[] =>
  form === 'extension' ? pictureClients : ['hydrogen'];

/** The page worker by one mode: what it knows of a session afterwards is the same. */
const rows: Row[] = kinds.flatMap((kind) =>
  sample(kind.form, Object.keys(modes) as Mode[], 2).flatMap((mode, m) =>
    clientsIn(kind).map((client) => {
      const user = `${client}-${m}-${kind.engine}-${kind.form}`;
      return { client, mode, kind, user, friend: `friend-of-${user}` };
    }),
  ),
);

const results = path.resolve(import.meta.dirname, '../../test-results');
const table = [
  '| client | portal | browser | media at home, with the token | media at the portal | tokens elsewhere | seconds |',
  '|---|---|---|---|---|---|---|',
];

/** Of the portal and both homeservers. */
const recorder = new Recorder();
let alpha: FrontedSynapse;

beforeAll(async () => {
  const users = rows.flatMap(({ user, friend }) => [user, friend]);
  [alpha] = await Promise.all([
    startFrontedSynapse({ name: 'alpha', users, recorder }),
    ...pictureClients.map((name) => clientSite(name, console.log)),
  ]);
  await fs.mkdir(results, { recursive: true });
});

afterAll(async () => {
  await alpha?.close();
  const text = `${table.join('\n')}\n`;
  await fs.writeFile(path.join(results, 'client-pictures.md'), text);
  console.log(text);
});

describe.each(kinds)('%s', (kind) => {
  const lab = useLab(kind.engine, { form: kind.form });
  const downloads = useDownloads(lab);

  it.each(rows.filter((row) => row.kind === kind))('$client shows pictures: $mode', async (row) => {
    const started = Date.now();
    recorder.clear();
    alpha.setLogin(modes[row.mode]);
    const portal = await lab.portal({
      mode: row.mode.startsWith('proxy') ? 'proxy' : 'redirect',
      route: () => alpha.url,
      recorder,
    });
    const page = lab.keep(await lab.browser.newPage());
    try {
      const room = await use(lab, page, row, portal.url);
      note(row, started);
      const unasked = seenBy(row.client).filter((name) => came(room.ids[name], '/media/').length === 0);
      expect(unasked).toEqual([]);
      await expectNothingWrong(kind);
      await saveAll(downloads, page, row.client, room);
      await expectNothingWrong(kind);
    } catch (error) {
      const file = `pictures-${row.client}-${row.mode.replace(', ', '-')}-${kind.engine}-${kind.form}.png`;
      await page.screenshot({ path: path.join(results, file) }).catch(() => undefined);
      const told = recorder.all.filter(isMedia).map(shown).join('\n');
      throw new Error(`${String(error)}\nmedia asked of the servers:\n${told}`, { cause: error });
    }
  });
});

/** What a person does, from the login page on; access is given before there is anything to see. */
async function use(lab: Lab, page: Page, row: Row, portal: string): Promise<Room> {
  const { client, user, friend } = row;
  const driver = drivers[client];
  const replace = { 'http://portal.localhost:8401': portal };
  const root = await clientSite(client);
  const site = await lab.site({ name: `at-${user}`, root, files: {}, replace });
  const roomId = await alpha.createRoom(friend, 'Pictures', [user]);
  await lab.popup.turnOn(site.origin);
  await page.bringToFront();
  await driver.open(page, site.origin);
  await driver.login(page, user, `pw-${user}`);
  await lab.popup.grant(site.origin);
  await page.bringToFront();
  const room = await fillRoom(alpha, friend, roomId);
  if (lab.form === 'worker') await untilControlled(page);
  await driver.openRoom(page, roomId, 'Pictures');
  await look(page, client, room);
  const before = await numbers(lab);
  await driver.reload(page);
  await look(page, client, room);
  // what is taken away and given again with another number is missing for a moment, and so is a picture
  for (const [rule, id] of await numbers(lab)) expect([rule, before.get(rule) ?? id]).toEqual([rule, id]);
  return room;
}

/** The number of each session rule. */
async function numbers(lab: Lab): Promise<ReadonlyMap<string, number>> {
  if (lab.form === 'worker') return new Map();
  const rules = JSON.parse(await sessionRules(lab)) as { id: number }[];
  return new Map(rules.map(({ id, ...rule }) => [JSON.stringify(rule), id]));
}

async function saveAll(
  downloads: Downloads,
  page: Page,
  client: PictureClient,
  { ids }: Room,
): Promise<void> {
  for (const name of savedBy(client)) {
    await save(page, client, name);
    const saved = () => downloads.saved(files[name].body);
    await expect.poll(saved, { message: `${name} is saved`, timeout: 10_000 }).toHaveLength(1);
    await expect.poll(() => came(ids[name], '/download/'), { timeout: 10_000 }).not.toEqual([]);
  }
}

const isMedia = ({ path: at }: Recorded): boolean => /\/media\/(.*\/)?(download|thumbnail)\//.test(at);

const shown = ({ server, method, path: at, status, token, dest }: Recorded): string =>
  [server, method, at, status, dest, token ? 'with a token' : ''].join(' ').trim();

/** Requests for media at home, asked for as they should be. */
function asked(): Recorded[] {
  const token = alpha.issued().at(-1) ?? '';
  const isRight = ({ server, path: at }: Recorded): boolean =>
    server === alpha.name && /^\/_matrix\/client\/v1\/media\/(download|thumbnail)\//.test(at);
  return recorder.withToken(token).filter(isRight);
}

/** Those that were answered. */
const good = (): Recorded[] => asked().filter(({ status }) => status === 200 || status === 206);

/** One that the browser broke off; it has had the same file. */
const brokenOff = (): Recorded[] =>
  asked().filter(({ path: at, broken }) => broken && good().some((answered) => answered.path === at));

const came = (id: string, what: string): Recorded[] =>
  good().filter(({ path: at }) => at.includes(what) && at.includes(id));

/** Firefox asks for sound and videos past every service worker, without a token, before they load again (README). */
const isPast = ({ engine, form }: Kind, { token, dest }: Recorded): boolean =>
  form === 'worker' && engine === 'firefox' && token === null && /^(audio|video)$/.test(dest ?? '');

/** What reached the servers and should not have. */
function wrong(kind: Kind) {
  const token = alpha.issued().at(-1);
  const rightly = new Set([...good(), ...brokenOff()]);
  const atHome = recorder.requests(({ server }) => server === alpha.name);
  const elsewhere = recorder.all.filter(({ server }) => server !== alpha.name);
  return {
    'with a token, not at home': elsewhere.filter((request) => request.token !== null).map(shown),
    'media, not at home': elsewhere.filter((r) => isMedia(r) && !isPast(kind, r)).map(shown),
    'media at home in another way': atHome.filter((r) => isMedia(r) && !rightly.has(r)).map(shown),
    'at home with a foreign token': atHome.filter((r) => r.token !== null && r.token !== token).map(shown),
  };
}

const nothing: ReturnType<typeof wrong> = {
  'with a token, not at home': [],
  'media, not at home': [],
  'media at home in another way': [],
  'at home with a foreign token': [],
};

/** One that is on its way is answered, or broken off, soon. */
async function expectNothingWrong(kind: Kind): Promise<void> {
  await expect.poll(() => wrong(kind), { timeout: 10_000 }).toEqual(nothing);
}

function note({ client, mode, kind }: Row, started: number): void {
  const { 'media, not at home': strayed, 'with a token, not at home': leaked } = wrong(kind);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const counts = [good().length, strayed.length, leaked.length];
  table.push(`| ${[client, mode, String(kind), ...counts, seconds].join(' | ')} |`);
}
