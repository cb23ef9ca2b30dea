/**
 * MSC2230 for real clients at embedded servers: whom each asks in each state of its account, before and after the
 * account data is known, and what it names to the homeserver.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { engines, type Engine } from '../support/browser.ts';
import { clients, PLAIN_HOST, setUp, type Client } from './identity-clients-stage.ts';
import { states, use, type StateName } from './identity-clients-use.ts';
import { expected, HEAD, shown, tableRow, witness } from './identity-clients-witness.ts';
import { useLab } from './lab.ts';

interface Row {
  client: Client;
  state: StateName;
}

/** Only riot-web takes what the account says for an address by itself. */
const isTold = ({ client, state }: Row): boolean => client === 'riot-web' || state !== 'invalid: not https';

const rows: Row[] = clients
  .flatMap((client) => (Object.keys(states) as StateName[]).map((state) => ({ client, state })))
  .filter(isTold);

/** By what `titleOf` gives. */
const table = new Map<string, string>();
const titleOf = ({ client, state }: Row, engine: Engine): string => `${client}, ${state}, ${engine}`;

afterAll(() => {
  const lines = rows.flatMap((row) => engines.map((engine) => table.get(titleOf(row, engine)) ?? ''));
  console.log([...HEAD, ...lines.filter(Boolean)].join('\n'));
});

// side by side: most of it is waiting
describe.concurrent.each(engines)('in %s', (engine) => {
  const lab = useLab(engine, { hosts: [PLAIN_HOST] });

  for (const row of rows) it.sequential(`${row.client}, ${row.state}`, () => play(engine, row));

  async function play(browser: Engine, row: Row): Promise<void> {
    const state = states[row.state];
    const stage = await setUp(lab, row.client);
    const began = Date.now();
    try {
      const outcome = await use(stage, state);
      table.set(titleOf(row, browser), tableRow(stage, row.state, browser, Date.now() - began));
      expect(witness(stage, outcome, state)).toEqual(expected(stage, state));
    } catch (cause) {
      throw new Error(`${String(cause)}\nreached the servers:\n${shown(stage).join('\n')}`, { cause });
    }
  }
});
