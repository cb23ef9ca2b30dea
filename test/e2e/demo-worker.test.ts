/** `npm start -- --form worker`, and with `--identity` and `--synapse`, except for the build. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { demo, sabotagedDemo } from './demo-process.ts';
import { identityRows, REAL_STATES, RIGHT, rows, STATES } from './demo-tables.ts';

const play = (...more: string[]): string[] => ['--form', 'worker', '--headless', ...more];

const SERVERS = /^ {2}((?:portal|alpha|beta)(?: +\d+){6})$/gm;

/** One login, requests with the token, and no picture without it. */
const AT_HOME: unknown = expect.stringMatching(/^(?:alpha|beta) 1 \d+ [1-9]\d* 0 0 [1-9]\d*$/);

describe('the demo of the page worker', { timeout: 180_000 }, () => {
  it.each(engines)('plays the scenario in %s, and everything goes home', async (engine) => {
    const { code, output, errors } = await demo(play('--browser', engine));
    expect(rows(output, SERVERS)).toEqual([
      'portal 3 0 0 2 0 0',
      AT_HOME,
      'beta 0 0 0 0 0 0',
      'portal 3 0 0 2 0 0',
      'alpha 0 0 0 0 0 0',
      AT_HOME,
    ]);
    expect(output).not.toMatch(/extension|allow access/);
    expect(output.match(/\d s {2}(reload and sync|see the picture( again)?)\n/g)).toHaveLength(6);
    expect(output).toMatch(/Everything went home\.\n$/);
    expect({ code, errors }).toMatchObject({ code: 0 });
  });

  it.each(engines)('asks the right identity servers, in %s', async (engine) => {
    const { code, output, errors } = await demo(play('--identity', '--browser', engine));
    expect(output).toMatch(RIGHT);
    expect({ code, errors }).toMatchObject({ code: 0 });
    expect(identityRows(output)).toEqual(STATES);
    expect(output.match(/ reads of m\.identity_server, 0 writes\./g)).toHaveLength(5);
  });

  it.each(engines)('goes home to real servers, in %s', async (engine) => {
    const { code, output, errors } = await demo(play('--synapse', '--browser', engine));
    expect(output).toMatch(RIGHT);
    expect({ code, errors }).toMatchObject({ code: 0 });
    expect(identityRows(output)).toEqual(REAL_STATES);
  });

  // what these show is the demo's own, whatever the browser
  it('fails with a worker that answers nothing', async () => {
    const { code, output, errors } = await sabotagedDemo(
      play('--browser', 'chromium'),
      ['worker/homeward-sw.js'],
      ['_matrix', '_nothing'],
    );
    expect(output).toMatch(
      /\n {2}Not right:\n(?: {4}.*\n)* {4}portal: GET \/_matrix\/.*\/media\/.* \(with a token of alpha\)\n/,
    );
    expect(output).not.toContain('Everything went home.');
    expect(errors).toMatch(/^the picture is shown: /m);
    expect(code).toBe(1);
  });

  it('fails with a bootstrap that is wrong', async () => {
    // it takes no request for one to an identity server
    const { code, output } = await sabotagedDemo(
      play('--identity', '--browser', 'chromium'),
      ['worker/homeward.js'],
      ['/^identity(', '/^nothing('],
    );
    expect(output).toContain('    is0: POST /_matrix/identity/v2/lookup (the account has none)');
    expect(output).toMatch(/\n\nNot everything is right\.\n$/);
    expect(code).toBe(1);
  });
});
