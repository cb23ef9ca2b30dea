/** `npm start -- --identity` and `-- --synapse`, except for the build. */
import { spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';

const top = path.resolve(import.meta.dirname, '../..');

interface Outcome {
  code: number | null;
  output: string;
  errors: string;
}

async function demo(args: string[], cwd = top): Promise<Outcome> {
  const child = spawn(path.join(top, 'node_modules/.bin/tsx'), ['test/demo/main.ts', ...args], {
    cwd,
    env: { ...process.env, DEBUG: '' },
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

/** The tables, a line each: nobody signed in, not yet known, known, asked by and named to a homeserver. */
function rows(output: string): string[] {
  return [...output.matchAll(/^ {2}(is\d(?: +\d+){5})$/gm)].map(([, row = '']) => row.replaceAll(/ +/g, ' '));
}

const nobody = (server: string): string => `${server} 0 0 0 0 0`;

const RIGHT = /\n\nOnly those were asked that should be\.\n$/;

describe('the demo of identity servers', () => {
  it.each(engines)('asks the right ones in every state, in %s', { timeout: 180_000 }, async (engine) => {
    const { code, output, errors } = await demo(['--identity', '--headless', '--browser', engine]);
    expect(output).toMatch(RIGHT);
    expect({ code, errors }).toMatchObject({ code: 0 });
    const states = [
      ['is0 0 0 8 0 1', nobody('is1'), nobody('is2')],
      [nobody('is0'), 'is1 0 0 8 0 1', nobody('is2')],
      [nobody('is0'), nobody('is1'), nobody('is2')],
      [nobody('is0'), nobody('is1'), nobody('is2')],
      [nobody('is0'), 'is1 0 0 5 0 1', 'is2 0 0 5 0 1'],
    ];
    expect(rows(output)).toEqual(states.flat());
    expect(output.match(/ reads of m\.identity_server, 0 writes\./g)).toHaveLength(5);
    expect(output).toContain('refused ("This account does not use an identity server.")');
    expect(output).toContain('refused ("The identity server address stored in this account is not valid.")');
  });

  it.each(engines)('asks the right ones of real servers, in %s', { timeout: 180_000 }, async (engine) => {
    const { code, output, errors } = await demo(['--synapse', '--headless', '--browser', engine]);
    expect(output).toMatch(RIGHT);
    expect({ code, errors }).toMatchObject({ code: 0 });
    expect(rows(output)).toEqual([nobody('is0'), 'is1 0 0 6 1 1', nobody('is0'), 'is1 0 0 6 0 0']);
    expect(output).toMatch(/look alice@example\.org up: @alice:localhost:\d+$/m);
    expect(output.match(/look alice@example\.org up: refused/g)).toHaveLength(2);
  });

  it.each(engines)('fails with an extension that is wrong, in %s', { timeout: 180_000 }, async (engine) => {
    const copy = await fs.mkdtemp(path.join(os.tmpdir(), 'homeward-demo-'));
    try {
      await sabotaged(copy);
      const { code, output } = await demo(['--identity', '--headless', '--browser', engine], copy);
      expect(output).toContain(
        '    a look-up: @friend-at-is0:alpha.localhost, not @friend-at-is1:alpha.localhost',
      );
      expect(output).toContain(
        '    is0: POST /_matrix/identity/v2/lookup (before the account data was known)',
      );
      expect(output).toContain('    is0: POST /_matrix/identity/v2/lookup (the account has none)');
      expect(output).toMatch(/\n\nNot everything is right\.\n$/);
      expect(code).toBe(1);
    } finally {
      await fs.rm(copy, { recursive: true });
    }
  });

  it('is one of two', async () => {
    const both = await demo(['--identity', '--synapse']);
    expect(both).toMatchObject({ code: 2, output: '' });
    expect(both.errors).toMatch(/^--identity and --synapse are two demos: choose one\n/);
  });
});

/** A copy of the demo whose extension takes no request for one to an identity server. */
async function sabotaged(copy: string): Promise<void> {
  for (const part of ['dist', 'test/demo', 'test/support', 'test/clients', 'package.json', 'manifest.json']) {
    await fs.cp(path.join(top, part), path.join(copy, part), { recursive: true });
  }
  await fs.symlink(path.join(top, 'node_modules'), path.join(copy, 'node_modules'));
  for (const engine of engines) {
    const hook = path.join(copy, 'dist', engine, 'hook.js');
    const text = await fs.readFile(hook, 'utf8');
    const without = text.replaceAll('/^identity(', '/^nothing(');
    expect(without).not.toBe(text);
    await fs.writeFile(hook, without);
  }
}
