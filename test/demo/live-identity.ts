/** What the demo of identity servers shows in its window: riot-web, which the person uses, and the popup with it. */
import { account } from './account.ts';
import { identityAccount } from './identity-account.ts';
import { identityTable, identityVerdict } from './identity-table.ts';
import { friend, people, type IdentityWorld } from './identity-world.ts';
import type { Shown } from './live.ts';

/** Without a judgement: a person may turn to any server, and save it for all clients, in the popup. */
export function identityShown(world: IdentityWorld): Shown {
  const { site, witness, servers, identityServers } = world;
  return {
    site,
    witness,
    instructions: instructions(world),
    expected: () => world.expected(),
    summary() {
      const requests = account(witness.all, servers, world.expected());
      const result = identityAccount(witness.noted, identityServers);
      return `${identityTable(result)}\n${identityVerdict(result, requests, [])}`;
    },
  };
}

function instructions({ site, portal, identityServers }: IdentityWorld): string {
  const hosts = identityServers.map(({ name, idServer }) => `${name} is http://${idServer}`).join(', ');
  return [
    `Riot, ${site.homeward ? 'with the line for homeward.js in its page' : 'unmodified'}, is at ${site.origin}. It knows of ${portal} and of is0 only:`,
    `${hosts}.`,
    'Sign in there as',
    ...people
      .filter(({ later }) => later.length === 0) // what changes later is for a play
      .map(({ user, truth }) => `  ${user} with the password pw-${user}   (the account ${truth.says})`),
    `start a chat, and look ${friend} up: who is found there tells which identity server was asked.`,
    site.homeward
      ? `${site.origin}/homeward.html shows the account’s, and changes it.`
      : 'The button of the extension (behind the puzzle piece in the toolbar) shows the account’s, and changes it.',
    'Ctrl-C, or closing the browser, ends the demo.',
    '',
    'What portal, homeserver and identity servers answer (* = with a token; preflights are left out):',
  ].join('\n');
}
