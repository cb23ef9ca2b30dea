/** WebKitGTK, as far as tests of the page worker need a browser: by WebDriver, on a display of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, Page } from 'puppeteer-core';
import type { LaunchOptions, TestBrowser } from './browser.ts';
import { webkitPrograms, type WebkitPrograms } from './install.ts';
import { freePort } from './server-process.ts';
import { openPage } from './webkit-page.ts';

const BROWSER = path.join(import.meta.dirname, 'webkit-minibrowser.py');

/**
 * All in one process group, which ends when standard input closes: that happens whichever way we die. The display says
 * its own number, which no other can have taken meanwhile.
 */
const LAUNCHER = `
"$1" -displayfd 1 -nolisten tcp -screen 0 1280x1024x24 2>/dev/null </dev/null |
  { read -r number; DISPLAY=":$number" exec "$2" --port="$3"; } &
cat >/dev/null
kill 0`;

/** What would come to the window from the desktop of whoever runs the tests. */
const QUIET = { DBUS_SESSION_BUS_ADDRESS: 'disabled:', NO_AT_BRIDGE: '1', GSETTINGS_BACKEND: 'memory' };

/** Milliseconds. */
const START_LIMIT = 60_000;
const COMMAND_LIMIT = 60_000;

export class WebDriverError extends Error {
  override name = 'WebDriverError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

interface Answer {
  value: unknown;
}

/** A WebDriver session: it has one current window, so commands of several pages take turns. */
export class Session {
  #turn: Promise<unknown> = Promise.resolve();
  #window = '';
  readonly #base: string;
  readonly #first: string;

  /** @param first never shown to a test: the last window would take the session along */
  constructor(base: string, first: string) {
    this.#base = base;
    this.#first = first;
  }

  call(method: string, command: string, body?: object): Promise<unknown> {
    return request(method, this.#base + command, body);
  }

  /** Nobody else's command comes in between. */
  within<T>(window: string, steps: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(async () => {
      if (this.#window !== window) await this.call('POST', '/window', { handle: window });
      this.#window = window;
      return steps();
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async open(): Promise<string> {
    // from one that is there: the current one may be closed
    const opened = this.within(this.#first, () => this.call('POST', '/window/new', { type: 'window' }));
    return ((await opened) as { handle: string }).handle;
  }

  async close(window: string): Promise<void> {
    await this.within(window, async () => {
      this.#window = '';
      await this.call('DELETE', '/window');
    });
  }
}

/** A connection for each: the driver closes one that is idle, and a command cannot be sent twice. */
async function request(method: string, url: string, body?: object): Promise<unknown> {
  const sent = http.request(url, { method, agent: false });
  sent.setTimeout(COMMAND_LIMIT, () => {
    sent.destroy(new Error(`${method} ${url}: not answered in ${COMMAND_LIMIT / 1000} s`));
  });
  sent.end(body && JSON.stringify(body));
  const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  const { value } = JSON.parse(text) as Answer;
  if (response.statusCode === 200) return value;
  const { error = 'unknown error', message = '' } = value as { error?: string; message?: string };
  throw new WebDriverError(error, message);
}

/**
 * @param options `hosts` cannot be had: WebKit resolves `*.localhost` and what the machine resolves
 * @param tries a port is free when it is chosen; another process may take it before the driver does
 */
export async function launchWebkit(options: LaunchOptions, tries = 3): Promise<TestBrowser> {
  const { extension = true, hosts = [], insecure = false } = options;
  if (extension) throw new Error('WebKitGTK has no extensions: only the page worker runs in it');
  if (hosts.length > 0) throw new Error(`WebKitGTK cannot be told where ${hosts.join(', ')} are`);
  const programs = await webkitPrograms();
  const port = await freePort();
  const launcher = start(programs, port);
  try {
    return testBrowser(await newSession(port, programs.python, insecure), launcher);
  } catch (error) {
    await end(launcher);
    if (tries > 1) return launchWebkit(options, tries - 1);
    throw error;
  }
}

function start({ display, driver }: WebkitPrograms, port: number): ChildProcess {
  return spawn('/bin/sh', ['-c', LAUNCHER, 'sh', display, driver, String(port)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, ...QUIET },
  });
}

async function newSession(port: number, python: string, acceptInsecureCerts: boolean): Promise<Session> {
  const base = `http://127.0.0.1:${port}`;
  const isUp = (): Promise<boolean> =>
    request('GET', `${base}/status`).then(
      () => true,
      () => false,
    );
  for (const late = Date.now() + START_LIMIT; !(await isUp()); await pause(50)) {
    if (Date.now() > late) throw new Error(`WebKitWebDriver did not come up in ${START_LIMIT / 1000} s`);
  }
  const alwaysMatch = {
    // pages wait by themselves: the driver now and then misses that one has loaded, and waits for ever
    pageLoadStrategy: 'none',
    unhandledPromptBehavior: 'dismiss',
    acceptInsecureCerts,
    timeouts: { script: COMMAND_LIMIT, pageLoad: COMMAND_LIMIT },
    'webkitgtk:browserOptions': { binary: python, args: [BROWSER] },
  };
  const { sessionId } = (await request('POST', `${base}/session`, { capabilities: { alwaysMatch } })) as {
    sessionId: string;
  };
  const session = `${base}/session/${sessionId}`;
  return new Session(session, String(await request('GET', `${session}/window`)));
}

/** Its programs keep nothing on disk, so they need not be asked to end. */
async function end(launcher: ChildProcess): Promise<void> {
  if (launcher.exitCode !== null || launcher.signalCode !== null) return;
  const gone = once(launcher, 'exit');
  launcher.stdin?.end();
  await gone;
}

function testBrowser(session: Session, launcher: ChildProcess): TestBrowser {
  const opened: Page[] = [];
  const pages = (): Promise<Page[]> => Promise.resolve(opened.filter((page) => !page.isClosed()));
  const noExtension = (): Promise<never> => Promise.reject(new Error('WebKitGTK has no extension'));
  return {
    engine: 'webkit',
    // no more of it than tests of the page worker use
    puppeteer: { pages, defaultBrowserContext: () => ({ pages }) } as Browser,
    async newPage() {
      const page = await openPage(session);
      opened.push(page);
      return page;
    },
    openPopup: noExtension,
    turnOn: noExtension,
    grant: noExtension,
    storedText: noExtension,
    killBackground: () => Promise.reject(new Error('WebKitGTK gives nobody a way to end a service worker')),
    close: () => end(launcher),
  };
}
