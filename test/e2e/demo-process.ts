/** Runs the demo as `npm start` does, except for the build. */
import { spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const top = path.resolve(import.meta.dirname, '../..');

export interface Outcome {
  code: number | null;
  output: string;
  errors: string;
}

export interface DemoOptions {
  /** Of the repository, or a copy of it. */
  readonly folder?: string;
  readonly env?: Record<string, string>;
}

export async function demo(args: string[], { folder = top, env = {} }: DemoOptions = {}): Promise<Outcome> {
  const child = spawn(path.join(top, 'node_modules/.bin/tsx'), ['test/demo/main.ts', ...args], {
    cwd: folder,
    env: { ...process.env, DEBUG: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 170_000,
  });
  const outcome: Outcome = { code: null, output: '', errors: '' };
  child.stdout.on('data', (chunk: Buffer) => (outcome.output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (outcome.errors += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      outcome.code = code;
      resolve();
    });
  });
  return outcome;
}

/** What the demo is made of, besides the packages. */
const PARTS = [
  'dist',
  '_locales',
  'test/demo',
  'test/support',
  'test/clients',
  'package.json',
  'manifest.json',
];

/** Runs it in a copy whose Homeward is wrong: in these files of `dist` the text is replaced. */
export async function sabotagedDemo(
  args: string[],
  files: readonly string[],
  [from, to]: readonly [string, string],
): Promise<Outcome> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'homeward-demo-'));
  try {
    for (const part of PARTS) {
      await fs.cp(path.join(top, part), path.join(folder, part), { recursive: true });
    }
    await fs.symlink(path.join(top, 'node_modules'), path.join(folder, 'node_modules'));
    for (const file of files) {
      const copied = path.join(folder, 'dist', file);
      const text = await fs.readFile(copied, 'utf8');
      if (!text.includes(from)) throw new Error(`there is no '${from}' in ${file}`);
      await fs.writeFile(copied, text.replaceAll(from, to));
    }
    return await demo(args, { folder });
  } finally {
    await fs.rm(folder, { recursive: true });
  }
}
