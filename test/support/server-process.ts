import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server written in Python that runs as a process of its own. */
export interface Program {
  python: string;
  /** as `python -m` takes it */
  module: string;
  /** what people call it */
  kind: string;
  /** which of them */
  name: string;
}

/** How to start it in a folder that holds its configuration already. */
export interface Prepared {
  args: string[];
  /** over our own environment */
  env: Record<string, string>;
  /** answers 200 once it is up */
  health: string;
}

export interface Running<P extends Prepared = Prepared> {
  folder: string;
  prepared: P;
  child: ChildProcess;
  pid: number;
}

const living = new Set<Running>();
process.on('exit', () => {
  for (const { child, folder } of living) {
    child.kill('SIGKILL');
    remove(folder);
  }
});

/**
 * A port is free when it is chosen; another process may take it before the server does.
 *
 * @param prepare chooses the ports and writes the configuration into the folder
 */
export async function bringUp<P extends Prepared>(
  program: Program,
  prepare: (folder: string) => Promise<P>,
  tries = 3,
): Promise<Running<P>> {
  const running = await launch(program, prepare);
  try {
    await answers(program, running);
    return running;
  } catch (error) {
    const taken = /address already in use/i.test(String(error));
    await end(running);
    if (taken && tries > 1) return bringUp(program, prepare, tries - 1);
    throw error;
  }
}

/**
 * Reads standard input until it closes, which it does whichever way we die, also by SIGKILL when no handler of ours
 * runs, and takes the server and its data along.
 */
const launcher = `
import os, runpy, shutil, sys, threading
folder = os.getcwd()
def leave():
    while os.read(0, 4096): pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)
threading.Thread(target=leave, daemon=True).start()
sys.argv[0] = module = sys.argv.pop(1)
runpy.run_module(module, run_name='__main__')
`;

async function launch<P extends Prepared>(
  { python, module, kind, name }: Program,
  prepare: (folder: string) => Promise<P>,
): Promise<Running<P>> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `homeward-${kind.toLowerCase()}-${name}-`));
  try {
    const prepared = await prepare(folder);
    const output = fs.openSync(logFile(folder), 'a');
    const child = spawn(python, ['-c', launcher, module, ...prepared.args], {
      cwd: folder,
      env: { ...process.env, ...prepared.env },
      stdio: ['pipe', output, output],
    });
    fs.closeSync(output);
    await once(child, 'spawn');
    const running = { folder, prepared, child, pid: child.pid ?? 0 };
    living.add(running);
    return running;
  } catch (error) {
    remove(folder);
    throw error;
  }
}

async function answers({ kind, name }: Program, { child, prepared, folder }: Running): Promise<void> {
  const deadline = Date.now() + 60_000;
  let why = 'did not come up in 60 s';
  while (Date.now() < deadline) {
    const status = await fetch(prepared.health).then(
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
  throw new Error(`${kind} ${name} ${why}:\n${tail}`);
}

/** Its data is thrown away, so it needs no time to shut down in order. */
export async function end(running: Running): Promise<void> {
  const { child, folder } = running;
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  remove(folder);
  living.delete(running);
}

/** Where all that the server prints goes too. */
export function logFile(folder: string): string {
  return path.join(folder, 'log.txt');
}

export function readLog(folder: string): string {
  return fs.readFileSync(logFile(folder), 'utf8');
}

export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  server.close();
  await once(server, 'close');
  return address.port;
}

function remove(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
