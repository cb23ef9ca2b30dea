/** Sessions that began before Homeward was turned on, and the identity server that a login names. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { naming, type Portal } from '../support/portal.ts';
import type { Homeserver } from '../support/homeserver.ts';
import type { Site } from '../support/static-site.ts';
import {
  accountDataReads,
  ACCOUNT_DATA,
  arrived,
  DISABLED,
  IDENTITY,
  register,
  send,
  useWitnessedLab,
} from './identity-calls.ts';
import type { IdentityScene } from './identity-lab.ts';
import { kinds, untilControlled, type Lab } from './lab.ts';
import { call, logIn, whoami, ways } from './page-calls.ts';

const LOOKUP = `${IDENTITY}/hash_details`;

/** Which server the client turns to. */
const places = ['the homeserver', 'a portal in front of it'] as const;
const each = places.flatMap((place) => ways.map((by) => ({ place, by })));

describe.each(kinds)('%s: a session that began before Homeward', (kind) => {
  const lab = useWitnessedLab(kind.engine, { form: kind.form, controlled: false });

  async function start(place: (typeof places)[number]): Promise<IdentityScene & { base: string }> {
    const scene = await lab.start();
    if (place === 'the homeserver') return { ...scene, base: scene.alpha.url };
    const { url: home } = scene.alpha;
    const portal: Portal = await lab.portal({ name: 'front', strict: false, route: () => home });
    return { ...scene, portal, base: portal.url };
  }

  it.each(each)('is adopted at $place, by $by', async ({ place, by }) => {
    const { page, alpha, app, named, base, portal } = await start(place);
    alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: named.url });
    const { access_token: token } = alpha.issue('alice');
    // as a client begins: a request with its token, and at once one to its identity server
    const profile = `profile/${encodeURIComponent(alpha.userId('alice'))}`;
    const [, answer] = await Promise.all([
      call(page, base, profile, { by, token }),
      call(page, base, profile, { by, token }).then(() => send(page, app.url + LOOKUP, { form: by })),
    ]);
    expect(answer.url).toBe(named.url + LOOKUP);
    expect(whoamis(alpha)).toHaveLength(1);
    expect(accountDataReads(alpha)).toMatchObject([{ token, status: 200 }]);
    alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: null });
    await call(page, base, 'sync', { by, token });
    expect(await send(page, app.url + LOOKUP, { form: by })).toMatchObject(DISABLED);

    for (const reload of [1, 2]) {
      alpha.recorder.clear();
      await page.reload({ waitUntil: 'domcontentloaded' });
      await call(page, base, profile, { by, token });
      expect(await send(page, app.url + LOOKUP, { form: by }), `${reload}`).toMatchObject(DISABLED);
      expect(whoamis(alpha)).toEqual([]);
      expect(accountDataReads(alpha)).toHaveLength(1);
    }
    expect(arrived(app)).toEqual([]);
    expect(portal.recorder.withToken(token).length > 0).toBe(place !== 'the homeserver');
  });

  it.each(ways)('is nobody’s where its server does not know the token, by %s', async (by) => {
    const { page, alpha, app } = await start('the homeserver');
    expect(await whoami(page, alpha.url, 'syt_of_nobody', { by })).toMatchObject({ status: 401 });
    expect((await send(page, app.url + LOOKUP, { form: by })).url).toBe(app.url + LOOKUP);
    expect(accountDataReads(alpha)).toEqual([]);
  });

  it('is not adopted where it is a guest’s', async () => {
    const { page, app, portal } = await lab.start();
    const server = await lab.homeserver({ name: 'beta', guests: true });
    const path = '/_matrix/client/v3/register?kind=guest';
    const guest = await fetchFromHere(server, path);
    const token = String(guest.access_token);
    await call(page, server.url, 'sync', { token });
    expect((await send(page, app.url + LOOKUP)).url).toBe(app.url + LOOKUP);
    await expect.poll(() => whoamis(server), { timeout: 10_000 }).toHaveLength(1);
    expect(accountDataReads(server)).toEqual([]);
    expect(portal.recorder.withToken(token)).toEqual([]);
  });

  it.each(ways)('its token of another identity server stays where it is from, by %s', async (by) => {
    const scene = await start('the homeserver');
    const { page, alpha, app, named, site } = scene;
    const { access_token: token } = alpha.issue('alice');
    // before: what the client would have done without Homeward
    await turnOff(lab, site, page);
    await page.reload({ waitUntil: 'domcontentloaded' });
    const old = await register(page, { ...scene, portal: { ...scene.portal, url: alpha.url } }, token);
    expect(app.tokens()).toEqual([old]);
    await lab.popup.turnOn(site.origin);
    alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: named.url });
    await page.reload({ waitUntil: 'domcontentloaded' });
    await whoami(page, alpha.url, token, { by });
    const answer = await send(page, app.url + LOOKUP, { form: by, token: old });
    expect(answer).toMatchObject({ status: 401, body: { errcode: 'M_UNAUTHORIZED' } });
    expect(named.recorder.withToken(old)).toEqual([]);
  });
});

describe.each(kinds)('%s: the identity server that a login names', (kind) => {
  const lab = useWitnessedLab(kind.engine, { form: kind.form, controlled: false });

  it.each([
    ['is the default above the app’s own', undefined, 'suggested'],
    ['is the default where the event is empty', {}, 'suggested'],
    ['does not count where the account has one', 'named', 'named'],
    ['does not count where the account wants none', { base_url: null }, null],
  ] as const)('%s', async (_, content, right) => {
    const scene = await lab.start();
    const { page, alpha, app, named } = scene;
    const suggested = await lab.identityServer('is2');
    const editLogin = (body: Record<string, unknown>, target: string): unknown => ({
      ...naming.well_known(body, target),
      well_known: { 'm.homeserver': { base_url: target }, 'm.identity_server': { base_url: suggested.url } },
    });
    const portal = await lab.portal({ name: 'front', route: () => alpha.url, editLogin });
    if (content) {
      alpha.setAccountData('alice', ACCOUNT_DATA, content === 'named' ? { base_url: named.url } : content);
    }
    const { token } = await logIn(page, portal.url);
    const url = { suggested: suggested.url, named: named.url };
    for (const when of ['at once', 'after a reload']) {
      for (const path of [IDENTITY, LOOKUP]) {
        const answer = await send(page, app.url + path);
        if (right === null) expect(answer, `${when}`).toMatchObject(DISABLED);
        else expect(answer.url, `${when}`).toBe(url[right] + path);
      }
      await page.reload({ waitUntil: 'domcontentloaded' });
      await whoami(page, portal.url, token);
    }
    expect(arrived(app)).toEqual([]);
  });
});

/** As if Homeward had not been there: the next document is without it. */
async function turnOff({ form, popup }: Lab, site: Site, page: Page): Promise<void> {
  if (form === 'worker') {
    // a worker that is on its way would come afterwards
    await untilControlled(page);
    site.homeward = false;
    await page.evaluate(async () => {
      const all = await navigator.serviceWorker.getRegistrations();
      await Promise.all(all.map((registration) => registration.unregister()));
    });
    return;
  }
  await popup.show(site.origin);
  await popup.press('.turn-off');
  await expect.poll(() => popup.page.$('.turn-on').then((button) => button !== null)).toBe(true);
}

function whoamis({ recorder }: Homeserver) {
  return recorder.requests(({ path }) => path.endsWith('/account/whoami'));
}

/** Names below `.localhost` do not resolve everywhere. */
async function fetchFromHere(homeserver: Homeserver, path: string): Promise<Record<string, unknown>> {
  const { port } = new URL(homeserver.url);
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: '{}' });
  return (await response.json()) as Record<string, unknown>;
}
