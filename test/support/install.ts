import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { withLock } from './cache.ts';

const run = promisify(execFile);

const browsers = {
  chromium: {
    variable: 'CHROMIUM',
    apt: 'chromium',
    commands: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    elsewhere: [
      '/usr/lib/chromium/chromium',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ],
  },
  firefox: {
    variable: 'FIREFOX',
    apt: 'firefox-esr',
    commands: ['firefox-esr', 'firefox'],
    elsewhere: ['/Applications/Firefox.app/Contents/MacOS/firefox'],
  },
};

/** Where the browser, or what drives it, is; installed first where it is missing and we may. */
export async function browserPath(which: 'chromium' | 'firefox' | 'webkit'): Promise<string> {
  if (which === 'webkit') return (await webkitPrograms()).driver;
  const { variable, apt, commands, elsewhere } = browsers[which];
  const named = process.env[variable];
  if (named) {
    const found = findCommand([named]);
    if (!found) throw new Error(`${variable} names ${named}, and there is no such program`);
    return found;
  }
  const find = () => findCommand(commands) ?? elsewhere.find(isProgram);
  const there = find() ?? (await aptInstall([apt], find));
  if (there) return there;
  const command = `apt-get install --no-install-recommends ${apt}`;
  throw new Error(
    `No ${which} here: install one (Debian: ${command}) or name one with ${variable}=/path/to/it`,
  );
}

/** Debian's packages of web servers. */
const servers = { nginx: 'nginx-light', caddy: 'caddy' };

/** Where the web server is; installed first where it is missing and we may. */
export async function serverPath(name: keyof typeof servers): Promise<string> {
  const find = () => findCommand([name]);
  const there = find() ?? (await aptInstall([servers[name]], find));
  if (there) return there;
  throw new Error(`No ${name} here (Debian: apt-get install --no-install-recommends ${servers[name]})`);
}

/** What WebKitGTK is driven with. */
export interface WebkitPrograms {
  readonly driver: string;
  readonly display: string;
  /** It has the bindings for a browser of a few lines; those that are nobody's packages may be first on PATH. */
  readonly python: string;
}

const WEBKIT_PACKAGES = ['webkit2gtk-driver', 'xvfb', 'python3-gi', 'gir1.2-webkit2-4.1'];
const WEBKIT_BINDINGS = 'import gi; gi.require_version("WebKit2", "4.1"); import gi.repository.WebKit2';

/** Where they are; installed first where they are missing and we may. */
export async function webkitPrograms(): Promise<WebkitPrograms> {
  const find = async (): Promise<WebkitPrograms | undefined> => {
    const [driver, display] = [findCommand(['WebKitWebDriver']), findCommand(['Xvfb'])];
    const python = await pythonWith(WEBKIT_BINDINGS);
    return driver && display && python ? { driver, display, python } : undefined;
  };
  const there = (await find()) ?? (await aptInstall(WEBKIT_PACKAGES, find));
  if (there) return there;
  const command = `apt-get install --no-install-recommends ${WEBKIT_PACKAGES.join(' ')}`;
  throw new Error(`No WebKitGTK to drive here: install it (Debian: ${command})`);
}

async function pythonWith(program: string): Promise<string | undefined> {
  for (const python of [findCommand(['/usr/bin/python3']), findCommand(['python3'])]) {
    if (!python) continue;
    const works = await run(python, ['-c', program]).then(
      () => true,
      () => false,
    );
    if (works) return python;
  }
  return undefined;
}

/** The first of these commands that PATH, or the path itself, leads to. */
export function findCommand(commands: string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean);
  // Debian keeps these off the PATH of some services.
  folders.push('/usr/local/bin', '/usr/bin', '/usr/sbin', '/bin', '/snap/bin');
  for (const command of commands) {
    const places = command.includes('/')
      ? [path.resolve(command)]
      : folders.map((at) => path.join(at, command));
    const found = places.find(isProgram);
    if (found) return found;
  }
  return undefined;
}

/**
 * Installs Debian packages where we are root and apt-get exists, and answers what `find` then finds.
 * Looks again before it installs: another process may have done it while we waited.
 */
export async function aptInstall<T>(
  packages: string[],
  find: () => T | undefined | Promise<T | undefined>,
): Promise<T | undefined> {
  const aptGet = findCommand(['apt-get']);
  if (!aptGet || process.getuid?.() !== 0) return undefined;
  return withLock('apt', async () => {
    const found = await find();
    if (found !== undefined) return found;
    console.error(`installing ${packages.join(' ')} with apt-get`);
    const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, maxBuffer: 64 << 20 };
    // Others than we may hold dpkg's own lock, for instance a machine that updates itself as it boots.
    const wait = ['-o', 'DPkg::Lock::Timeout=300'];
    await run(aptGet, [...wait, 'update'], options);
    await run(aptGet, [...wait, 'install', '-y', '--no-install-recommends', ...packages], options);
    return find();
  });
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
