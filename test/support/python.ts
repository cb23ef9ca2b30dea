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
  return path.join(await environment('synapse', requirements), 'bin');
}

/** A Python that has Sydent, and the mail templates that only its source distribution has. */
export async function sydentEnvironment(): Promise<{ python: string; templates: string }> {
  const requirements = fileURLToPath(new URL('sydent-requirements.txt', import.meta.url));
  const folder = await environment('sydent', requirements, fetchTemplates);
  return { python: path.join(folder, 'bin', 'python'), templates: path.join(folder, 'res') };
}

const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input'];

async function fetchTemplates(folder: string, requirements: string): Promise<void> {
  const python = path.join(folder, 'bin', 'python');
  const pin = /^matrix-sydent==.*$/m.exec(fs.readFileSync(requirements, 'utf8'))?.[0] ?? 'matrix-sydent';
  const source = path.join(folder, 'source');
  const options = ['--no-deps', '--no-binary', 'matrix-sydent', '--dest', source];
  await execute(python, [...pip, 'download', ...options, pin]);
  const unpack = `import glob, shutil, sys
for archive in glob.glob('*.tar.gz'): shutil.unpack_archive(archive)
shutil.move(glob.glob('*/res')[0], sys.argv[1])`;
  await execute(python, ['-c', unpack, folder], source);
  fs.rmSync(source, { recursive: true });
  const template = path.join(folder, 'res', 'matrix-org', 'verification_template.eml.j2');
  if (!fs.existsSync(template)) throw new Error(`the source distribution of ${pin} has no ${template}`);
}

/** A virtual environment cannot be moved, so it is made in place and `.complete` tells when it is whole. */
async function environment(
  name: string,
  requirements: string,
  finish?: (folder: string, requirements: string) => Promise<void>,
): Promise<string> {
  const hash = crypto.createHash('sha256').update(fs.readFileSync(requirements)).digest('hex').slice(0, 16);
  const folder = path.join(cacheFolder('python'), `${name}-${hash}`);
  const bin = path.join(folder, 'bin');
  const complete = path.join(folder, '.complete');
  // The interpreter is a link to the system's, which may be gone since.
  const ready = () => fs.existsSync(complete) && fs.existsSync(path.join(bin, 'python'));
  if (ready()) return folder;
  return withLock(`python-${name}-${hash}`, async () => {
    if (ready()) return folder;
    const python = await systemPython();
    const began = Date.now();
    console.error(`making the Python environment for ${name} in ${folder}`);
    fs.rmSync(folder, { recursive: true, force: true });
    await execute(python, ['-m', 'venv', folder]);
    await execute(path.join(bin, 'python'), [...pip, 'install', '--prefer-binary', '-r', requirements]);
    await finish?.(folder, requirements);
    fs.writeFileSync(complete, '');
    console.error(`made it in ${Math.round((Date.now() - began) / 1000)} s`);
    return folder;
  });
}

async function systemPython(): Promise<string> {
  const python = (await usablePython()) ?? (await aptInstall(['python3', 'python3-venv'], usablePython));
  if (python) return python;
  throw new Error(
    `The tests run real servers (Synapse, Sydent) and need Python ${oldest} or later as python3, with its venv module. ` +
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

async function execute(command: string, args: string[], cwd?: string): Promise<void> {
  try {
    await run(command, args, { cwd, maxBuffer: 64 << 20 });
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    const tail = output.trim().split('\n').slice(-20).join('\n');
    throw new Error(`${[command, ...args].join(' ')} failed:\n${tail}`, { cause: error });
  }
}
