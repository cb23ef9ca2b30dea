import { execFile } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder, withLock } from './cache.ts';
import { aptInstall, findCommand } from './install.ts';

const run = promisify(execFile);

const oldest = '3.10';

/** The bin folder of a Python that has Synapse. */
export async function synapseEnvironment(): Promise<string> {
  const requirements = fileURLToPath(new URL('synapse-requirements.txt', import.meta.url));
  return environment('synapse', requirements);
}

/** A virtual environment cannot be moved, so it is made in place and `.complete` tells when it is whole. */
async function environment(name: string, requirements: string): Promise<string> {
  const hash = crypto.createHash('sha256').update(fs.readFileSync(requirements)).digest('hex').slice(0, 16);
  const folder = path.join(cacheFolder('python'), `${name}-${hash}`);
  const bin = path.join(folder, 'bin');
  const complete = path.join(folder, '.complete');
  // The interpreter is a link to the system's, which may be gone since.
  const ready = () => fs.existsSync(complete) && fs.existsSync(path.join(bin, 'python'));
  if (ready()) return bin;
  return withLock(`python-${name}-${hash}`, async () => {
    if (ready()) return bin;
    const python = await systemPython();
    const began = Date.now();
    console.error(`making the Python environment for ${name} in ${folder}`);
    fs.rmSync(folder, { recursive: true, force: true });
    await execute(python, ['-m', 'venv', folder]);
    const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input', 'install', '--prefer-binary'];
    await execute(path.join(bin, 'python'), [...pip, '-r', requirements]);
    fs.writeFileSync(complete, '');
    console.error(`made it in ${Math.round((Date.now() - began) / 1000)} s`);
    return bin;
  });
}

async function systemPython(): Promise<string> {
  const python = (await usablePython()) ?? (await aptInstall(['python3', 'python3-venv'], usablePython));
  if (python) return python;
  throw new Error(
    `The tests run a real Synapse and need Python ${oldest} or later as python3, with its venv module. ` +
      'Debian and Ubuntu: apt-get install --no-install-recommends python3 python3-venv',
  );
}

/** Debian's python3 has venv but, without the package python3-venv, not the ensurepip that it calls. */
async function usablePython(): Promise<string | undefined> {
  const [major, minor] = oldest.split('.');
  const check = `import sys, venv, ensurepip; sys.exit(sys.version_info < (${major}, ${minor}))`;
  // One that is first on PATH may lack what Debian's own has after an installation.
  for (const python of [findCommand(['python3']), findCommand(['/usr/bin/python3'])]) {
    if (!python) continue;
    try {
      await run(python, ['-c', check]);
      return python;
    } catch {
      // not this one
    }
  }
  return undefined;
}

async function execute(command: string, args: string[]): Promise<void> {
  try {
    await run(command, args, { maxBuffer: 64 << 20 });
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    const tail = output.trim().split('\n').slice(-20).join('\n');
    throw new Error(`${[command, ...args].join(' ')} failed:\n${tail}`, { cause: error });
  }
}
