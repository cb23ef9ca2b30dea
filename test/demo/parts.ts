/** What `npm start` can show: each starts its servers, and plays or hands over to a person. */
import type { Page } from 'puppeteer-core';
import type { TestBrowser } from '../support/browser.ts';
import { client } from './identity-play.ts';
import { playIdentity } from './identity-scenario.ts';
import { startIdentityWorld } from './identity-world.ts';
import { identityShown } from './live-identity.ts';
import { portalShown } from './live-portal.ts';
import type { Shown } from './live.ts';
import type { Part } from './options.ts';
import { playAll } from './scenario.ts';
import { take, type Log } from './steps.ts';
import { playSynapse } from './synapse-scenario.ts';
import { startSynapseWorld } from './synapse-world.ts';
import { startWorld } from './world.ts';

export interface Opened {
  /** null: nothing for a person to use */
  readonly shown: Shown | null;
  /** @returns whether all requests went where they should */
  play(browser: TestBrowser, log: Log): Promise<boolean>;
  close(): Promise<void>;
}

export const parts: Record<Part, (isPlayed: boolean, log: Log) => Promise<Opened>> = {
  async portal(_isPlayed, log) {
    const world = await startWorld(log);
    return {
      shown: portalShown(world),
      play: (browser) => playAll(world, browser, log),
      close: () => world.close(),
    };
  },
  async identity(isPlayed, log) {
    const world = await startIdentityWorld(isPlayed ? client : 'riot-web', log);
    return {
      shown: identityShown(world),
      play: async (browser) => {
        await turnOn(browser, world.site.origin, log);
        return conclude(await playIdentity(world, await pageOf(browser), log), log);
      },
      close: () => world.close(),
    };
  },
  async synapse(_isPlayed, log) {
    const world = await startSynapseWorld(log);
    return {
      shown: null,
      play: async (browser) => {
        await turnOn(browser, world.site.origin, log);
        return conclude(await playSynapse(world, await pageOf(browser), log), log);
      },
      close: () => world.close(),
    };
  },
};

/** tsx wraps named functions in a helper of its own, which those that run in the page do not find there. */
async function pageOf(browser: TestBrowser): Promise<Page> {
  const page = await browser.newPage();
  await page.evaluateOnNewDocument('globalThis.__name = (named) => named;');
  return page;
}

async function turnOn(browser: TestBrowser, origin: string, log: Log): Promise<void> {
  await take(['turn the extension on for the site', () => browser.turnOn(origin)], log);
}

function conclude(isRight: boolean, log: Log): boolean {
  log(`\n${isRight ? 'Only those were asked that should be.' : 'Not everything is right.'}`);
  return isRight;
}
