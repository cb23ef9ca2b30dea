/** `npm start -- --identity` and `-- --synapse`, except for the build. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { demo, sabotagedDemo } from './demo-process.ts';
import { identityRows, REAL_STATES, RIGHT, STATES } from './demo-tables.ts';

describe('the demo of identity servers', { timeout: 180_000 }, () => {
  it.each(engines)('asks the right ones in every state, in %s', async (engine) => {
    const { code, output, errors } = await demo(['--identity', '--headless', '--browser', engine]);
    expect(output).toMatch(RIGHT);
    expect({ code, errors }).toMatchObject({ code: 0 });
    expect(identityRows(output)).toEqual(STATES);
    expect(output.match(/ reads of m\.identity_server, 0 writes\./g)).toHaveLength(5);
    expect(output).toContain('refused ("This account does not use an identity server.")');
    expect(output).toContain('refused ("The identity server address stored in this account is not valid.")');
  });

  it.each(engines)('asks the right ones of real servers, in %s', async (engine) => {
    const { code, output, errors } = await demo(['--synapse', '--headless', '--browser', engine]);
    expect(output).toMatch(RIGHT);
    expect({ code, errors }).toMatchObject({ code: 0 });
    expect(identityRows(output)).toEqual(REAL_STATES);
    expect(output).toMatch(/look alice@example\.org up: @alice:localhost:\d+$/m);
    expect(output.match(/look alice@example\.org up: refused/g)).toHaveLength(2);
  });

  it.each(engines)('fails with an extension that is wrong, in %s', async (engine) => {
    // it takes no request for one to an identity server
    const { code, output } = await sabotagedDemo(
      ['--identity', '--headless', '--browser', engine],
      [`${engine}/hook.js`],
      ['/^identity(', '/^nothing('],
    );
    expect(output).toContain(
      '    a look-up: @friend-at-is0:alpha.localhost, not @friend-at-is1:alpha.localhost',
    );
    expect(output).toContain('    is0: POST /_matrix/identity/v2/lookup (before the account data was known)');
    expect(output).toContain('    is0: POST /_matrix/identity/v2/lookup (the account has none)');
    expect(output).toMatch(/\n\nNot everything is right\.\n$/);
    expect(code).toBe(1);
  });

  it('is one of two', async () => {
    const both = await demo(['--identity', '--synapse']);
    expect(both).toMatchObject({ code: 2, output: '' });
    expect(both.errors).toMatch(/^--identity and --synapse are two demos: choose one\n/);
  });
});
