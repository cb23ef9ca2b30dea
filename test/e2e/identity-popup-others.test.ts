/** The popup beside what others do: other sessions of the account, the client itself, another account. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { IDENTITY, send } from './identity-calls.ts';
import {
  ACCOUNT_DATA,
  background,
  dataOf,
  fault,
  fromExtension,
  NAMED,
  serversOf,
  TERMS,
  usePopupLab,
  writes,
  type PopupScene,
} from './identity-popup-page.ts';
import { call, logIn, whoami } from './page-calls.ts';
import { sentence, waitFor } from './popup-page.ts';

describe.each(engines)('%s: the popup, and', (engine) => {
  const lab = usePopupLab(engine);
  const valueOf = () => lab.popup.page.$eval('.identity .value', ({ textContent }) => textContent);

  const others: readonly [string, (scene: PopupScene) => Promise<unknown>][] = [
    ['syncs', ({ page, portal, token }) => call(page, portal.url, 'sync?timeout=0', { token })],
    [
      'is reloaded',
      async ({ page, portal, token }) => {
        await page.reload({ waitUntil: 'domcontentloaded' });
        await whoami(page, portal.url, token);
      },
    ],
  ];

  it.each(others)('a change by another session, when the client %s', async (_, hear) => {
    const scene = await lab.signedIn(NAMED);
    // or the badge tells of that first
    await lab.popup.grant(scene.site.origin);
    const { alpha, named, next, site } = scene;
    alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: next.url });
    await hear(scene);
    // while the popup shows it
    await lab.says('changedElsewhere', named.url, next.url);
    await expect.poll(() => lab.popup.badge(site.origin), { timeout: 10_000 }).toBe('!');
    await lab.popup.show(site.origin);
    await lab.says('changedElsewhere', named.url, next.url);
    await lab.popup.press('.seen');
    await waitFor(
      lab.popup.page,
      () => !!document.querySelector('.identity') && !document.querySelector('.seen'),
    );
    await expect.poll(() => lab.popup.badge(site.origin), { timeout: 10_000 }).toBe('✓');
    await lab.popup.show(site.origin);
    expect(await lab.text()).not.toContain(sentence('changedElsewhere', named.url, next.url));
    expect(serversOf(scene).flatMap(background), 'nothing was asked by the background').toEqual([]);
    expect(writes(alpha)).toEqual([]);
  });

  it('a change by another session, undone', async () => {
    const scene = await lab.signedIn(NAMED);
    // or the badge tells of that first
    await lab.popup.grant(scene.site.origin);
    const { alpha, named, page, portal, token, site } = scene;
    alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: null });
    await call(page, portal.url, 'sync?timeout=0', { token });
    await lab.says('changedElsewhere', named.url, sentence('identity_disabled'));
    await lab.look('.undo');
    await lab.says('becomesServer', named.url);
    await lab.confirm();
    await lab.says('changedHere', sentence('identity_disabled'), named.url);
    expect(dataOf(scene)).toEqual({ base_url: named.url });
    await expect.poll(() => lab.popup.badge(site.origin), { timeout: 10_000 }).toBe('✓');
  });

  // the page’s reading begins later than the background’s, and ends before it
  it('a client that hears of the popup’s own change first', async () => {
    const scene = await lab.signedIn(NAMED);
    // or the badge tells of that first
    await lab.popup.grant(scene.site.origin);
    const { alpha, named, page, portal, token, site } = scene;
    await lab.look('.no-identity');
    const before = alpha.recorder.requests().length;
    // the background's second reading waits until the page has read it
    fault(alpha, ['GET', /m\.identity_server$/], () => undefined, 1);
    const { intercept } = alpha.faults;
    alpha.faults.intercept = async (request, response, path) => {
      if (!(await intercept?.(request, response, path))) return false;
      await call(page, portal.url, 'sync?timeout=0', { token });
      const ofPage = () =>
        alpha.recorder
          .requests()
          .slice(before)
          .filter(
            (each) => each.path.endsWith(ACCOUNT_DATA) && each.method === 'GET' && each.origin !== null,
          );
      await expect.poll(() => ofPage()[0]?.status, { timeout: 10_000 }).toBe(200);
      return false;
    };
    await lab.confirm();
    await lab.says('changedHere', named.url, sentence('identity_disabled'));
    await expect.poll(() => lab.popup.badge(site.origin), { timeout: 10_000 }).toBe('✓');
  });

  it('a client that turns to a third server by itself', async () => {
    const scene = await lab.signedIn({ ...NAMED, terms: TERMS });
    const { named, next, app, page, alpha, site } = scene;
    await send(page, app.url + IDENTITY);
    expect(await lab.popup.text(site.origin)).not.toContain(sentence('saveForAll'));
    expect(await send(page, next.url + IDENTITY)).toMatchObject({ status: 200, url: next.url + IDENTITY });
    await lab.says('candidate', next.url);
    expect(await valueOf(), 'the account counts').toBe(named.url);
    expect(await send(page, `${app.url}${IDENTITY}/hash_details`)).toMatchObject({
      url: `${named.url}${IDENTITY}/hash_details`,
    });
    expect(writes(alpha)).toEqual([]);
    await lab.look('.save-candidate');
    await lab.says('becomesServer', next.url);
    await lab.confirm();
    await lab.says('changedHere', named.url, next.url);
    expect(await lab.text()).not.toContain(sentence('saveForAll'));
    expect(dataOf(scene)).toEqual({ base_url: next.url });
  });

  // what is overwritten is what the account says now, not what was last heard of it
  it('a change by another session that nobody heard of', async () => {
    const scene = await lab.signedIn(NAMED);
    // or the badge tells of that first
    await lab.popup.grant(scene.site.origin);
    const { alpha, named, next, app } = scene;
    alpha.setThreepids('alice', [{ medium: 'email', address: 'a@example.org' }]);
    next.bind('email', 'a@example.org', alpha.userId('alice'));
    alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: next.url });
    await lab.popup.press('.change-identity');
    await lab.check(app.url);
    await lab.says('publishedStill', next.url);
    expect(background(named), 'it is not left: not asked').toEqual([]);
    await lab.confirm();
    await lab.says('changedHere', next.url, app.url);
    await lab.look('.undo');
    await lab.confirm();
    expect(dataOf(scene)).toEqual({ base_url: next.url });
  });

  it('a change by another session, to a server that no access is held to: it is not asked', async () => {
    const scene = await lab.signedIn(NAMED);
    // or the badge tells of that first
    await lab.popup.grant(scene.site.origin);
    const { alpha } = scene;
    const stranger = await lab.identityServer('stranger');
    alpha.setThreepids('alice', [{ medium: 'email', address: 'a@example.org' }]);
    alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: stranger.url });
    await lab.look('.no-identity');
    await lab.popup.page.waitForSelector('.published');
    expect(fromExtension(stranger.recorder.all)).toEqual([]);
    expect(stranger.recorder.all).toEqual([]);
    await lab.says('publishedUnknown', stranger.url);
  });

  it('two accounts at one client: changing one leaves the other', async () => {
    const scene = await lab.signedIn(NAMED);
    // or the badge tells of that first
    await lab.popup.grant(scene.site.origin);
    const { alpha, portal, page, named, site } = scene;
    const bob = await logIn(page, portal.url, 'bob');
    await whoami(page, portal.url, bob.token);
    await lab.popup.show(site.origin);
    const blocks = () =>
      lab.popup.page.$$eval('.session', (all) =>
        Object.fromEntries(
          all.map((each) => [
            each.querySelector('h2')?.textContent,
            each.querySelector('.identity .value')?.textContent,
          ]),
        ),
      );
    const [alice, other] = [alpha.userId('alice'), alpha.userId('bob')];
    await expect.poll(blocks).toEqual({ [alice]: named.url, [other]: sentence('identity_absent') });
    // the newest first
    await lab.look('.session:has(.own-identity) .no-identity');
    expect(await lab.text()).toContain(alice);
    await lab.confirm();
    await lab.says('changedHere', named.url, sentence('identity_disabled'));
    expect(await blocks()).toEqual({
      [alice]: sentence('identity_disabled'),
      [other]: sentence('identity_absent'),
    });
    expect(dataOf(scene)).toEqual({ base_url: null });
    expect(alpha.accountData('bob', ACCOUNT_DATA)).toBeUndefined();
    expect(writes(alpha).map(({ path }) => decodeURIComponent(path))).toEqual([
      `/_matrix/client/r0/user/${alice}/account_data/${ACCOUNT_DATA}`,
    ]);
  });
});
