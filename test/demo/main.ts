/** `npm start`: see options.ts for what it can do. */
import { launch, type LaunchOptions, type Engine, type TestBrowser } from '../support/browser.ts';
import { browserPath } from '../support/install.ts';
import { live } from './live.ts';
import { readOptions, usage, UsageError, type Options } from './options.ts';
import { playAll } from './scenario.ts';
import { startWorld, type World } from './world.ts';

const log = (line: string): void => console.log(line);

async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (options.help) {
    log(usage);
    return 0;
  }
  await browserPath(options.browser); // before anything is fetched or started
  const world = await startWorld(log);
  try {
    return await (options.headless ? playHeadless(world, options) : showLive(world, options));
  } finally {
    await world.close();
  }
}

async function playHeadless(world: World, options: Options): Promise<number> {
  const browser = await launch(options.browser, { headless: true });
  try {
    return (await playAll(world, browser, log)) ? 0 : 1;
  } finally {
    await browser.close();
  }
}

async function showLive(world: World, options: Options): Promise<number> {
  const browser = await launchUninterrupted(options.browser, { headless: false });
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
  });
  try {
    await live(world, browser, stopped, log);
    return 0;
  } finally {
    await browser.close().catch(() => undefined); // it may have been closed by hand
  }
}

/** Puppeteer would end this process at Ctrl-C; here there is an account to give first. */
async function launchUninterrupted(engine: Engine, options: LaunchOptions): Promise<TestBrowser> {
  const before = process.listeners('SIGINT');
  const browser = await launch(engine, options);
  for (const listener of process.listeners('SIGINT')) {
    if (!before.includes(listener)) process.off('SIGINT', listener);
  }
  return browser;
}

function explain(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  if (process.env['DEBUG']) console.error(error);
  else console.error(message.split('\n', 1)[0]);
  if (!(error instanceof UsageError)) return 1;
  console.error(`\n${usage}`);
  return 2;
}

process.exitCode = await main(process.argv.slice(2)).catch(explain);
