/**
 * The same page function gives the same result with and without Homeward: on requests that are not Matrix's, on
 * rewritten ones, and on held ones (conformance.md).
 */
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launch, type TestBrowser } from '../support/browser.ts';
import { naming, startPortal, type Portal } from '../support/portal.ts';
import { startSite, type Site } from '../support/static-site.ts';
import { decoderCases } from './conformance/decoder-cases.ts';
import { fetchAnswerCases } from './conformance/fetch-answer-cases.ts';
import { fetchCases } from './conformance/fetch-cases.ts';
import { heldFetchCases, type HeldResult } from './conformance/held-cases.ts';
import { heldXhrCases, knownDifferences } from './conformance/held-xhr-cases.ts';
import { makeKit, type Kit, type Setup } from './conformance/kit.ts';
import { plainCases } from './conformance/plain-cases.ts';
import { startAnswers, type AnswerServer } from './conformance/server.ts';
import { xhrCases } from './conformance/xhr-cases.ts';
import { xhrEventCases } from './conformance/xhr-event-cases.ts';
import { kinds, sample, untilControlled } from './lab.ts';

declare const kit: Kit;

type Case = () => unknown;

interface Outcome {
  result: unknown;
  /** Errors and rejections that nobody caught. */
  stray: string[];
}

const common = Object.entries({
  ...fetchCases,
  ...fetchAnswerCases,
  ...xhrCases,
  ...xhrEventCases,
  ...decoderCases,
});
const held = Object.entries({ ...heldFetchCases, ...heldXhrCases });
const TIMEOUT = 20_000;
/** The page worker's mark in Chromium's text of an error of a synchronous XHR (README). */
const MARKED = /(?<=Failed to load '[^'#]*)#hw-pass(?=')/g;
const MATRIX = '/_matrix/client/v3/x';

let target: AnswerServer;
let portal: Portal;
/** Without Homeward, and with it: turned on, or part of the site. */
let sites: { native: Site; extension: Site; worker: Site };
let runs = 0;

beforeAll(async () => {
  target = await startAnswers('target');
  portal = await startPortal({
    mode: 'proxy',
    strict: false,
    route: () => target.url,
    editLogin: naming.base_cs_url,
  });
  const files = {
    '/index.html': '<!doctype html><title>page</title><script src="kit.js"></script>',
    '/kit.js': `globalThis.kit = (${makeKit.toString()})();`,
    '/page.txt': 'text of the page',
  };
  sites = {
    native: await startSite({ name: 'nothing', files }),
    extension: await startSite({ name: 'client0', files }),
    worker: await startSite({ name: 'client1', files, homeward: true }),
  };
});

afterAll(() => Promise.all([...Object.values(sites ?? {}), portal, target].map((each) => each?.close())));

describe.each(kinds)('%s', ({ engine, form }) => {
  let browser: TestBrowser;
  let native: Page;
  let hooked: Page;

  const both = async (
    setup: Partial<Setup>,
    hookedBase: string,
    run: Case,
    gate = 0,
  ): Promise<[Outcome, Outcome]> => {
    target.shut(gate);
    const without = await runIn(
      native,
      'native',
      { ...setup, ...(setup.login && { login: target.url }) },
      run,
    );
    target.shut(gate);
    return [without, await runIn(hooked, form, { ...setup, base: hookedBase }, run)];
  };

  beforeAll(async () => {
    browser = await launch(engine, { extension: form === 'extension' });
    if (form === 'extension') await browser.turnOn(sites.extension.origin);
    native = await openPage(browser, sites.native);
    hooked = await openPage(browser, sites[form]);
    if (form === 'worker') await untilControlled(hooked);
  });
  afterAll(() => browser?.close());
  beforeEach(() => {
    portal.recorder.clear();
  });

  describe('requests that are not Matrix’s', () => {
    it.each([...common, ...Object.entries(plainCases)])(
      '%s',
      async (_, run) => {
        const base = `${target.url}/plain`;
        const [without, homeward] = await both({ base }, base, run);
        expect(homeward).toEqual(without);
        expect(portal.recorder.all).toEqual([]);
      },
      TIMEOUT,
    );
  });

  describe('rewritten requests', () => {
    const token = `rewritten_${engine}_${form}`;

    it('are rewritten', async () => {
      const setup = { base: portal.url + MATRIX, login: portal.url, token };
      const { result } = await runIn(hooked, form, setup, () =>
        fetch(kit.url('text')).then((response) => response.url),
      );
      expect(result).toContain(`TARGET${MATRIX}/text`);
    });

    it.each(sample(form, common, 3))(
      '%s',
      async (_, run) => {
        const setup = { base: target.url + MATRIX, token };
        const [without, homeward] = await both(setup, portal.url + MATRIX, run);
        expect(homeward).toEqual(without);
        expect(portal.recorder.all).toEqual([]);
      },
      TIMEOUT,
    );
  });

  describe('held requests', () => {
    const atHome = (): unknown =>
      expect(portal.recorder.requests().map(({ path }) => path)).toEqual(['/_matrix/client/v3/login']);
    const setup = (): Partial<Setup> => ({
      base: target.url + MATRIX,
      login: portal.url,
      token: `held_${engine}_${form}_${runs}`,
      held: true,
    });

    const asynchronous = common.filter(([name]) => !/synchronously/.test(name));

    it.each(sample(form, asynchronous, 3))(
      '%s',
      async (_, run) => {
        const [without, homeward] = await both(setup(), portal.url + MATRIX, run, 300);
        expect(homeward).toEqual(without);
        atHome();
      },
      TIMEOUT,
    );

    const compare = async (run: Case): Promise<void> => {
      const [without, homeward] = await both(setup(), portal.url + MATRIX, run, 10_000);
      const { result, stray } = homeward as { result: HeldResult; stray: string[] };
      const { same } = without.result as HeldResult;
      expect({ result: result.same, stray }).toEqual({ ...without, result: same });
      expect(Object.entries(result.held ?? {}).filter(([, isTrue]) => !isTrue)).toEqual([]);
      atHome();
    };

    it.each(held)('%s', (_, run) => compare(run), TIMEOUT);
    it.fails.each(Object.entries(knownDifferences))('%s', (_, run) => compare(run), TIMEOUT);
  });
});

async function openPage(browser: TestBrowser, site: Site): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`${site.url}/`);
  return page;
}

/** Runs a page function and takes out of its result what names this run. */
async function runIn(
  page: Page,
  which: keyof typeof sites,
  setup: Partial<Setup>,
  run: Case,
): Promise<Outcome> {
  runs += 1;
  // of one length, as they are part of what a server counts
  const number = String(runs).padStart(5, '0');
  const whole = {
    control: target.url.replace('target', 'control'),
    target: target.url,
    run: `run${number}`,
    token: `nobody_${number}`,
    login: null,
    held: false,
    ...setup,
  };
  const text = await page.evaluate(
    `(async () => {
      await kit.begin(${JSON.stringify(whole)});
      const result = await kit.outcome(${run.toString()});
      return JSON.stringify({ result: 'value' in result ? result.value : result, stray: await kit.end() });
    })()`,
  );
  const plain = (which === 'worker' ? String(text).replaceAll(MARKED, '') : String(text))
    .replaceAll(sites[which].origin, 'SITE')
    .replaceAll(target.url, 'TARGET')
    .replaceAll(whole.run, 'RUN')
    .replaceAll(whole.token, 'TOKEN');
  return JSON.parse(plain) as Outcome;
}
