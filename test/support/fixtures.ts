// Real Matrix web clients, built from npm packages once and kept outside of the repository.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, withLock } from './cache.ts';

export { cacheFolder } from './cache.ts';

export const clientNames = [
  'hydrogen',
  'vector-web',
  'riot-web',
  'js-sdk-0',
  'js-sdk-2',
  'js-sdk-24',
  'js-sdk-34',
] as const;
export type ClientName = (typeof clientNames)[number];
type Log = (line: string) => void;

/** Which folder of test/clients builds the site; one folder may build several. */
const sources: Record<ClientName, string> = {
  hydrogen: 'hydrogen',
  'vector-web': 'vector-web',
  'riot-web': 'riot-web',
  'js-sdk-0': 'js-sdk',
  'js-sdk-2': 'js-sdk',
  'js-sdk-24': 'js-sdk',
  'js-sdk-34': 'js-sdk',
};

const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
const stepLimit = 10 * 60_000;
const run = promisify(execFile);

/** The folder of the client's static site, built now unless it is in the cache. */
export async function clientSite(name: ClientName, log: Log = () => undefined): Promise<string> {
  const source = path.join(import.meta.dirname, '../clients', sources[name]);
  const target = path.join(cacheFolder('clients'), `${sources[name]}-${await keyOf(source)}`);
  if (!existsSync(target)) {
    await withLock(path.basename(target), async () => {
      if (!existsSync(target)) await make(source, target, log);
    });
  }
  return path.join(target, name);
}

/** Changes whenever the packages or the way to build them change. */
async function keyOf(source: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', 'build.mjs']) hash.update(await readFile(path.join(source, file)));
  return hash.digest('hex').slice(0, 16);
}

/** Builds beside the target and renames, so that a half-made site is never found there. */
async function make(source: string, target: string, log: Log): Promise<void> {
  const work = `${target}.work`;
  await rm(work, { recursive: true, force: true }); // left over by a build that was killed
  await mkdir(work);
  try {
    for (const file of ['package.json', 'package-lock.json', 'build.mjs']) {
      await cp(path.join(source, file), path.join(work, file));
    }
    log(`${path.basename(source)}: installing its npm packages (once)`);
    await step(work, source, 'npm', install, 'Is the npm registry reachable?');
    log(`${path.basename(source)}: building`);
    await step(work, source, process.execPath, ['build.mjs', 'sites'], 'Look at build.mjs in that folder.');
    await rename(path.join(work, 'sites'), target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function step(
  cwd: string,
  source: string,
  command: string,
  args: string[],
  hint: string,
): Promise<void> {
  try {
    await run(command, args, { cwd, timeout: stepLimit, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const what = `'${path.basename(command)} ${args.join(' ')}' for ${path.relative(process.cwd(), source)}`;
    throw new Error(`${what} failed. ${hint}\n${outputOf(error)}`, { cause: error });
  }
}

/** The last lines that the failed command wrote. */
function outputOf(error: unknown): string {
  const output = ['stdout', 'stderr'].map((name) =>
    error instanceof Error ? String(Reflect.get(error, name) ?? '') : '',
  );
  return output.join('\n').trim().split('\n').slice(-40).join('\n') || String(error);
}
