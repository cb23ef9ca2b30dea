/** At real servers: alice publishes an address, and bob finds her by it until his account wants no identity server. */
import type { Page } from 'puppeteer-core';
import { drivers } from '../support/drive.ts';
import { bodyOf } from '../support/server-call.ts';
import type { FrontedSynapse } from '../support/synapse.ts';
import {
  client,
  departure,
  identity,
  invite,
  lookUp,
  play,
  untilKnown,
  type Complain,
} from './identity-play.ts';
import type { Log, Step } from './steps.ts';
import type { SynapseWorld } from './synapse-world.ts';

const driver = drivers[client];
const address = 'alice@example.org';

/** @returns whether only those were asked that should be */
export async function playSynapse(world: SynapseWorld, page: Page, log: Log): Promise<boolean> {
  const { alpha, beta, named } = world;
  await Promise.all([world.tell(alpha, 'alice', named), world.tell(beta, 'bob', named)]);
  log('\nalice, whose homeserver is alpha and whose account names is1, signs in at the portal.');
  const alice = await play(world, 'alpha', () => stepsOfAlice(world, page), log);
  log('\nbob, whose homeserver is beta and whose account names is1, then none, signs in at the portal.');
  const room = await beta.createRoom('bob', 'Room of bob', []);
  const bob = await play(world, 'beta', (complain) => stepsOfBob(world, page, room, complain), log);
  return alice && bob;
}

function stepsOfAlice(world: SynapseWorld, page: Page): Step[] {
  const { alpha, mail, named } = world;
  let validation = { sid: '', clientSecret: '' };
  return [
    ...arrival(world, page, alpha, 'alice'),
    [
      `register, accept the terms, and have a mail sent to ${address}`,
      async () => {
        validation = await identity.requestEmailToken(page, address);
      },
    ],
    [
      'read the mail and confirm',
      async () => {
        const { token } = await mail.codeFor(address);
        const { sid, clientSecret: client_secret } = validation;
        const where = '/_matrix/identity/v2/validate/email/submitToken';
        // as the link in the mail does, which needs no token of the account
        const query = new URLSearchParams({ sid, client_secret, token }).toString();
        const answer = await named.call('GET', `${where}?${query}`);
        if (answer.status !== 200) bodyOf(answer, where);
      },
    ],
    ['bind the address', () => identity.bind(page, validation.sid, validation.clientSecret)],
    ...departure(page),
  ];
}

function stepsOfBob(world: SynapseWorld, page: Page, room: string, complain: Complain): Step[] {
  const { alpha, beta } = world;
  const look = (expected: string | null) => () => lookUp(page, address, expected, complain);
  return [
    ...arrival(world, page, beta, 'bob'),
    [`look ${address} up`, look(alpha.userId('alice'))],
    [
      'another client: the account wants none (null)',
      async () => {
        await world.tell(beta, 'bob', null);
        await untilKnown(world, null, complain);
      },
    ],
    [`look ${address} up`, look(null)],
    ['invite by e-mail', () => invite(page, room, 'guest@example.org', false, complain)],
    [
      'reload and sync',
      () => {
        world.witness.reopened();
        return driver.reload(page);
      },
    ],
    [`look ${address} up`, look(null)],
    ...departure(page),
  ];
}

function arrival({ site }: SynapseWorld, page: Page, home: FrontedSynapse, user: string): Step[] {
  let room = '';
  const text = `${user} was here`;
  return [
    ['open the client', () => driver.open(page, site.origin)],
    ['sign in and sync', () => driver.login(page, user, `pw-${user}`)],
    [
      'send',
      async () => {
        room = await home.createRoom(user, 'Harbour', []);
        await driver.openRoom(page, room, 'Harbour');
        await driver.send(page, text);
        const messages = await home.messages(room, user);
        if (!messages.some(({ body }) => body === text)) {
          throw new Error(`'${text}' is not in the room on ${home.name}`);
        }
      },
    ],
  ];
}
