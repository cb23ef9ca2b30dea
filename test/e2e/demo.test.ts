/** `npm start` as a newcomer would run it, except for the build. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';

const top = path.resolve(import.meta.dirname, '../..');

interface Outcome {
  code: number | null;
  output: string;
  errors: string;
}

async function demo(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  const child = spawn(path.join(top, 'node_modules/.bin/tsx'), ['test/demo/main.ts', ...args], {
    cwd: top,
    env: { ...process.env, DEBUG: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 110_000,
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

describe('the demo', () => {
  it.each(engines)('plays the scenario in %s, and everything goes home', async (engine) => {
    const { code, output, errors } = await demo(['--headless', '--browser', engine]);
    expect(output).toMatch(/before login +after login +of these with the session's token +after sign-out/);
    const home = String.raw`1 +\d+ +[1-9]\d* +0`;
    expect(output).toMatch(new RegExp(`^  portal +3 +0 +0 +2\n  alpha +${home}\n  beta +0 +0 +0 +0$`, 'm'));
    expect(output).toMatch(new RegExp(`^  portal +3 +0 +0 +2\n  alpha +0 +0 +0 +0\n  beta +${home}$`, 'm'));
    expect(output.match(/\d s {2}reload and sync/g)).toHaveLength(2);
    expect(output).toMatch(/Everything went home\.\n$/);
    expect({ code, errors }).toMatchObject({ code: 0 });
  });

  it('tells how to use it', async () => {
    const help = await demo(['--help']);
    expect(help).toMatchObject({ code: 0, errors: '' });
    expect(help.output).toContain('--browser NAME');
    const [unknown, other] = await Promise.all([demo(['--fast']), demo(['--browser', 'lynx'])]);
    expect(unknown).toMatchObject({ code: 2, output: '' });
    expect(unknown.errors).toMatch(/--fast[^]*--browser NAME/);
    expect(other).toMatchObject({ code: 2, output: '' });
    expect(other.errors).toMatch(/^--browser is chromium or firefox, not 'lynx'\n/);
  });

  it('says in a line that a browser is missing', async () => {
    const outcome = await demo(['--headless'], { CHROMIUM: '/nowhere/chromium' });
    expect(outcome).toEqual({
      code: 1,
      output: '',
      errors: 'CHROMIUM names /nowhere/chromium, and there is no such program\n',
    });
  });
});
