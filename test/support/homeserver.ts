import { newFaults, startFront } from './front.ts';
import type { Exchange, Faults } from './front.ts';
import { sendJson } from './http.ts';
import type { Tls } from './http.ts';
import { accountRoutes } from './homeserver-account.ts';
import { authRoutes } from './homeserver-auth.ts';
import type { Names } from './homeserver-auth.ts';
import { controls } from './homeserver-controls.ts';
import type { Controls } from './homeserver-controls.ts';
import { deviceRoutes } from './homeserver-devices.ts';
import { historyRoutes } from './homeserver-history.ts';
import { inviteRoutes } from './homeserver-invites.ts';
import { authenticatedMediaRoutes, mediaRoutes } from './homeserver-media.ts';
import { roomRoutes } from './homeserver-rooms.ts';
import { dispatch, fixed } from './homeserver-router.ts';
import type { Route } from './homeserver-router.ts';
import { Sessions } from './homeserver-sessions.ts';
import { MatrixError, Store } from './homeserver-store.ts';
import { streamRoutes } from './homeserver-streams.ts';
import { threepidRoutes } from './homeserver-threepids.ts';
import { Recorder } from './recorder.ts';

export type { Faults } from './front.ts';
export type { Issued } from './homeserver-controls.ts';

export interface HomeserverOptions {
  /** e.g. 'alpha': reached at http://alpha.localhost:PORT */
  name: string;
  /** URL host instead of NAME.localhost, e.g. 'alpha.test' */
  host?: string;
  /** default 127.0.0.1; '::1' for IPv6, which is then also the URL's host */
  listenHost?: string;
  /** default: a free one */
  port?: number;
  /** default NAME.localhost */
  serverName?: string;
  /** base path such as '/hs1': everything lives under it and anything else answers 404 */
  prefix?: string;
  /** registered at start, password 'pw-NAME' */
  users?: string[];
  /** what its own login answer says about itself; default 'neither' */
  names?: Names;
  /** default false: 403 to guest registrations */
  guests?: boolean;
  /** default true; false: 404 to downloads without a token, as on Synapse today */
  legacyMedia?: boolean;
  /** default true; false: a server from before v1.11, which knows nothing under /_matrix/client/v1/media */
  authenticatedMedia?: boolean;
  /** default: its own */
  recorder?: Recorder;
  tls?: Tls;
}

export interface Homeserver extends Controls {
  name: string;
  /** base URL with prefix, no trailing slash */
  url: string;
  serverName: string;
  recorder: Recorder;
  faults: Faults;
  close: () => Promise<void>;
}

function noBackup(): never {
  throw new MatrixError(404, 'M_NOT_FOUND', 'No backup found');
}

function notFound(): never {
  throw new MatrixError(404, 'M_NOT_FOUND', 'Not found');
}

/** What clients ask in passing and a test never looks at. */
function smallRoutes(): Route[] {
  return [
    ...fixed(['GET room_keys/:rest*', 'POST room_keys/version'], noBackup),
    ...fixed(['GET dehydrated_device', 'GET directory/room/:alias'], notFound),
    ...fixed(
      ['GET publicRooms', 'POST publicRooms'],
      () => ({ chunk: [], total_room_count_estimate: 0 }),
      'none',
    ),
    ...fixed(['GET voip/turnServer', 'GET thirdparty/protocols', 'PUT presence/:user/status'], () => ({})),
    ...fixed(['GET presence/:user/status'], () => ({ presence: 'online' })),
    ...fixed(['GET thirdparty/:kind', 'GET thirdparty/:kind/:protocol'], () => []),
    ...fixed(['GET notifications'], () => ({ notifications: [] })),
    ...fixed(['GET joined_groups'], () => ({ groups: [] })),
    ...fixed(['POST publicised_groups'], () => ({ users: {} })),
    ...fixed(['POST user_directory/search'], () => ({ results: [], limited: false })),
  ];
}

interface Tables {
  client: Route[];
  media: Route[];
  authenticatedMedia: Route[];
}

/** The table for a path, and the path within it: every version of the API answers alike. */
function locate(path: string, tables: Tables): [Route[], string] {
  const media = /^\/_matrix\/media\/(?:r0|v\d+)\/(.*)$/.exec(path)?.[1];
  if (media !== undefined) return [tables.media, media];
  const authenticated = /^\/_matrix\/client\/v1\/media\/(.*)$/.exec(path)?.[1];
  if (authenticated !== undefined) return [tables.authenticatedMedia, authenticated];
  if (path === '/_matrix/client/versions') return [tables.client, 'versions'];
  const client = /^\/_matrix\/client\/(?:api\/v1|r0|v\d+|unstable)\/(.*)$/.exec(path)?.[1];
  if (client === undefined || client === 'versions') return [[], path];
  // Only these two have been asked for under a namespace by clients that are tested here.
  return [tables.client, client.replace(/^org\.matrix\.[^/]+\/(?=(?:refresh|dehydrated_device)$)/, '')];
}

/** An in-memory homeserver, good enough for real clients of 2016 and later. */
export async function startHomeserver(options: HomeserverOptions): Promise<Homeserver> {
  const { name, serverName = `${name}.localhost`, names = 'neither', guests = false } = options;
  const { legacyMedia = true, authenticatedMedia = true } = options;
  const store = new Store(serverName);
  const sessions = new Sessions(name, store);
  const recorder = options.recorder ?? new Recorder();
  const faults = newFaults();
  for (const user of options.users ?? []) store.addUser(user, `pw-${user}`);
  const auth = authRoutes({ names, guests, faults, url: () => front.url });
  const tables: Tables = {
    client: [
      ...auth,
      ...accountRoutes(authenticatedMedia),
      ...deviceRoutes(),
      ...threepidRoutes(),
      ...roomRoutes(),
      ...inviteRoutes(),
      ...historyRoutes(),
      ...streamRoutes(),
      ...smallRoutes(),
    ],
    media: mediaRoutes(legacyMedia),
    authenticatedMedia: authenticatedMediaRoutes(authenticatedMedia),
  };
  const handle = async (exchange: Exchange) => {
    if (exchange.path.startsWith('/_matrix/')) {
      const [routes, path] = locate(exchange.path, tables);
      await dispatch(routes, store, sessions, exchange, path);
    } else sendJson(exchange.response, 404, { errcode: 'M_UNRECOGNIZED', error: 'Unrecognized request' });
  };
  const front = await startFront({ ...options, recorder, faults, handle });
  const { url, close } = front;
  return { name, url, serverName, recorder, faults, ...controls(store, sessions, faults), close };
}
