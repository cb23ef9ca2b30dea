/**
 * MSC2230 on real homeservers and identity servers, by a client's UI: an address is published and found, somebody is
 * invited by e-mail, and the account changes its identity server and does without; who is asked what.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, launch, type Engine, type TestBrowser } from '../support/browser.ts';
import { drivers } from '../support/drive.ts';
import { identityDrivers } from '../support/drive-identity.ts';
import { clientSite } from '../support/fixtures.ts';
import type { Recorded } from '../support/recorder.ts';
import { fromBrowser } from '../support/sydent.ts';
import { ACCOUNT_DATA } from './identity-calls.ts';
import {
  addEmail,
  bind,
  changeIdentity,
  closePanel,
  followed,
  logIn,
  setIdentity,
  startWorld,
  type Person,
  type RealClient,
  type World,
} from './identity-synapse-world.ts';

const clients: readonly RealClient[] = ['riot-web', 'js-sdk-34'];
const rows = engines.flatMap((engine) => clients.map((client) => ({ engine, client })));
const usersOf = (row: { engine: Engine; client: RealClient }) => {
  const end = `${row.client}-${row.engine}`;
  return {
    alice: `alice-${end}`,
    bob: `bob-${end}`,
    mail: `alice.${end}@example.org`,
    guest: `${end}@example.net`,
  };
};

const table = [
  '| client | browser | while the account says | is0 | is1: browser/homeserver | is2: browser/homeserver |',
  '|---|---|---|---|---|---|',
];
let world: World;
/** How much of what was recorded has been looked at. */
let seen = 0;

beforeAll(async () => {
  const users = rows.map(usersOf).flatMap(({ alice, bob }) => [alice, bob]);
  [world] = await Promise.all([startWorld(users), ...clients.map((name) => clientSite(name, console.log))]);
});

afterAll(async () => {
  console.log(table.join('\n'));
  await world?.close();
});

describe.each(engines)('real identity servers in %s', (engine) => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await launch(engine, { insecure: true });
  });
  afterAll(() => browser?.close());

  it.each(clients)('are those that the account names: %s', async (client) => {
    try {
      await play(client);
    } catch (cause) {
      throw new Error(`${String(cause)}\nreached the servers:\n${all().join('\n')}`, { cause });
    } finally {
      await Promise.all(world.opened.splice(0).map((each) => each.close()));
    }
  });

  async function play(client: RealClient): Promise<void> {
    const { recorder, mail, is1, is2 } = world;
    const names = usersOf({ engine, client });
    const identity = identityDrivers[client];
    if (client === 'riot-web') await addEmail(world, names.alice, names.mail);
    for (const user of [names.alice, names.bob]) await setIdentity(world, user, is1.url);
    recorder.clear();
    seen = 0;
    const alice = await logIn(world, browser, client, names.alice);
    // nobody's yet; and riot-web accepts terms here, where the driver knows the dialog
    expect(await identity.lookup(alice.page, names.mail)).toBeNull();
    await bind(world, client, alice, names.mail);
    const bob = await logIn(world, browser, client, names.bob);
    const roomId = await bob.home.createRoom(names.bob, 'Lobby', []);
    expect(await identity.lookup(bob.page, names.mail)).toBe(alice.id);
    await identity.inviteByEmail(bob.page, roomId, names.guest);
    expect(mail.mails().find(({ to }) => to === names.guest)?.text).toContain('has invited you');
    await closePanel(client, bob);
    expect(invitedBy(bob)).toEqual([is1.idServer]);
    const first = asked(client, 'is1');
    expect(first).toMatchObject({ is2: [], 'from homeservers': HOMESERVERS });
    expect(first.is0.filter((line) => !PING.test(line))).toEqual([]);

    await change(bob, is2.url);
    expect(await identity.lookup(bob.page, names.mail)).toBeNull();
    expect(asked(client, 'is2')).toMatchObject({ is0: [], is1: [], 'from homeservers': [] });

    await change(bob, null);
    await expect(identity.lookup(bob.page, names.mail)).rejects.toThrow(NONE);
    await expect(identity.inviteByEmail(bob.page, roomId, names.guest)).rejects.toThrow(NONE);
    await drivers[client].reload(bob.page);
    await followed(client, bob);
    await expect(identity.lookup(bob.page, names.mail)).rejects.toThrow(NONE);
    expect(asked(client, 'null')).toEqual({ is0: [], is1: [], is2: [], 'from homeservers': [] });
    // by the popup, twice
    const written = expect.stringMatching(/^beta PUT .* 200$/) as string;
    expect(sinceLogin()).toEqual({
      'account data written': [written, written],
      'at the portal with a token': [],
    });
    for (const { page } of [bob, alice]) {
      await page.bringToFront();
      await drivers[client].signOut(page);
    }
  }

  /** What the client asked before it was written is of what the account said before: riot-web looks at its token. */
  async function change(person: Person, base: string | null): Promise<void> {
    await changeIdentity(browser, person, base);
    const { all: recorded } = world.recorder;
    seen = recorded.findLastIndex((one) => one.method === 'PUT' && one.path.endsWith('/m.identity_server'));
    expect(recorded[seen]?.status).toBe(200);
  }

  /** What reached whom since the last look; into the table too. */
  function asked(client: RealClient, says: string) {
    const news = world.recorder.all.slice(seen);
    seen = world.recorder.all.length;
    const at = (name: string): Recorded[] => news.filter(({ server }) => server === name);
    const counts = (name: string): string => {
      const browsers = at(name).filter((one) => one.method !== 'OPTIONS' && fromBrowser(one)).length;
      return `${browsers}/${at(name).filter((one) => !fromBrowser(one)).length}`;
    };
    table.push(`| ${[client, engine, says, at('is0').length, counts('is1'), counts('is2')].join(' | ')} |`);
    return {
      is0: lines(at('is0')),
      is1: lines(at('is1')),
      is2: lines(at('is2')),
      'from homeservers': lines([...at('is1'), ...at('is2')].filter((one) => !fromBrowser(one))),
    };
  }
});

/** riot-web's, before a login. */
const PING = /^is0 GET \/_matrix\/identity\/api\/v1 200$/;
/** Homeward's answers, and what comes of riot-web's own `null`. */
const NONE = /identity server|\bnull\b/i;
/** What a binding and an invitation make them do. */
const HOMESERVERS = expect.arrayContaining([
  expect.stringMatching(/^is1 POST .*\/3pid\/bind /),
  expect.stringMatching(/^is1 POST .*\/store-invite /),
]) as string[];

function lines(requests: readonly Recorded[]): string[] {
  return requests.map(({ server, method, url, status }) => `${server} ${method} ${url} ${status}`);
}

const all = (): string[] => lines(world.recorder.all);

function invitedBy({ home }: Person): unknown[] {
  const posted = world.recorder.requests(
    ({ server, path }) => server === home.name && path.endsWith('/invite'),
  );
  return posted.map(({ body }) => (JSON.parse(body) as Record<string, unknown>)['id_server']);
}

function sinceLogin() {
  const { recorder } = world;
  return {
    'account data written': lines(
      recorder.requests(({ method, path }) => method !== 'GET' && path.endsWith(ACCOUNT_DATA)),
    ),
    'at the portal with a token': lines(
      recorder.requests(({ server, token }) => server === 'portal' && token !== null),
    ),
  };
}
