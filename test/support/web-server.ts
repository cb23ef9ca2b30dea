/** Debian's nginx and Caddy, each as a process of ours with its configuration in a temporary folder. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { serverPath } from './install.ts';
import { freePort } from './server-process.ts';

const run = promisify(execFile);

export interface WebServer {
  /** On 127.0.0.1. */
  readonly port: number;
  close(): Promise<void>;
}

interface Kind {
  readonly name: 'nginx' | 'caddy';
  /** Writes the configuration into the folder, and answers how the server is told. */
  prepare(folder: string, config: string): Promise<string[]>;
}

/** @param config the `server { … }` blocks, for this port of 127.0.0.1 */
export function startNginx(config: (port: number) => string): Promise<WebServer> {
  return start({ name: 'nginx', prepare: prepareNginx }, config);
}

/** @param config the site blocks, for this port of 127.0.0.1 */
export function startCaddy(config: (port: number) => string): Promise<WebServer> {
  return start({ name: 'caddy', prepare: prepareCaddy }, config);
}

/** A port is free when it is chosen; another process may take it before the server does. */
async function start(kind: Kind, config: (port: number) => string, tries = 3): Promise<WebServer> {
  const port = await freePort();
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), `homeward-${kind.name}-`));
  const log = path.join(folder, 'log.txt');
  let child: ChildProcess | null = null;
  const close = async (): Promise<void> => {
    if (child) await end(child);
    await fs.rm(folder, { recursive: true, force: true });
  };
  try {
    const args = await kind.prepare(folder, config(port));
    child = await launch([await serverPath(kind.name), ...args], folder, log);
    await answers(kind.name, child, port, log);
    return { port, close };
  } catch (error) {
    await close();
    if (tries > 1 && /address already in use/i.test(String(error))) return start(kind, config, tries - 1);
    throw error;
  }
}

/** Ends the server and takes its folder along when standard input closes, which it does whichever way we die. */
const KEEPER = `
exec 3<&0
"$@" & server=$!
{ cat; rm -rf "$PWD"; kill -9 "$server"; } <&3 >/dev/null & keeper=$!
wait "$server"; status=$?
kill "$keeper"
exit "$status"
`;

async function launch(command: string[], folder: string, log: string): Promise<ChildProcess> {
  const output = await fs.open(log, 'a');
  const child = spawn('sh', ['-c', KEEPER, 'sh', ...command], {
    cwd: folder,
    env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    stdio: ['pipe', output.fd, output.fd],
  });
  await once(child, 'spawn');
  await output.close();
  return child;
}

/** Its data is thrown away, so it needs no time to shut down in order. */
async function end(child: ChildProcess): Promise<void> {
  const gone = child.exitCode === null ? once(child, 'exit') : null;
  child.stdin?.end();
  await gone;
}

async function answers(name: string, child: ChildProcess, port: number, log: string): Promise<void> {
  for (const limit = Date.now() + 30_000; Date.now() < limit && child.exitCode === null; await pause(20)) {
    const there = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    // another's, if ours has ended meanwhile
    if (there && child.exitCode === null) return;
  }
  const tail = (await fs.readFile(log, 'utf8')).trim().split('\n').slice(-20).join('\n');
  const why = child.exitCode === null ? 'did not come up in 30 s' : `ended with ${child.exitCode}`;
  throw new Error(`${name} ${why}:\n${tail}`);
}

async function prepareNginx(folder: string, servers: string): Promise<string[]> {
  const { stderr: built } = await run(await serverPath('nginx'), ['-V']);
  const types = path.join(path.dirname(/--conf-path=(\S+)/.exec(built)?.[1] ?? ''), 'mime.types');
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  // one process, which ends with its keeper, and reads what only we may read
  const config = `
daemon off;
master_process off;
pid nginx.pid;
events {}
http {
  include ${types};
  default_type application/octet-stream;
  access_log off;
  ${kinds.map((kind) => `${kind}_temp_path ${kind};`).join('\n  ')}
  ${servers}
}
`;
  await fs.writeFile(path.join(folder, 'nginx.conf'), config);
  return ['-p', folder, '-e', 'stderr', '-c', 'nginx.conf'];
}

async function prepareCaddy(folder: string, sites: string): Promise<string[]> {
  // the server's own interface has a fixed port, and is the service's if there is one
  await fs.writeFile(path.join(folder, 'Caddyfile'), `{\n\tadmin off\n\tauto_https off\n}\n${sites}`);
  return ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'];
}
