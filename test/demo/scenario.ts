/** The whole scenario without a person: each user signs in, reads, writes, reloads and signs out. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';
import type { TestBrowser } from '../support/browser.ts';
import { hydrogen } from '../support/drive-hydrogen.ts';
import { until } from '../support/drive-page.ts';
import { account } from './account.ts';
import { takeAll, type Log, type Step } from './steps.ts';
import { table, verdict } from './table.ts';
import { turnOn } from './turn-on.ts';
import type { Home, World } from './world.ts';

/** @returns whether all requests went where they should */
export async function playAll(world: World, browser: TestBrowser, log: Log): Promise<boolean> {
  await turnOn(browser, world.site, log);
  const page = await browser.newPage();
  let isRight = true;
  for (const home of world.homes) isRight = (await play(world, home, page, browser, log)) && isRight;
  log(`\n${isRight ? 'Everything went home.' : 'Not everything went home.'}`);
  return isRight;
}

/** Shows the account also of a play that failed half-way: it tells most about why. */
async function play(world: World, home: Home, page: Page, browser: TestBrowser, log: Log): Promise<boolean> {
  const { server, user } = home;
  const start = world.witness.all.length;
  log(`\n${user}, whose homeserver is ${server.name}, signs in at the portal.`);
  const failure = await takeAll(stepsOf(world, home, page, browser), log);
  const seen = world.witness.all.slice(start);
  const result = account(seen, world.servers, { ...world.expected(), home: server.name });
  log(`\n${table(result)}\n${verdict(result, 'portal')}`);
  if (failure) throw failure;
  return result.problems.length === 0;
}

function stepsOf(world: World, home: Home, page: Page, browser: TestBrowser): Step[] {
  const { server, user, friend, room } = home;
  const { homeward, origin } = world.site;
  const send = (text: string) => async (): Promise<void> => {
    await hydrogen.send(page, text);
    if (!server.timeline(room.id).some(({ body }) => body === text)) {
      throw new Error(`'${text}' is not in the room on ${server.name}`);
    }
  };
  const allow = async (): Promise<void> => {
    await browser.grant(origin);
    await page.bringToFront();
  };
  const allowAccess: Step = ['allow access to the portal and the homeserver', allow];
  return [
    ['open the client', () => hydrogen.open(page, origin)],
    ['sign in and sync', () => signIn(page, user, homeward)],
    // the page worker needs none
    ...(homeward ? [] : [allowAccess]),
    ['open the room', () => hydrogen.openRoom(page, room.id, room.name)],
    ['see the picture', () => seePicture(page, home)],
    ['send', send(`${user} was here`)],
    [
      'receive',
      () => {
        server.send(friend, room.id, `${friend} saw that`);
        return hydrogen.waitForMessage(page, `${friend} saw that`);
      },
    ],
    ['reload and sync', () => hydrogen.reload(page)],
    ['see the picture again', () => seePicture(page, home)],
    ['send again', send(`${user} is still here`)],
    ['sign out', () => hydrogen.signOut(page)],
    // the client may have more to say
    ['wait for stragglers', () => sleep(500)],
  ];
}

async function signIn(page: Page, user: string, homeward: boolean): Promise<void> {
  await hydrogen.login(page, user, `pw-${user}`);
  if (!homeward) return;
  // a picture that is asked for before would be the portal's
  await until(page, 'the page worker is in charge', () => navigator.serviceWorker.controller !== null);
}

/** Its bytes have arrived and are a picture: a placeholder would be smaller. */
async function seePicture(page: Page, { picture }: Home): Promise<void> {
  await until(
    page,
    'the picture is shown',
    (id) =>
      [...document.querySelectorAll<HTMLImageElement>('.Timeline img')].some(
        (image) => image.src.includes(id ?? '') && image.complete && image.naturalWidth >= 100,
      ),
    picture,
  );
}
