import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A folder that outlives the run, made where it is missing: what is fetched or installed once for all runs. */
export function cacheFolder(...parts: string[]): string {
  const xdg = process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache');
  const root = process.env['HOMEWARD_CACHE'] || path.join(xdg, 'homeward');
  const folder = path.resolve(root, ...parts);
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

let holders = 0;

/**
 * Runs `work` while no other process (nor another call here) runs work under the same name.
 *
 * The lock is a folder holding one file named after its owner. It is taken by renaming a prepared folder onto it,
 * which fails while a file is in it and succeeds over an empty one. So to break the lock of a dead process is to
 * delete exactly its file, and a slow breaker can never delete the file of the next owner.
 */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = cacheFolder('locks');
  const lock = path.join(locks, name.replace(/[^\w.-]+/g, '_'));
  holders += 1;
  const owner = `${process.pid}-${startTime(process.pid)}-${holders}`;
  await take(lock, owner);
  try {
    return await work();
  } finally {
    fs.rmSync(path.join(lock, owner), { force: true });
  }
}

async function take(lock: string, owner: string): Promise<void> {
  const prepared = fs.mkdtempSync(`${lock}.new-`);
  fs.writeFileSync(path.join(prepared, owner), '');
  let told = false;
  for (let waited = 0; !renamed(prepared, lock); waited += 100) {
    breakStale(lock);
    if (waited >= 10_000 && !told) {
      told = true;
      console.error(`waiting for the lock ${lock}, held by process ${ownersOf(lock).join(', ')}`);
    }
    await sleep(100);
  }
}

function renamed(from: string, to: string): boolean {
  try {
    fs.renameSync(from, to);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return false;
    throw error;
  }
}

function breakStale(lock: string): void {
  for (const owner of ownersOf(lock)) {
    const [pid, started] = owner.split('-');
    const alive = startTime(Number(pid)) === started;
    if (!alive) fs.rmSync(path.join(lock, owner), { force: true });
  }
}

function ownersOf(lock: string): string[] {
  try {
    return fs.readdirSync(lock);
  } catch {
    return [];
  }
}

/**
 * When the process began: a fresh container soon gives the pid of a dead owner to somebody else.
 * Where there is no /proc, only whether it is there at all: '0' or 'gone'.
 */
function startTime(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in brackets and may hold spaces; the start time is the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A container may never reap its dead.
    return fields[0] === 'Z' ? 'gone' : (fields[19] ?? '0');
  } catch {
    if (fs.existsSync('/proc/self/stat')) return 'gone';
  }
  try {
    process.kill(pid, 0);
    return '0';
  } catch (error) {
    return codeOf(error) === 'EPERM' ? '0' : 'gone';
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
