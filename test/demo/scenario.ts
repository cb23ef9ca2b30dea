/** The whole scenario without a person: each user signs in, reads, writes, reloads and signs out. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';
import type { TestBrowser } from '../support/browser.ts';
import { hydrogen } from '../support/drive-hydrogen.ts';
import { account } from './account.ts';
import { take, takeAll, type Log, type Step } from './steps.ts';
import { table, verdict } from './table.ts';
import type { Home, World } from './world.ts';

/** @returns whether all requests went where they should */
export async function playAll(world: World, browser: TestBrowser, log: Log): Promise<boolean> {
  await take(['turn the extension on for the site', () => browser.turnOn(world.site.origin)], log);
  const page = await browser.newPage();
  let isRight = true;
  for (const home of world.homes) isRight = (await play(world, home, page, log)) && isRight;
  log(`\n${isRight ? 'Everything went home.' : 'Not everything went home.'}`);
  return isRight;
}

/** Shows the account also of a play that failed half-way: it tells most about why. */
async function play(world: World, home: Home, page: Page, log: Log): Promise<boolean> {
  const { server, user } = home;
  const start = world.witness.all.length;
  log(`\n${user}, whose homeserver is ${server.name}, signs in at the portal.`);
  const failure = await takeAll(stepsOf(world, home, page), log);
  const seen = world.witness.all.slice(start);
  const result = account(seen, world.servers, { ...world.expected(), home: server.name });
  log(`\n${table(result)}\n${verdict(result, 'portal')}`);
  if (failure) throw failure;
  return result.problems.length === 0;
}

function stepsOf(world: World, { server, user, friend, room }: Home, page: Page): Step[] {
  const send = (text: string) => async (): Promise<void> => {
    await hydrogen.send(page, text);
    if (!server.timeline(room.id).some(({ body }) => body === text)) {
      throw new Error(`'${text}' is not in the room on ${server.name}`);
    }
  };
  return [
    ['open the client', () => hydrogen.open(page, world.site.origin)],
    ['sign in and sync', () => hydrogen.login(page, user, `pw-${user}`)],
    ['open the room', () => hydrogen.openRoom(page, room.id, room.name)],
    ['send', send(`${user} was here`)],
    [
      'receive',
      () => {
        server.send(friend, room.id, `${friend} saw that`);
        return hydrogen.waitForMessage(page, `${friend} saw that`);
      },
    ],
    ['reload and sync', () => hydrogen.reload(page)],
    ['send again', send(`${user} is still here`)],
    ['sign out', () => hydrogen.signOut(page)],
    // the client may have more to say
    ['wait for stragglers', () => sleep(500)],
  ];
}
