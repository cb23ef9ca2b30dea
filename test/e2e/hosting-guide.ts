/** The snippets of HOSTING.md, run as whoever hosts a client would. */
import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Lab } from './lab.ts';

const run = promisify(execFile);

const top = path.resolve(import.meta.dirname, '../..');

/** What the guide has in the place of a deployer's own. */
export const ROOT = '/var/www/client';
export const SITE = 'https://chat.example.org/';
const IMAGE_ROOT = '/usr/share/nginx/html';

/** The names of all that are run: ```LANGUAGE hosting:NAME */
export const names = [
  'sums',
  'copy',
  'line',
  'add-line',
  'check',
  'nginx',
  'caddy',
  'container',
  'nginx-below',
  'csp',
  'integrity',
] as const;
type Name = (typeof names)[number];

export async function readGuide(): Promise<Map<string, string>> {
  const text = await fs.readFile(path.join(top, 'HOSTING.md'), 'utf8');
  const found = text.matchAll(/^( *)```(\S+)(?: hosting:(\S+))?\n(.*?)^ *```$/gms);
  return new Map(
    Array.from(found, ([, indent = '', language, name, body = '']) => [
      name ?? `a block of ${language} without a name`,
      body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    ]),
  );
}

/** @param values what goes into each of the guide's places; the snippet has to have them all */
export async function snippet(name: Name, values: Record<string, string> = {}): Promise<string> {
  let text = (await readGuide()).get(name);
  if (text === undefined) throw new Error(`HOSTING.md has no ${name}`);
  for (const [place, value] of Object.entries(values)) {
    if (!text.includes(place)) throw new Error(`${name} in HOSTING.md has no ${place}`);
    text = text.replaceAll(place, () => value);
  }
  return text;
}

/** Rejects when a command fails; answers what they print. */
export async function shell(commands: string, cwd = top): Promise<string> {
  return (await run('sh', ['-euc', commands], { cwd })).stdout;
}

/** The commands for `dist`, and for a client in a folder. */
export async function addFiles(folder: string): Promise<void> {
  await shell(await snippet('copy', { [ROOT]: folder }));
}

export async function addLine(folder: string): Promise<string> {
  return shell(await snippet('add-line', { [ROOT]: folder }));
}

/** What `docker build` makes of the document root that an image has; the repository is the context. */
export async function buildImage(root: string): Promise<void> {
  for (const line of (await snippet('container', { [IMAGE_ROOT]: root })).trim().split('\n')) {
    const [instruction, ...args] = line.split(' ');
    if (instruction === 'COPY') await shell(`cp ${args.slice(0, -1).join(' ')} ${root}/${args.at(-1)}`);
    else if (instruction === 'RUN') await shell(args.join(' '), root);
    else if (!['FROM', `WORKDIR ${root}`].includes(instruction === 'FROM' ? 'FROM' : line))
      throw new Error(`the test does not know ${line}`);
  }
}

/** A temporary folder that goes with the test. */
export async function folderOf(lab: Pick<Lab, 'keep'>, files: Record<string, string>): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'homeward-client-'));
  lab.keep({ close: () => fs.rm(folder, { recursive: true, force: true }) });
  for (const [name, text] of Object.entries(files)) await fs.writeFile(path.join(folder, name), text);
  return folder;
}

/**
 * A client that logs in at once, by its very first script, and stays so.
 *
 * @param base where its files are, as its page names them
 */
export function clientAt(portal: string, base = ''): Record<string, string> {
  return {
    'index.html': `<!doctype html>
<html>
  <head>
    <meta charset="utf-8">
    <title>client</title>
    <script src="${base}client.js"></script>
  </head>
  <body></body>
</html>
`,
    'client.js': `
const logIn = async () => {
  const identifier = { type: 'm.id.user', user: 'alice' };
  const body = JSON.stringify({ type: 'm.login.password', identifier, password: 'pw-alice' });
  const response = await fetch('${portal}/_matrix/client/v3/login', { method: 'POST', body });
  const { access_token: token } = await response.json();
  localStorage.setItem('token', token);
  return token;
};
const token = localStorage.getItem('token');
window.signedIn = token ? Promise.resolve(token) : logIn();
`,
  };
}
