/** What the popup says of addresses that stay published on the server that an account leaves. */
import { TargetType, type Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { engines, type TestBrowser } from '../support/browser.ts';
import { sendJson } from '../support/http.ts';
import { IDENTITY } from './identity-calls.ts';
import {
  background,
  fault,
  NAMED,
  serversOf,
  usePopupLab,
  writes,
  type PopupScene,
} from './identity-popup-page.ts';

const ADDRESSES = [
  { medium: 'email', address: 'Alice@Example.org' },
  { medium: 'email', address: 'other@example.org' },
  { medium: 'msisdn', address: '491701234567' },
];

const LOOK_UP = ['POST', /v2\/lookup$/] as const;

/** Why it cannot be found out. */
const unknown: readonly [string, (scene: PopupScene) => unknown][] = [
  ['the old server is gone', ({ named }) => named.close()],
  ['the old server takes nobody', ({ named }) => failing(named, ['POST', /register$/])],
  ['the old server has no pepper', ({ named }) => failing(named, ['GET', /hash_details$/])],
  ['the lookup fails', ({ named }) => failing(named, LOOK_UP)],
  [
    'the old server redirects',
    ({ named }) => fault(named, LOOK_UP, (response) => void response.writeHead(302, { location: '/' }).end()),
  ],
  ['the homeserver does not say its addresses', ({ alpha }) => failing(alpha, ['GET', /3pid$/])],
  ['the homeserver has no OpenID', ({ alpha }) => failing(alpha, ['POST', /request_token$/])],
];

function failing(server: PopupScene['named' | 'alpha'], request: readonly [string, RegExp]): void {
  fault(server, request, (response) => sendJson(response, 500, { errcode: 'M_UNKNOWN', error: '' }));
}

describe.each(engines)('%s: addresses on the old server are', (engine) => {
  const lab = usePopupLab(engine);

  async function signedIn(): Promise<PopupScene> {
    const scene = await lab.signedIn(NAMED);
    scene.alpha.setThreepids('alice', ADDRESSES);
    return scene;
  }

  it('some', async () => {
    const scene = await signedIn();
    const { alpha, named } = scene;
    for (const { medium, address } of [ADDRESSES[0], ADDRESSES[2]].flatMap((each) => each ?? []))
      named.bind(medium, address, alpha.userId('alice'));
    await lab.look('.no-identity');
    await lab.says('publishedStill', named.url);
    const list = await lab.popup.page.$$eval('li bdi', (all) => all.map(({ textContent }) => textContent));
    expect(list.slice(0, 2)).toEqual(['Alice@Example.org', '491701234567']);
    expect(background(named)).toEqual([
      `POST ${IDENTITY}/account/register`,
      `GET ${IDENTITY}/hash_details`,
      `POST ${IDENTITY}/lookup`,
    ]);
    const bodies = named.recorder.requests().map(({ body }) => body);
    expect(bodies.join(' '), 'asked by their hashes').not.toMatch(/example|4917/i);
    await lab.confirm();
    expect(named.bindings(), 'nothing is taken back').toHaveLength(2);
  });

  it.each(['no-identity', 'own-identity', 'is2'])('none, at %s', async (button) => {
    const scene = await signedIn();
    const { named, next } = scene;
    if (button === 'is2') {
      await lab.popup.press('.change-identity');
      await lab.check(next.url);
    } else await lab.look(`.${button}`);
    await lab.says('publishedNone', named.url);
    expect(await lab.popup.page.$$('.published')).toHaveLength(1);
  });

  it('none, for the homeserver knows none: the old server is not asked', async () => {
    const { named } = await lab.signedIn(NAMED);
    await lab.look('.no-identity');
    await lab.says('publishedNone', named.url);
    expect(background(named)).toEqual([]);
  });

  it.each(unknown)('not known: %s', async (_, spoil) => {
    const scene = await signedIn();
    await spoil(scene);
    await lab.look('.no-identity');
    await lab.says('publishedUnknown', scene.named.url);
    expect(writes(scene.alpha)).toEqual([]);
    // leaving always works
    await lab.confirm();
    await lab.says('identityWhy_disabled');
  });

  it('not known: the old server hangs', async () => {
    const scene = await signedIn();
    await hurry(lab.browser, lab.popup.page);
    fault(scene.named, LOOK_UP, () => undefined);
    await lab.look('.no-identity');
    await lab.says('publishedUnknown', scene.named.url);
    await lab.confirm();
    await lab.says('identityWhy_disabled');
  });

  it('not asked for where the account leaves no server', async () => {
    const scene = await lab.signedIn();
    scene.alpha.setThreepids('alice', ADDRESSES);
    await lab.look('.no-identity');
    await lab.says('becomesNone');
    expect(await lab.popup.page.$('.published')).toBeNull();
    expect(serversOf(scene).flatMap(background)).toHaveLength(1);
  });
});

/** The background's timers last 300 ms at most, so that nobody has to wait. */
async function hurry({ engine, puppeteer }: TestBrowser, popup: Page): Promise<void> {
  if (engine === 'firefox') {
    await popup.evaluate(() => {
      const api = globalThis as unknown as { browser: { extension: { getBackgroundPage(): Window } } };
      const page = api.browser.extension.getBackgroundPage();
      const native = page.setTimeout;
      Object.assign(page, {
        setTimeout: (run: () => void, ms = 0) => native.call(page, run, Math.min(ms, 300)),
      });
    });
    return;
  }
  const targets = puppeteer.targets().filter((target) => target.type() === TargetType.SERVICE_WORKER);
  const worker = await targets.find((target) => target.url().startsWith('chrome-extension:'))?.worker();
  await worker?.evaluate(() => {
    const native = setTimeout;
    Object.assign(globalThis, { setTimeout: (run: () => void, ms = 0) => native(run, Math.min(ms, 300)) });
  });
}
