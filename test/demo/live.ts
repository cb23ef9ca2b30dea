/** The demo with a window: a person uses the client, and every request is told as it is answered. */
import { styleText } from 'node:util';
import type { TestBrowser } from '../support/browser.ts';
import type { Recorded } from '../support/recorder.ts';
import type { Site } from '../support/static-site.ts';
import { leaks, type Expectation } from './account.ts';
import type { Log } from './steps.ts';
import type { Witness } from './witness.ts';

type Colour = Parameters<typeof styleText>[0];

const colours: Record<string, Colour> = {
  portal: 'yellow',
  alpha: 'cyan',
  beta: 'magenta',
  is0: 'green',
  is1: 'blue',
  is2: 'blueBright',
};

/** What a person is shown. */
export interface Shown {
  readonly site: Site;
  readonly witness: Witness;
  readonly instructions: string;
  expected(): Expectation;
  /** Whatever else happens when a request has been answered; text is told below it. */
  answered?(recorded: Recorded): string | null;
  /** The account of it all. */
  summary(): string;
}

/** Ends when `stopped` does, or when the browser is closed. */
export async function live(
  shown: Shown,
  browser: TestBrowser,
  stopped: Promise<void>,
  log: Log,
): Promise<void> {
  const { site, witness } = shown;
  log(shown.instructions);
  const paint = painter();
  witness.onAnswer = (recorded) => {
    tell(recorded, shown, paint, log);
    const more = shown.answered?.(recorded);
    if (more) log(more);
  };
  const closed = whenClosed(browser);
  if (!site.homeward) await browser.turnOn(site.origin);
  const [first] = await browser.puppeteer.pages();
  const page = first ?? (await browser.newPage());
  await page.setViewport(null); // as large as the window
  await page.goto(`${site.origin}/`, { waitUntil: 'domcontentloaded' });
  await Promise.race([stopped, closed]);
  witness.onAnswer = () => undefined;
  for (const open of witness.requests(({ status }) => status === null)) tell(open, shown, paint, log);
  log(`\n${shown.summary()}`);
}

function tell(
  recorded: Recorded,
  shown: Shown,
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
  if (leaks(recorded, shown.expected())) {
    log(paint('red', `!!! A token reached ${server}, which has not issued it: ${method} ${path}`));
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
