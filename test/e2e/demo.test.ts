/** `npm start` as a newcomer would run it, except for the build. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { demo } from './demo-process.ts';

/** The tables, a line for each server. */
function rows(output: string): string[][] {
  const lines = [...output.matchAll(/^ {2}((?:portal|alpha|beta)(?: +\d+){6})$/gm)];
  const plain = lines.map(([, row = '']) => row.replaceAll(/ +/g, ' '));
  return [plain.slice(0, 3), plain.slice(3)];
}

/** One login, requests with the token, and no picture without it. */
const AT_HOME = /^(?:alpha|beta) 1 \d+ [1-9]\d* 0 0 [1-9]\d*$/;

describe('the demo', { timeout: 180_000 }, () => {
  it.each(engines)('plays the scenario in %s, and everything goes home', async (engine) => {
    const { code, output, errors } = await demo(['--headless', '--browser', engine]);
    expect(output).toMatch(
      /before login +after login +of these with the session's token +after sign-out +media without a token +with one\n/,
    );
    expect(rows(output)).toMatchObject([
      ['portal 3 0 0 2 0 0', expect.stringMatching(AT_HOME), 'beta 0 0 0 0 0 0'],
      ['portal 3 0 0 2 0 0', 'alpha 0 0 0 0 0 0', expect.stringMatching(AT_HOME)],
    ]);
    expect(output.match(/\d s {2}(reload and sync|see the picture( again)?)\n/g)).toHaveLength(6);
    expect(output).toMatch(/Everything went home\.\n$/);
    expect({ code, errors }).toMatchObject({ code: 0 });
  });

  it('tells how to use it', async () => {
    const help = await demo(['--help']);
    expect(help).toMatchObject({ code: 0, errors: '' });
    expect(help.output).toContain('--browser NAME');
    const [unknown, other, form] = await Promise.all([
      demo(['--fast']),
      demo(['--browser', 'lynx']),
      demo(['--form', 'bookmarklet']),
    ]);
    expect(unknown).toMatchObject({ code: 2, output: '' });
    expect(unknown.errors).toMatch(/--fast[^]*--browser NAME/);
    expect(other).toMatchObject({ code: 2, output: '' });
    expect(other.errors).toMatch(/^--browser is chromium or firefox, not 'lynx'\n/);
    expect(form).toMatchObject({ code: 2, output: '' });
    expect(form.errors).toMatch(/^--form is extension or worker, not 'bookmarklet'\n/);
  });

  it('says in a line that a browser is missing', async () => {
    const outcome = await demo(['--headless'], { env: { CHROMIUM: '/nowhere/chromium' } });
    expect(outcome).toEqual({
      code: 1,
      output: '',
      errors: 'CHROMIUM names /nowhere/chromium, and there is no such program\n',
    });
  });
});
