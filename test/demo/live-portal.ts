/** What the demo of the portal shows in its window: Hydrogen, and somebody to talk with. */
import type { Recorded } from '../support/recorder.ts';
import { account } from './account.ts';
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
    answered: (recorded) => converse(recorded, homes),
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
    `Hydrogen, unmodified, is at ${site.origin} and knows of ${portal.url} only.`,
    'Sign in there as',
    ...logins,
    `and write to somebody, who will answer: ${friends}.`,
    'The button of the extension (behind the puzzle piece in the toolbar) shows where you are.',
    'Ctrl-C, or closing the browser, ends the demo.',
    '',
    'What portal and homeservers answer (* = with a token; preflights are left out):',
  ].join('\n');
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
