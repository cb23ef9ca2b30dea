/** What a person does with a client and its identity server, from the login page to the login page. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';
import { drivers } from '../support/drive.ts';
import { identityDrivers } from '../support/drive-identity.ts';
import type { Recorded } from '../support/recorder.ts';
import { accountDataReads } from './identity-calls.ts';
import { FRIEND, GUEST, type ServerName, type Stage } from './identity-clients-stage.ts';

/** Content of the account data that names a server. */
type Naming = (base: (name: ServerName) => string) => Record<string, unknown> | null;

export interface State {
  readonly says: Naming;
  /** Whom the client is to ask; null: nobody. */
  readonly asks: ServerName | null;
  /** What another client of the account changes it to while this one is open, or closed. */
  readonly change?: { readonly while: 'open' | 'closed'; readonly says: Naming; readonly asks: ServerName };
}

const named =
  (name: ServerName): Naming =>
  (base) => ({ base_url: base(name) });
const toIs2 = { says: named('is2'), asks: 'is2' } as const;

export const states = {
  absent: { says: () => null, asks: 'is0' },
  URL: { says: named('is1'), asks: 'is1' },
  null: { says: () => ({ base_url: null }), asks: null },
  invalid: { says: () => ({ base_url: 'is1.localhost' }), asks: null },
  'invalid: not https': { says: named('is3'), asks: null },
  'changed live': { says: named('is1'), asks: 'is1', change: { while: 'open', ...toIs2 } },
  'changed while closed': { says: named('is1'), asks: 'is1', change: { while: 'closed', ...toIs2 } },
} satisfies Record<string, State>;
export type StateName = keyof typeof states;

export const REFUSED = 'refused';

/** What the client's lookups and its invitation came to: the answer, or `REFUSED`. */
export interface Outcome {
  readonly lookups: string[];
  readonly invited: string;
}

export async function use(stage: Stage, state: State): Promise<Outcome> {
  const { client, page, roomId } = stage;
  const driver = drivers[client];
  const identity = identityDrivers[client];
  const lookup = (): Promise<string> => said(identity.lookup(page, FRIEND).then(String));
  const lookups: string[] = [];
  const base = (name: ServerName): string => stage.identity[name].url;

  stage.setIdentity(state.says(base));
  await driver.open(page, stage.site.origin);
  stage.begun.push(stage.recorder.all.length);
  await driver.login(page, 'alice', 'pw-alice');
  lookups.push(await lookup());
  const invited = await said(identity.inviteByEmail(page, roomId, GUEST).then(() => 'invited'));
  if (state.change?.while === 'open') {
    await changeLive(stage, () => stage.setIdentity(state.change?.says(base) ?? null));
    lookups.push(await lookup());
  }
  if (state.change?.while === 'closed')
    await closed(page, () => stage.setIdentity(state.change?.says(base) ?? null));
  await newDocument(stage, () => driver.reload(page));
  lookups.push(await lookup());
  await driver.signOut(page);
  return { lookups, invited };
}

/** It begins with its first script: until then the one before it may still ask. */
async function newDocument({ begun, recorder, client }: Stage, load: () => Promise<void>): Promise<void> {
  const from = recorder.all.length;
  await load();
  const isScript = ({ server, path }: Recorded): boolean => server === client && /(?<!\/sw)\.js$/.test(path);
  begun.push(recorder.all.findIndex((request, index) => index >= from && isScript(request)));
}

async function said(answer: Promise<string>): Promise<string> {
  return answer.catch((error: unknown) => `${REFUSED}: ${String(error)}`);
}

/** Done when the account data was asked for again; what the client wants of an identity server waits for the answer. */
async function changeLive(stage: Stage, change: () => void): Promise<void> {
  const before = accountDataReads(stage.alpha).length;
  change();
  stage.begun.push(stage.recorder.all.length);
  // not by `expect.poll`: two tests run side by side, and it does not know which it is in
  for (let tries = 0; accountDataReads(stage.alpha).length === before; tries++) {
    if (tries > 200) throw new Error('the account data was not asked for again');
    await pause(50);
  }
}

/** Drivers can only reload: the next time that leads back to the client, as a bookmark would. */
async function closed(page: Page, change: () => void): Promise<void> {
  const url = page.url();
  await page.goto('about:blank');
  change();
  page.reload = (options) => {
    Reflect.deleteProperty(page, 'reload');
    return page.goto(url, options);
  };
}
