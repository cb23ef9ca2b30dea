/** The demo with a window: a person uses the client, and every request is told as it is answered. */
import { styleText } from 'node:util';
import type { TestBrowser } from '../support/browser.ts';
import type { Recorded } from '../support/recorder.ts';
import { account, leaks } from './account.ts';
import { table, verdict } from './table.ts';
import type { Home, World } from './world.ts';

type Log = (line: string) => void;
type Colour = Parameters<typeof styleText>[0];

const colours: Record<string, Colour> = { portal: 'yellow', alpha: 'cyan', beta: 'magenta' };

/** Ends when `stopped` does, or when the browser is closed. */
export async function live(
  world: World,
  browser: TestBrowser,
  stopped: Promise<void>,
  log: Log,
): Promise<void> {
  log(instructions(world));
  const paint = painter();
  world.witness.onAnswer = (recorded) => {
    tell(recorded, world, paint, log);
    converse(recorded, world.homes);
  };
  const closed = whenClosed(browser);
  await browser.turnOn(world.site.origin);
  const [first] = await browser.puppeteer.pages();
  const page = first ?? (await browser.newPage());
  await page.setViewport(null); // as large as the window
  await page.goto(`${world.site.origin}/`, { waitUntil: 'domcontentloaded' });
  await Promise.race([stopped, closed]);
  world.witness.onAnswer = () => undefined;
  for (const open of world.witness.requests(({ status }) => status === null)) tell(open, world, paint, log);
  const result = account(world.witness.all, world.servers, world.expected());
  log(`\n${table(result)}\n${verdict(result, 'portal')}`);
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

function tell(
  recorded: Recorded,
  world: World,
  paint: (colour: Colour, text: string) => string,
  log: Log,
): void {
  const { server, method, path, status, token } = recorded;
  if (method === 'OPTIONS') return;
  const time = new Date().toTimeString().slice(0, 8);
  const name = paint(colours[server] ?? 'white', server.padEnd(6));
  log(
    `${time}  ${name}  ${String(status ?? '...')} ${token === null ? ' ' : '*'} ${method.padEnd(4)} ${path}`,
  );
  if (leaks(recorded, world.expected())) {
    log(paint('red', `!!! A token reached ${server}, which has not issued it: ${method} ${path}`));
  }
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

async function whenClosed({ puppeteer }: TestBrowser): Promise<void> {
  await new Promise<void>((resolve) => {
    puppeteer.once('disconnected', () => resolve());
    // where a browser outlives its last window
    puppeteer.on('targetdestroyed', () => {
      void puppeteer.pages().then(
        (pages) => pages.length === 0 && resolve(),
        () => resolve(),
      );
    });
  });
}

function painter(): (colour: Colour, text: string) => string {
  const isPlain = !process.stdout.isTTY || Boolean(process.env['NO_COLOR']);
  return (colour, text) => (isPlain ? text : styleText(colour, text));
}
