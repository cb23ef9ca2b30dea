/** A portal, a homeserver, three identity servers, and a site with a client that knows the portal and is0 only. */
import type { Form } from '../support/browser.ts';
import { clientSite, type ClientName } from '../support/fixtures.ts';
import { startHomeserver, type Homeserver } from '../support/homeserver.ts';
import { startIdentityServer, type IdentityServer } from '../support/identity-server.ts';
import { naming, startPortal } from '../support/portal.ts';
import { startSite, type Site } from '../support/static-site.ts';
import type { Expectation } from './account.ts';
import type { Named } from './identity-account.ts';
import { DATA, IdentityWitness } from './identity-witness.ts';
import { builtIn } from './world.ts';

/** What the plays of an identity part need of the servers, embedded or real. */
export interface Stage {
  readonly site: Site;
  readonly witness: IdentityWitness;
  /** Portal and homeservers. */
  readonly servers: readonly string[];
  readonly identityServers: readonly Named[];
  expected(): Expectation;
  close(): Promise<void>;
}

/** null: no identity server. */
export type ServerName = 'is0' | 'is1' | 'is2' | null;

/** What an account says of its identity server, and which one may be asked. */
export interface Truth {
  readonly says: string;
  readonly allowed: ServerName;
  /** By the servers' names and addresses; null: there is no such account data. */
  readonly content: (servers: Record<string, IdentityServer>) => Record<string, unknown> | null;
}

const names = (server: 'is1' | 'is2'): Truth => ({
  says: `names ${server}`,
  allowed: server,
  content: (servers) => ({ base_url: servers[server]?.url }),
});
const none: Truth = { says: 'wants none (null)', allowed: null, content: () => ({ base_url: null }) };

export interface Person {
  readonly user: string;
  readonly truth: Truth;
  /** What another client of theirs changes it to while they are signed in. */
  readonly later: readonly Truth[];
}

const absent: Truth = { says: 'says nothing', allowed: 'is0', content: () => null };
const invalid: Truth = {
  says: 'has no URL there, but a host and port (invalid)',
  allowed: null,
  content: ({ is1 }) => ({ base_url: is1?.idServer }),
};

export const people: readonly Person[] = [
  { user: 'anna', truth: absent, later: [] },
  { user: 'uma', truth: names('is1'), later: [] },
  { user: 'nora', truth: none, later: [] },
  { user: 'ivan', truth: invalid, later: [] },
  { user: 'lena', truth: names('is1'), later: [names('is2'), none] },
];

/** Each identity server has somebody else to tell of, so an answer tells whose it is. */
export const friend = 'friend@example.org';

export interface IdentityWorld extends Stage {
  readonly portal: string;
  roomOf(user: string): string;
  friendOf(server: string): string;
  tell(user: string, truth: Truth): void;
  /** Account data is not answered until the function that this gives is called. */
  withhold(): () => void;
}

export async function startIdentityWorld(
  client: ClientName,
  log: (line: string) => void,
  form: Form,
): Promise<IdentityWorld> {
  const root = await clientSite(client, log);
  const truths = new Map<string, Truth>();
  const witness = new IdentityWitness('is0', (userId) => truths.get(userId)?.allowed ?? null);
  const users = people.map(({ user }) => user);
  const alpha = await startHomeserver({ name: 'alpha', users, recorder: witness });
  const identityServers = await startIdentityServers(alpha, witness);
  const byName = Object.fromEntries(identityServers.map((server) => [server.name, server]));
  const identityServer = byName['is0']?.url ?? null;
  const route = (): string => alpha.url;
  const editLogin = naming.base_cs_url;
  const portal = await startPortal({ mode: 'proxy', route, editLogin, strict: true, recorder: witness });
  const replace = { [builtIn]: portal.url };
  const homeward = form === 'worker';
  const site = await startSite({ name: client, root, homeward, identityServer, replace });
  const rooms = new Map(users.map((user) => [user, alpha.createRoom(user, `Room of ${user}`)]));
  const tell = (user: string, truth: Truth): void => {
    truths.set(alpha.userId(user), truth);
    alpha.setAccountData(user, DATA, truth.content(byName));
  };
  for (const { user, truth } of people) tell(user, truth);
  return {
    site,
    witness,
    portal: portal.url,
    servers: ['portal', 'alpha'],
    identityServers,
    roomOf: (user) => rooms.get(user) ?? '',
    friendOf: (server) => friendOf(alpha, server),
    tell,
    withhold: () => withhold(alpha),
    expected: () => ({ portal: 'portal', issuers: issuers([alpha, ...identityServers]) }),
    close: async () => {
      await Promise.all([site, portal, alpha, ...identityServers].map((each) => each.close()));
    },
  };
}

async function startIdentityServers(alpha: Homeserver, recorder: IdentityWitness): Promise<IdentityServer[]> {
  const starting = ['is0', 'is1', 'is2'].map((name) =>
    startIdentityServer({ name, recorder, whoIs: alpha.openIdUser }),
  );
  const servers = await Promise.all(starting);
  for (const server of servers) server.bind('email', friend, friendOf(alpha, server.name));
  return servers;
}

function friendOf(alpha: Homeserver, server: string): string {
  return alpha.userId(`friend-at-${server}`);
}

function issuers(servers: readonly { name: string; tokens(): string[] }[]): Map<string, string> {
  return new Map(servers.flatMap(({ name, tokens }) => tokens().map((token) => [token, name] as const)));
}

function withhold({ faults }: Homeserver): () => void {
  let open = (): void => undefined;
  const opened = new Promise<false>((resolve) => {
    open = () => resolve(false);
  });
  faults.intercept = (request, _response, path) =>
    request.method === 'GET' && path.endsWith(DATA) ? opened : false;
  return () => {
    faults.intercept = null;
    open();
  };
}
