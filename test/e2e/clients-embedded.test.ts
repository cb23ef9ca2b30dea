/** Real matrix-js-sdk pages at embedded servers: every way that a portal may name a homeserver, and odd base URLs. */
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, type TestBrowser } from '../support/browser.ts';
import { drivers, jsSdkUpload } from '../support/drive.ts';
import { clientSite } from '../support/fixtures.ts';
import { startHomeserver, type Homeserver, type HomeserverOptions } from '../support/homeserver.ts';
import { naming, startPortal, type Portal, type PortalOptions } from '../support/portal.ts';
import { Recorder, type Recorded } from '../support/recorder.ts';
import { startSite, type Site } from '../support/static-site.ts';
import { kinds, sample } from './lab.ts';

const sdks = ['js-sdk-0', 'js-sdk-2', 'js-sdk-24', 'js-sdk-34'] as const;
const portals = ['proxy', 'redirect'] as const;
const names = ['base_cs_url', 'well_known', 'both', 'neither'] as const;

interface Row {
  what: string;
  sdk: (typeof sdks)[number];
  mode: (typeof portals)[number];
  named: (typeof names)[number];
  strict: boolean;
  /** Uploads a file too, and goes on after a reload. */
  long: boolean;
  clientHost?: string;
  portal?: Partial<PortalOptions>;
  homeserver?: Partial<HomeserverOptions>;
}

const grid: Row[] = sdks.flatMap((sdk) =>
  portals.flatMap((mode) =>
    names.flatMap((named) =>
      [true, false].map((strict) => ({
        what: `${sdk}, ${mode}, ${named}, ${strict ? 'strict' : 'not strict'}`,
        sdk,
        mode,
        named,
        strict,
        long: strict && named === (mode === 'proxy' ? 'both' : 'neither'),
      })),
    ),
  ),
);
/** Without a name and without a redirect nothing leads away from the portal. */
const staysAtPortal = ({ mode, named }: Row) => mode === 'proxy' && named === 'neither';

const usual = { mode: 'proxy', named: 'base_cs_url', strict: true, long: true } as const;
const places: Row[] = [
  { ...usual, what: 'a homeserver with a path', sdk: 'js-sdk-24', homeserver: { prefix: '/hs1' } },
  { ...usual, what: 'a portal with a path', sdk: 'js-sdk-24', portal: { prefix: '/some/portal' } },
  { ...usual, what: 'a homeserver at an IPv6 address', sdk: 'js-sdk-2', homeserver: { listenHost: '::1' } },
  {
    ...usual,
    what: 'ordinary http hosts, where crypto.subtle does not exist',
    sdk: 'js-sdk-24',
    clientHost: 'client.test',
    portal: { host: 'portal.test' },
    homeserver: { host: 'alpha.test' },
  },
];

/** The servers of one test. */
interface Stage {
  /** Of all servers, so that it knows the order of what reached different ones. */
  recorder: Recorder;
  portal: Portal;
  alpha: Homeserver;
  roomId: string;
  close(): Promise<void>;
}

async function setUp({ mode, named, strict, ...row }: Row): Promise<Stage> {
  const recorder = new Recorder();
  const users = ['alice', 'bob'];
  const own = mode === 'redirect' ? named : 'neither';
  const alpha = await startHomeserver({ name: 'alpha', users, names: own, recorder, ...row.homeserver });
  const beta = await startHomeserver({ name: 'beta', users, recorder });
  const portal = await startPortal({
    mode,
    strict,
    route: (user) => (user === 'alice' ? alpha.url : beta.url),
    fallback: alpha.url,
    editLogin: naming[named],
    recorder,
    ...row.portal,
  });
  const close = async () => {
    await Promise.all([portal.close(), alpha.close(), beta.close()]);
  };
  return { recorder, portal, alpha, close, roomId: alpha.createRoom('alice', 'Lobby', ['bob']) };
}

const texts = { first: 'first words', reply: 'a reply', file: 'a file', second: 'after the reload' };

/** What a person does with a client, from the login page to the login page. */
async function use(page: Page, { sdk, long }: Row, { alpha, roomId, recorder }: Stage): Promise<void> {
  const driver = drivers[sdk];
  try {
    await driver.login(page, 'alice', 'pw-alice');
    await driver.openRoom(page, roomId, 'Lobby');
    await driver.send(page, texts.first);
    alpha.send('bob', roomId, texts.reply);
    await driver.waitForMessage(page, texts.reply);
    if (long) {
      await jsSdkUpload(page, texts.file);
      await driver.reload(page);
      await driver.send(page, texts.second);
    }
    await driver.signOut(page);
  } catch (cause) {
    const requests = shown(recorder.all).join('\n');
    throw new Error(`${String(cause)}\nreached the servers:\n${requests}`, { cause });
  }
}

/** What the room holds after that. */
const said = ({ long }: Row): string[] => [texts.first, texts.reply, ...(long ? [texts.second] : [])];

const heard = ({ alpha, roomId }: Stage): string[] => alpha.timeline(roomId).map(({ body }) => body);

/** What reached the servers of a session that lives on alpha: of whom, and in which order. */
function witness({ recorder: { all }, alpha }: Stage) {
  const token = alpha.tokens().at(-1);
  const find = (server: string, method: string, end: string, after: number) =>
    all.findIndex((r, i) => i > after && r.server === server && r.method === method && r.path.endsWith(end));
  const login = find('portal', 'POST', '/login', -1);
  const logout = find('alpha', 'POST', '/logout', login);
  const signedIn = all.slice(login + 1, Math.max(logout, login + 1));
  const withToken = all.filter((request) => request.server === 'alpha' && request.token === token);
  const did = (method: string, what: RegExp) =>
    withToken.filter((r) => r.method === method && r.status === 200 && what.test(r.path));
  return {
    'elsewhere with a token': shown(all.filter((r) => r.token !== null && !withToken.includes(r))),
    // preflights too
    'at the portal while signed in': shown(signedIn.filter(({ server }) => server === 'portal')),
    'at the other homeserver': shown(all.filter(({ server }) => server === 'beta')),
    'sync at home': did('GET', /\/sync$/).length > 0,
    'messages sent at home': did('PUT', /\/send\/m\.room\.message\//).length,
    'files at home': did('POST', /\/media\/\w+\/upload$/).map(({ body }) => body),
    'sign-outs at home': did('POST', /\/logout$/).length,
    'login page at the portal after sign-out': logout > 0 && find('portal', 'GET', '/login', logout) > 0,
  };
}

function expected({ long }: Row): ReturnType<typeof witness> {
  return {
    'elsewhere with a token': [],
    'at the portal while signed in': [],
    'at the other homeserver': [],
    'sync at home': true,
    'messages sent at home': long ? 2 : 1,
    'files at home': long ? [texts.file] : [],
    'sign-outs at home': 1,
    'login page at the portal after sign-out': true,
  };
}

const shown = (requests: readonly Recorded[]): string[] =>
  requests.map(({ server, method, url, status }) => `${server} ${method} ${url} ${status}`);

describe.each(kinds)('%s', ({ engine, form }) => {
  // a page worker needs a secure context
  const placed = form === 'extension' ? places : places.filter(({ clientHost }) => !clientHost);
  const away = sample(
    form,
    grid.filter((each) => !staysAtPortal(each)),
    5,
  );
  const stays = (strict: boolean) => grid.filter((each) => staysAtPortal(each) && each.strict === strict);

  let browser: TestBrowser;
  const clients = new Map<string, { site: Site; replace: Record<string, string> }>();
  beforeAll(async () => {
    const hosts = ['client.test', 'portal.test', 'alpha.test'];
    browser = await launch(engine, { extension: form === 'extension', hosts });
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), ...[...clients.values()].map(({ site }) => site.close())]);
  });

  /** The address of a client that is turned on. Only its configuration changes from row to row. */
  async function clientOf({ sdk, clientHost = `${sdk}.localhost` }: Row, portal: Portal): Promise<string> {
    const key = `${sdk} at ${clientHost}`;
    const there = clients.get(key);
    const replace = there?.replace ?? {};
    replace['http://portal.localhost:8401'] = portal.url;
    if (there) return there.site.origin;
    const homeward = form === 'worker';
    const root = await clientSite(sdk);
    const site = await startSite({ name: sdk, host: clientHost, root, replace, homeward });
    if (!homeward) await browser.turnOn(site.origin);
    clients.set(key, { site, replace });
    return site.origin;
  }

  async function play(row: Row, run: (page: Page, stage: Stage) => Promise<void>): Promise<void> {
    const stage = await setUp(row);
    const page = await browser.newPage();
    try {
      await drivers[row.sdk].open(page, await clientOf(row, stage.portal));
      await run(page, stage);
    } finally {
      await page.close();
      await stage.close();
    }
  }

  for (const row of [...away, ...placed])
    it(`${row.what}: goes home`, () =>
      play(row, async (page, stage) => {
        const secure = await page.evaluate(() => [isSecureContext, 'subtle' in crypto]);
        expect(secure).toEqual(row.clientHost ? [false, false] : [true, true]);
        await use(page, row, stage);
        expect(witness(stage)).toEqual(expected(row));
        expect(heard(stage)).toEqual(said(row));
      }));

  for (const row of sample(form, stays(false), 3))
    it(`${row.what}: is served by the portal`, () =>
      play(row, async (page, stage) => {
        await use(page, row, stage);
        const tokens = stage.alpha.tokens();
        const at = (server: string) =>
          stage.recorder
            .requests((r) => r.server === server && tokens.includes(r.token ?? ''))
            .map(({ method, url }) => `${method} ${url}`)
            .toSorted();
        expect(at('portal').some((line) => line.includes('/sync?'))).toBe(true);
        expect(at('alpha')).toEqual(at('portal'));
        expect(stage.recorder.preflights(({ server }) => server === 'alpha')).toEqual([]);
        expect(heard(stage)).toEqual(said(row));
      }));

  for (const row of sample(form, stays(true), 3))
    it(`${row.what}: is refused by the portal`, () =>
      play(row, async (page, { alpha, recorder }) => {
        // it never syncs; what it still waits for ends with the page
        void drivers[row.sdk].login(page, 'alice', 'pw-alice').catch(() => undefined);
        const withToken = () => recorder.withToken(alpha.tokens()[0] ?? 'none');
        await expect.poll(() => withToken().map(({ status }) => status), { timeout: 10_000 }).toContain(401);
        expect(shown(withToken().filter(({ server }) => server !== 'portal'))).toEqual([]);
      }));
});
