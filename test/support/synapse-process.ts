import { spawn, type ChildProcess } from 'node:child_process';
import crypto from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Running {
  folder: string;
  port: number;
  child: ChildProcess;
  pid: number;
}

const living = new Set<Running>();
process.on('exit', () => {
  for (const { child, folder } of living) {
    child.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
});

/**
 * The port is free when it is chosen; another process may take it before Synapse does.
 *
 * @param publicUrl what Synapse says that its URL is; default the real one
 */
export async function bringUp(python: string, name: string, publicUrl?: string, tries = 3): Promise<Running> {
  const running = await launch(python, name, await freePort(), publicUrl);
  try {
    await answers(running, name);
    return running;
  } catch (error) {
    const taken = /address already in use/i.test(String(error));
    await end(running);
    if (taken && tries > 1) return bringUp(python, name, publicUrl, tries - 1);
    throw error;
  }
}

/**
 * Reads standard input until it closes, which it does whichever way we die, also by SIGKILL when no handler of ours
 * runs, and takes Synapse and its data along.
 */
const launcher = `
import os, runpy, shutil, sys, threading
folder = os.getcwd()
def leave():
    while os.read(0, 4096): pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)
threading.Thread(target=leave, daemon=True).start()
sys.argv[0] = 'synapse'
runpy.run_module('synapse.app.homeserver', run_name='__main__')
`;

async function launch(
  python: string,
  name: string,
  port: number,
  publicUrl = `http://${name}.localhost:${port}/`,
): Promise<Running> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `homeward-synapse-${name}-`));
  const config = writeConfig(folder, name, port, publicUrl);
  const output = fs.openSync(path.join(folder, 'log.txt'), 'a');
  const child = spawn(python, ['-c', launcher, '--config-path', config], {
    cwd: folder,
    stdio: ['pipe', output, output],
  });
  fs.closeSync(output);
  await once(child, 'spawn').catch((error: unknown) => {
    fs.rmSync(folder, { recursive: true });
    throw error;
  });
  const running = { folder, port, child, pid: child.pid ?? 0 };
  living.add(running);
  return running;
}

/** JSON is YAML too, and needs no thought about quoting. */
function writeConfig(folder: string, name: string, port: number, publicUrl: string): string {
  const at = (file: string) => path.join(folder, file);
  const write = (file: string, text: string) => fs.writeFileSync(at(file), text);
  const config = at('homeserver.yaml');
  const seed = crypto.randomBytes(32).toString('base64').replace(/=+$/, '');
  // What --generate-keys would make, without another start of Python.
  write('signing.key', `ed25519 a_test ${seed}\n`);
  write('homeserver.yaml', JSON.stringify({ ...settings(name, port, publicUrl), ...files(at) }));
  const handler = { class: 'logging.FileHandler', filename: at('log.txt'), formatter: 'line' };
  const format = '%(asctime)s %(levelname)s %(name)s %(message)s';
  write(
    'log.yaml',
    JSON.stringify({
      version: 1,
      formatters: { line: { format } },
      handlers: { file: handler },
      root: { level: 'INFO', handlers: ['file'] },
      disable_existing_loggers: false,
    }),
  );
  return config;
}

function files(at: (file: string) => string): Record<string, unknown> {
  return {
    pid_file: at('homeserver.pid'),
    database: { name: 'sqlite3', args: { database: at('homeserver.db') } },
    log_config: at('log.yaml'),
    media_store_path: at('media'),
    signing_key_path: at('signing.key'),
  };
}

function settings(name: string, port: number, publicUrl: string): Record<string, unknown> {
  const free = { per_second: 10_000, burst_count: 10_000 };
  const resources = [{ names: ['client', 'media'], compress: false }];
  return {
    server_name: `${name}.localhost`,
    // With it the login answer has `well_known`.
    public_baseurl: publicUrl,
    listeners: [{ port, bind_addresses: ['127.0.0.1'], type: 'http', tls: false, resources }],
    // Nothing federates: ask no other server anything.
    federation_domain_whitelist: [],
    trusted_key_servers: [],
    report_stats: false,
    macaroon_secret_key: 'test',
    form_secret: 'test',
    enable_registration: true,
    enable_registration_without_verification: true,
    bcrypt_rounds: 4,
    presence: { enabled: false },
    rc_login: { address: free, account: free, failed_attempts: free },
    rc_message: free,
    rc_registration: free,
    rc_room_creation: free,
    rc_joins: { local: free, remote: free },
    rc_joins_per_room: free,
    rc_invites: { per_room: free, per_user: free, per_issuer: free },
    rc_media_create: free,
    rc_key_requests: free,
    rc_user_directory: free,
    rc_profile: free,
    rc_presence: { per_user: free },
  };
}

async function answers({ child, port, folder }: Running, name: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  let why = 'did not come up in 60 s';
  while (Date.now() < deadline) {
    const status = await fetch(`http://127.0.0.1:${port}/health`).then(
      (answer) => answer.status,
      () => 0,
    );
    if (child.exitCode !== null || child.signalCode !== null) {
      why = `ended with ${child.exitCode ?? child.signalCode}`;
      break;
    }
    if (status === 200) return;
    await sleep(50);
  }
  const tail = readLog(folder).trim().split('\n').slice(-30).join('\n');
  throw new Error(`Synapse ${name} ${why}:\n${tail}`);
}

/** Its data is thrown away, so it needs no time to shut down in order. */
export async function end(running: Running): Promise<void> {
  const { child, folder } = running;
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  living.delete(running);
}

export function readLog(folder: string): string {
  return fs.readFileSync(path.join(folder, 'log.txt'), 'utf8');
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  server.close();
  await once(server, 'close');
  return address.port;
}
