/** A portal, the two homeservers behind it, and a site with an unmodified client that knows the portal only. */
import type { Form } from '../support/browser.ts';
import { clientSite } from '../support/fixtures.ts';
import { startHomeserver, type Homeserver } from '../support/homeserver.ts';
import { naming, startPortal, type Portal } from '../support/portal.ts';
import { startSite, type Site } from '../support/static-site.ts';
import type { Expectation } from './account.ts';
import { drawing, HEIGHT, WIDTH } from './drawing.ts';
import { Witness } from './witness.ts';

export interface Home {
  readonly server: Homeserver;
  /** Who signs in; the password is 'pw-' and the name. */
  readonly user: string;
  /** Somebody to talk with. */
  readonly friend: string;
  readonly room: { readonly id: string; readonly name: string };
  /** Media id of the picture in the room. */
  readonly picture: string;
}

export interface World {
  readonly site: Site;
  readonly portal: Portal;
  readonly homes: readonly Home[];
  /** What arrived at portal and homeservers, in order of arrival. */
  readonly witness: Witness;
  readonly servers: readonly string[];
  expected(): Expectation;
  close(): Promise<void>;
}

const people = [
  { server: 'alpha', user: 'alice', friend: 'carol', room: 'Harbour', tint: 0 },
  { server: 'beta', user: 'bob', friend: 'dave', room: 'Workshop', tint: 1 },
];

/** What the client was built with, in the place of the portal's address. */
export const builtIn = 'http://portal.localhost:8401';

export async function startWorld(log: (line: string) => void, form: Form = 'extension'): Promise<World> {
  const root = await clientSite('hydrogen', log);
  const witness = new Witness();
  const homes = await Promise.all(people.map((each) => startHome(each, witness)));
  const [first] = homes;
  if (!first) throw new Error('no homeservers');
  const homeOf = (name: string | null): Home =>
    homes.find(({ user, friend }) => name === user || name === friend) ?? first;
  const portal = await startPortal({
    mode: 'proxy',
    route: (user) => homeOf(user).server.url,
    editLogin: naming.base_cs_url,
    strict: true,
    recorder: witness,
  });
  const homeward = form === 'worker';
  const site = await startSite({ name: 'hydrogen', root, homeward, replace: { [builtIn]: portal.url } });
  const started = [site, portal, ...homes.map(({ server }) => server)];
  return {
    site,
    portal,
    homes,
    witness,
    servers: ['portal', ...homes.map(({ server }) => server.name)],
    expected: () => ({ portal: 'portal', issuers: issuers(homes) }),
    close: async () => {
      await Promise.all(started.map((each) => each.close()));
    },
  };
}

const HISTORY = 20;

async function startHome(
  { server: name, user, friend, room, tint }: (typeof people)[number],
  recorder: Witness,
): Promise<Home> {
  // pictures with a token only, as on homeservers today
  const server = await startHomeserver({ name, users: [user, friend], legacyMedia: false, recorder });
  const id = server.createRoom(friend, room, [user]);
  // where Hydrogen shows a room from its very beginning it does not load its pictures after a reload
  for (let hour = 1; hour <= HISTORY; hour += 1) server.send(friend, id, `${hour}:00, nothing in sight`);
  server.send(friend, id, `Welcome to ${name}, ${user}.`);
  server.send(friend, id, 'Your client still thinks that it talks to the portal.');
  server.send(user, id, 'Does it?');
  const picture = sendPicture(server, friend, id, drawing(tint));
  return { server, user, friend, room: { id, name: room }, picture };
}

/** @returns the media id */
function sendPicture(server: Homeserver, sender: string, room: string, body: Buffer): string {
  const [type, name] = ['image/png', 'boat.png'];
  const id = server.putMedia(body, type, name);
  const url = `mxc://${server.serverName}/${id}`;
  const info = { mimetype: type, size: body.length, w: WIDTH, h: HEIGHT };
  server.sendContent(sender, room, { msgtype: 'm.image', body: name, url, info });
  return id;
}

function issuers(homes: readonly Home[]): Map<string, string> {
  return new Map(
    homes.flatMap(({ server }) => server.tokens().map((token) => [token, server.name] as const)),
  );
}
