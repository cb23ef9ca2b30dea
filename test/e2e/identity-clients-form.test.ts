/**
 * riot-web pings its identity server before it shows its login form: that must not wait for an account, whatever is
 * known of an earlier session.
 */
import type { Page } from 'puppeteer-core';
import { afterAll, describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { drivers } from '../support/drive.ts';
import { clientAt, PLAIN_HOST, setUp, type Stage } from './identity-clients-stage.ts';
import { states } from './identity-clients-use.ts';
import { useLab } from './lab.ts';

type Before = (stage: Stage) => void;

const names = (state: 'absent' | 'URL' | 'null' | 'invalid'): Before => {
  return ({ identity, setIdentity }) => setIdentity(states[state].says((name) => identity[name].url));
};
const unanswered: Before = ({ alpha }) => {
  alpha.faults.delay.push({ path: /account_data\/m\.identity_server$/, ms: 600_000 });
};
/** What the account of the earlier session says; null: there was none. */
const rows: [string, Before | null][] = [
  ['none', null],
  ['of an account that names none', names('absent')],
  ['of an account that names one', names('URL')],
  ['of an account that wants none', names('null')],
  ['of an account with an invalid one', names('invalid')],
  // got: both pings wait 4 s each, though nobody is signed in who could read it
  ['of an account that could not be read', unanswered],
];

/** So many times as long as without Homeward: two pings that hang take ten and more. */
const LIMIT = 3;
/** Of two times that the form was opened. */
const DOCUMENTED_PINGS = 4;

const table = ['| earlier session | browser | form without Homeward, ms | with it |', '|---|---|---|---|'];
afterAll(() => console.log(table.join('\n')));

describe.each(engines)('the login form of riot-web in %s', (engine) => {
  const lab = useLab(engine, { hosts: [PLAIN_HOST] });
  const { 'riot-web': driver } = drivers;

  it.each(rows)('is there at once; earlier session: %s', play);

  async function play(what: string, before: Before | null): Promise<void> {
    const stage = await setUp(lab, 'riot-web');
    const { page, site, recorder, portal, identity } = stage;
    // not turned on there
    const plain = await clientAt(lab, 'riot-web', portal, identity.is0, recorder);
    const without = await quickest(() => driver.open(page, plain.origin));
    await driver.open(page, site.origin);
    if (before) {
      before(stage);
      await driver.login(page, 'alice', 'pw-alice');
      await page.goto(`${site.url}/config.json`);
      await forget(page);
    }
    const from = recorder.all.length;
    const withIt = await quickest(() => driver.open(page, site.origin));
    table.push(`| ${[what, engine, without, withIt].map(String).join(' | ')} |`);
    const asked = recorder.all.slice(from).filter(({ server }) => server.startsWith('is'));
    expect(asked.filter(({ path }) => !path.endsWith('/_matrix/identity/api/v1'))).toEqual([]);
    expect(asked.length).toBeLessThanOrEqual(DOCUMENTED_PINGS);
    expect(withIt / without).toBeLessThan(LIMIT);
  }
});

/** Milliseconds, of two times: the first may have to fill caches. */
async function quickest(what: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let time = 0; time < 2; time++) {
    const began = performance.now();
    await what();
    times.push(Math.round(performance.now() - began));
  }
  return Math.min(...times);
}

/** The client forgets its session and does not sign out. */
async function forget(page: Page): Promise<void> {
  await page.evaluate(() => {
    localStorage.clear();
    sessionStorage.clear();
  });
}
