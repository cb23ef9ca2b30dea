/** `npm start`: see options.ts for what it can do. */
import { launch, type LaunchOptions, type Engine, type TestBrowser } from '../support/browser.ts';
import { browserPath } from '../support/install.ts';
import { live, type Shown } from './live.ts';
import { readOptions, usage, UsageError, type Options } from './options.ts';
import { parts, type Opened } from './parts.ts';

const log = (line: string): void => console.log(line);

async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (options.help) {
    log(usage);
    return 0;
  }
  await browserPath(options.browser); // before anything is fetched or started
  const { part, form, headless } = options;
  const isPlayed = headless || part === 'synapse';
  const opened = await parts[part](form, isPlayed, log);
  try {
    const { shown } = opened;
    return await (isPlayed || !shown ? play(opened, options) : show(shown, options));
  } finally {
    await opened.close();
  }
}

async function play(opened: Opened, { part, form, browser: engine, headless }: Options): Promise<number> {
  // the real identity servers have a certificate of ours
  const insecure = part === 'synapse';
  const browser = await launch(engine, { extension: form === 'extension', headless, insecure });
  try {
    return (await opened.play(browser, log)) ? 0 : 1;
  } finally {
    await browser.close();
  }
}

async function show(shown: Shown, options: Options): Promise<number> {
  const extension = options.form === 'extension';
  const browser = await launchUninterrupted(options.browser, { extension, headless: false });
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
  });
  try {
    await live(shown, browser, stopped, log);
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
