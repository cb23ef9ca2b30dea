/** What `npm start` can show: each starts its servers, and plays or hands over to a person. */
import type { Page } from 'puppeteer-core';
import type { Form, TestBrowser } from '../support/browser.ts';
import { client } from './identity-play.ts';
import { playIdentity } from './identity-scenario.ts';
import { startIdentityWorld } from './identity-world.ts';
import { identityShown } from './live-identity.ts';
import { portalShown } from './live-portal.ts';
import type { Shown } from './live.ts';
import type { Part } from './options.ts';
import { playAll } from './scenario.ts';
import type { Log } from './steps.ts';
import { turnOn } from './turn-on.ts';
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

export const parts: Record<Part, (form: Form, isPlayed: boolean, log: Log) => Promise<Opened>> = {
  async portal(form, _isPlayed, log) {
    const world = await startWorld(log, form);
    return {
      shown: portalShown(world),
      play: (browser) => playAll(world, browser, log),
      close: () => world.close(),
    };
  },
  async identity(form, isPlayed, log) {
    const world = await startIdentityWorld(isPlayed ? client : 'riot-web', log, form);
    return {
      shown: identityShown(world),
      play: async (browser) => {
        await turnOn(browser, world.site, log);
        return conclude(await playIdentity(world, await pageOf(browser), log), log);
      },
      close: () => world.close(),
    };
  },
  async synapse(form, _isPlayed, log) {
    const world = await startSynapseWorld(log, form);
    return {
      shown: null,
      play: async (browser) => {
        await turnOn(browser, world.site, log);
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

function conclude(isRight: boolean, log: Log): boolean {
  log(`\n${isRight ? 'Only those were asked that should be.' : 'Not everything is right.'}`);
  return isRight;
}
