/** An account in each state signs in, looks somebody up, invites, reloads and signs out. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';
import { drivers } from '../support/drive.ts';
import { client, departure, invite, lookUp, play, untilKnown, type Complain } from './identity-play.ts';
import { friend, people, type IdentityWorld, type Person, type Truth } from './identity-world.ts';
import type { Log, Step } from './steps.ts';

/** While the account data is withheld the client has this long to ask too early. */
const PAUSE = 700;

/** @returns whether only those were asked that should be */
export async function playIdentity(world: IdentityWorld, page: Page, log: Log): Promise<boolean> {
  let isRight = true;
  for (const person of people) {
    const changes = person.later.map(({ says }) => `, then ${says}`).join('');
    log(`\n${person.user}, whose account ${person.truth.says}${changes}, signs in at the portal.`);
    const steps = (complain: Complain): Step[] => stepsOf(world, person, page, complain);
    isRight = (await play(world, 'alpha', steps, log)) && isRight;
  }
  return isRight;
}

function stepsOf(
  world: IdentityWorld,
  { user, truth, later }: Person,
  page: Page,
  complain: Complain,
): Step[] {
  const driver = drivers[client];
  let tell = (): void => undefined;
  const withheld = (action: () => Promise<void>) => () => {
    tell = world.withhold();
    return action();
  };
  const look = ({ allowed }: Truth): Promise<string> =>
    lookUp(page, friend, allowed && world.friendOf(allowed), complain);
  /** The client asks at once, and its homeserver takes its time to tell the account data. */
  const lookEarly = (now: Truth) => async (): Promise<string> => {
    const [told] = await Promise.all([look(now), sleep(PAUSE).then(() => tell())]);
    return told;
  };
  const inviteNow = ({ allowed }: Truth): Promise<string> =>
    invite(page, world.roomOf(user), 'guest@example.org', allowed !== null, complain);
  const changed = later.flatMap((next): Step[] => [
    [`another client: the account ${next.says}`, () => change(world, user, next, complain)],
    ['look a friend up', () => look(next)],
    ['invite by e-mail', () => inviteNow(next)],
  ]);
  const reload = (): Promise<void> => {
    world.witness.reopened();
    return driver.reload(page);
  };
  return [
    ['open the client', () => driver.open(page, world.site.origin)],
    ['sign in and sync', withheld(() => driver.login(page, user, `pw-${user}`))],
    ['look a friend up before the account data is there', lookEarly(truth)],
    ['invite by e-mail', () => inviteNow(truth)],
    ...changed,
    ['reload and sync', withheld(reload)],
    ['look the friend up before the account data is there', lookEarly(later.at(-1) ?? truth)],
    ...departure(page),
  ];
}

async function change(world: IdentityWorld, user: string, next: Truth, complain: Complain): Promise<void> {
  world.tell(user, next);
  await untilKnown(world, next.allowed, complain);
}
