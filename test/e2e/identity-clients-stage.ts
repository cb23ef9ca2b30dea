/** The servers of one row of the grid of clients, one recorder for all of them, and when each document knew what. */
import type { Page } from 'puppeteer-core';
import { clientSite } from '../support/fixtures.ts';
import type { Homeserver } from '../support/homeserver.ts';
import { startIdentityServer, type IdentityServer } from '../support/identity-server.ts';
import type { Portal } from '../support/portal.ts';
import { Recorder } from '../support/recorder.ts';
import type { Site } from '../support/static-site.ts';
import { ACCOUNT_DATA } from './identity-calls.ts';
import type { Lab } from './lab.ts';

export const clients = ['riot-web', 'vector-web', 'js-sdk-0', 'js-sdk-2', 'js-sdk-24', 'js-sdk-34'] as const;
export type Client = (typeof clients)[number];

/** `is0` is the app's own, `is1` the account's, `is2` the account's later; `is3` no account may name: in the clear. */
export const serverNames = ['is0', 'is1', 'is2', 'is3'] as const;
export type ServerName = (typeof serverNames)[number];

export interface Stage {
  readonly client: Client;
  /** Of all servers and the client's site, so that it knows the order of what reached different ones. */
  readonly recorder: Recorder;
  readonly portal: Portal;
  readonly alpha: Homeserver;
  readonly identity: Record<ServerName, IdentityServer>;
  readonly site: Site;
  readonly page: Page;
  readonly roomId: string;
  /** How much had arrived when what the account says was to be learnt anew: login, reload, change. */
  readonly begun: number[];
  /** How much had arrived whenever the homeserver answered what the account says. */
  readonly known: number[];
  /** What the account says from now on; null: nothing. */
  setIdentity(content: Record<string, unknown> | null): void;
}

/** Where `is3` is. Resolved by the browser, see `LaunchOptions`. */
export const PLAIN_HOST = 'plain.test';

export const FRIEND = 'friend@example.org';
export const GUEST = 'guest@example.net';

/** Whom each server takes the friend for: a lookup tells who was asked. */
export function friendAt(name: ServerName): string {
  return `@friend-at-${name}:alpha.localhost`;
}

/** Long enough for a client that would not wait. */
const READ_MS = 300;

/** The client is not opened yet. */
export async function setUp(lab: Lab, client: Client): Promise<Stage> {
  const recorder = new Recorder();
  const alpha = await lab.homeserver({ recorder });
  const [portal, identity] = await Promise.all([
    lab.portal({ route: () => alpha.url, recorder }),
    identityServers(lab, alpha, recorder),
  ]);
  const site = await clientAt(lab, client, portal, identity.is0, recorder);
  await lab.popup.turnOn(site.origin);
  const page = lab.keep(await lab.browser.newPage());
  const roomId = alpha.createRoom('alice', 'Lobby', ['bob']);
  const known = readings(alpha, recorder);
  const setIdentity = (content: Record<string, unknown> | null): void =>
    alpha.setAccountData('alice', ACCOUNT_DATA, content);
  return { client, recorder, portal, alpha, identity, site, page, roomId, begun: [], known, setIdentity };
}

/** The client as it is, configured for these servers, at an origin of its own. */
export async function clientAt(
  lab: Lab,
  client: Client,
  portal: Portal,
  is0: IdentityServer,
  recorder: Recorder,
): Promise<Site> {
  const replace = { 'http://portal.localhost:8401': portal.url };
  const root = await clientSite(client);
  return lab.site({ name: client, root, files: {}, replace, identityServer: is0.url, recorder });
}

/**
 * With terms: without any, riot-web asks whether to trust its default, and writes that into the account when *Trust*
 * is pressed. Terms, the driver accepts.
 */
async function identityServers(lab: Lab, alpha: Homeserver, recorder: Recorder): Promise<Stage['identity']> {
  const start = async (name: ServerName): Promise<IdentityServer> => {
    const terms = { privacy: { version: '1', name: 'Privacy', url: `https://${name}.invalid/privacy` } };
    const host = name === 'is3' ? { host: PLAIN_HOST } : {};
    const server = await startIdentityServer({ name, recorder, terms, whoIs: alpha.openIdUser, ...host });
    server.bind('email', FRIEND, friendAt(name));
    return lab.keep(server);
  };
  return {
    is0: await start('is0'),
    is1: await start('is1'),
    is2: await start('is2'),
    is3: await start('is3'),
  };
}

function readings({ faults }: Homeserver, recorder: Recorder): number[] {
  const known: number[] = [];
  faults.delay.push({ path: /account_data\/m\.identity_server$/, ms: READ_MS });
  faults.intercept = (request, response, path) => {
    if (request.method === 'GET' && path.endsWith(ACCOUNT_DATA))
      response.once('prefinish', () => known.push(recorder.all.length));
    return false;
  };
  return known;
}
