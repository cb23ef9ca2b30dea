/** What the demo of the portal shows in its window: Hydrogen, and somebody to talk with. */
import type { Recorded } from '../support/recorder.ts';
import messages from '../../_locales/en/messages.json' with { type: 'json' };
import { account, isMedia } from './account.ts';
import type { Shown } from './live.ts';
import { table, verdict } from './table.ts';
import type { Home, World } from './world.ts';

export function portalShown(world: World): Shown {
  const { site, witness, homes, servers } = world;
  return {
    site,
    witness,
    instructions: instructions(world),
    expected: () => world.expected(),
    answered(recorded) {
      converse(recorded, homes);
      return site.homeward ? null : adviceOn(recorded);
    },
    summary() {
      const result = account(witness.all, servers, world.expected());
      return `${table(result)}\n${verdict(result, 'portal')}`;
    },
  };
}

function instructions({ site, portal, homes }: World): string {
  const logins = homes.map(
    ({ server, user }) => `  ${user} with the password pw-${user}   (on ${server.name})`,
  );
  const friends = homes.map(({ friend, room }) => `${friend} in '${room.name}'`).join(', ');
  return [
    site.homeward
      ? `Hydrogen, with the line for homeward.js in its page, is at ${site.origin} and knows of ${portal.url} only.`
      : `Hydrogen, unmodified, is at ${site.origin} and knows of ${portal.url} only.`,
    'Sign in there as',
    ...logins,
    `and write to somebody, who will answer: ${friends}.`,
    ...(site.homeward
      ? [`${site.origin}/homeward.html shows where you are.`]
      : [
          'The button of the extension (behind the puzzle piece in the toolbar) shows where you are.',
          `Pictures need access to portal and homeserver: press *${allow}* there when you have signed in.`,
        ]),
    'Ctrl-C, or closing the browser, ends the demo.',
    '',
    'What portal and homeservers answer (* = with a token; preflights are left out):',
  ].join('\n');
}

const allow = messages.grant.message;

/** What the client's service worker asks for, without access, is out of reach. */
function adviceOn({ server, method, path }: Recorded): string | null {
  if (server !== 'portal' || method === 'OPTIONS' || !isMedia(path)) return null;
  return `          A picture, which is missing now: press *${allow}* in the extension's popup and reload the page.`;
}

/** The other person in the room answers whatever is written there. */
function converse({ server: name, method, path, status }: Recorded, homes: readonly Home[]): void {
  const home = homes.find(({ server }) => server.name === name);
  if (!home || method !== 'PUT' || status !== 200 || !path.includes('/send/m.room.')) return;
  const { server, user, friend, room } = home;
  const last = server.timeline(room.id).at(-1);
  if (last?.sender === server.userId(user)) {
    server.send(friend, room.id, `${friend} on ${name} has read '${last.body}'.`);
  }
}
