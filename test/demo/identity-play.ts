/** One account at an identity server's mercy: its steps, and then who was asked what. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';
import { identityDrivers } from '../support/drive-identity.ts';
import { drivers } from '../support/drive.ts';
import { account } from './account.ts';
import { identityAccount } from './identity-account.ts';
import { identityTable, identityVerdict } from './identity-table.ts';
import type { Stage } from './identity-world.ts';
import { takeAll, type Log, type Step } from './steps.ts';

export type Complain = (problem: string) => void;

export const client = 'js-sdk-34';
export const identity = identityDrivers[client];

/**
 * Shows the account also of a play that failed half-way: it tells most about why.
 *
 * @param home the name of the user's homeserver
 */
export async function play(
  stage: Stage,
  home: string,
  stepsOf: (complain: Complain) => readonly Step[],
  log: Log,
): Promise<boolean> {
  const start = stage.witness.noted.length;
  const complaints: string[] = [];
  const failure = await takeAll(
    stepsOf((problem) => complaints.push(problem)),
    log,
  );
  const noted = stage.witness.noted.slice(start);
  const result = identityAccount(noted, stage.identityServers);
  const entries = noted.map(({ recorded }) => recorded);
  const requests = account(entries, stage.servers, { ...stage.expected(), home });
  const problems = [...new Set([...complaints, ...requests.problems, ...result.problems])];
  log(`\n${identityTable(result)}\n${identityVerdict(result, requests, problems)}`);
  if (failure) throw failure;
  return problems.length === 0;
}

export function departure(page: Page): Step[] {
  return [
    ['sign out', () => drivers[client].signOut(page)],
    // the client may have more to say
    ['wait for stragglers', () => sleep(500)],
  ];
}

/** @param expected who should be found; null: the client should be refused */
export async function lookUp(
  page: Page,
  email: string,
  expected: string | null,
  complain: Complain,
): Promise<string> {
  const found = await attempted(identity.lookup(page, email));
  if (expected === null ? !found.refused : found.value !== expected) {
    complain(`a look-up: ${found.told}, not ${expected ?? 'refused'}`);
  }
  return found.told;
}

/** @param isAllowed whether the account has an identity server for it */
export async function invite(
  page: Page,
  room: string,
  email: string,
  isAllowed: boolean,
  complain: Complain,
): Promise<string> {
  const done = await attempted(identity.inviteByEmail(page, room, email).then(() => 'done'));
  if (isAllowed ? done.value === null : !done.refused) {
    complain(`an invitation: ${done.told}, not ${isAllowed ? 'done' : 'refused'}`);
  }
  return done.told;
}

/** Done when the homeserver has told the extension of a change, which has to notice it by itself. */
export async function untilKnown(
  { witness }: Stage,
  wanted: string | null,
  complain: Complain,
): Promise<void> {
  const isTold = ({ phase, allowed } = witness.known): boolean => phase === 'known' && allowed === wanted;
  for (const end = Date.now() + 5000; Date.now() < end && !isTold();) await sleep(50);
  if (!isTold()) complain('nobody has asked for the changed account data');
  // the answer has left the server, and now the page reads it
  await sleep(500);
}

interface Attempted {
  readonly value: string | null;
  readonly refused: boolean;
  readonly told: string;
}

/** What a person would be told of it. */
async function attempted(action: Promise<string | null>): Promise<Attempted> {
  try {
    const value = await action;
    return { value, refused: false, told: value ?? 'nobody' };
  } catch (error) {
    const message = String(error);
    const words = /\[\d+\] (.*?)(?: \(http|$)/m.exec(message)?.[1] ?? message;
    const refused = message.includes('M_FORBIDDEN');
    return { value: null, refused, told: `${refused ? 'refused' : 'failed'} ("${words}")` };
  }
}
