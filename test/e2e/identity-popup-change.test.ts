/** The popup changes the identity server of an account: to another, to none, to the app's own choice, and back. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { IDENTITY, send } from './identity-calls.ts';
import {
  ACCOUNT_DATA,
  background,
  dataOf,
  fromExtension,
  serversOf,
  TERMS,
  usePopupLab,
  writes,
  type PopupLab,
} from './identity-popup-page.ts';
import { sentence } from './popup-page.ts';

const NULL = { base_url: null };
const KEPT = { 'org.example': { kept: [1] } };

/** What the account holds before; `own`: nothing. */
const EARLIER = {
  none: { ...KEPT, ...NULL },
  own: null,
  invalid: { ...KEPT, base_url: 'is.example' },
};

const changes = [
  ['is1', 'is2'],
  ['is1', 'none'],
  ['is1', 'own'],
  ['none', 'is2'],
  ['none', 'own'],
  ['own', 'is2'],
  ['own', 'none'],
  ['invalid', 'is2'],
  ['invalid', 'none'],
  ['invalid', 'own'],
] as const;

describe.each(engines)('%s: the popup changes the account', (engine) => {
  const lab = usePopupLab(engine);
  const signedIn = (content?: Record<string, unknown> | null, terms = {}) =>
    lab.signedIn({
      terms,
      content: ({ named }) => (content === undefined ? { ...KEPT, base_url: named.url } : content),
    });

  it('to an address without a scheme: https', async () => {
    const scene = await signedIn();
    const { next, named } = scene;
    await lab.popup.press('.change-identity');
    await lab.check(next.idServer);
    await lab.says('identityUnreachable');
    const { alpha, portal, app } = scene;
    const asked = [next, portal, app, named].flatMap(background);
    expect([asked, writes(alpha)]).toEqual([[], []]);
    expect(dataOf(scene)).toMatchObject({ base_url: named.url });
    const typed = await lab.popup.page.$eval('input', ({ value }) => value);
    expect(typed, 'what was typed is still there').toBe(next.idServer);
  });

  it('to a server with terms, which have to be accepted', async () => {
    const scene = await signedIn(undefined, TERMS);
    const { next, alpha, named, page, app, site } = scene;
    const { page: popup } = lab.popup;
    alpha.setAccountData('alice', 'm.accepted_terms', { accepted: ['https://old.example'], more: 1 });
    await lab.popup.press('.change-identity');
    await lab.check(`${next.url}/`);
    const links = await popup.$$eval('.terms a', (all) =>
      all.map((link) => [link.textContent, link.getAttribute('href'), link.target]),
    );
    expect(links).toEqual(Object.values(TERMS).map(({ name, url }) => [name, url, '_blank']));
    const isDisabled = () => popup.$eval('.confirm', (button) => (button as HTMLButtonElement).disabled);
    const [first, second] = await popup.$$('.terms input');
    expect(await isDisabled(), 'nothing accepted').toBe(true);
    await first?.click();
    expect(await isDisabled(), 'one accepted').toBe(true);
    await second?.click();
    expect(await isDisabled(), 'both accepted').toBe(false);
    await first?.click();
    expect(await isDisabled(), 'one taken back').toBe(true);
    expect(writes(alpha)).toEqual([]);

    await lab.confirm();
    await lab.says('changedHere', named.url, next.url);
    await lab.says('identityWhy_url');
    expect(dataOf(scene)).toEqual({
      'org.example': { kept: [1] },
      base_url: next.url,
    });
    expect(alpha.accountData('alice', 'm.accepted_terms')).toEqual({
      accepted: ['https://old.example', ...Object.values(TERMS).map(({ url }) => url)],
      more: 1,
    });
    await lab.popup.grant(site.origin);
    const badge = (): Promise<string> => lab.popup.badge(site.origin);
    await expect.poll(badge, { message: 'its own change is no alarm', timeout: 10_000 }).toBe('✓');
    const user = `/_matrix/client/r0/user/${alpha.userId('alice')}`;
    const openId = `POST ${user}/openid/request_token`;
    expect(background(alpha)).toEqual([
      `GET ${user}/account_data/${ACCOUNT_DATA}`,
      openId,
      'GET /_matrix/client/r0/account/3pid',
      `GET ${user}/account_data/${ACCOUNT_DATA}`,
      openId,
      `GET ${user}/account_data/m.accepted_terms`,
      `PUT ${user}/account_data/m.accepted_terms`,
      `PUT ${user}/account_data/${ACCOUNT_DATA}`,
      `GET ${user}/account_data/${ACCOUNT_DATA}`,
    ]);
    expect(background(next)).toEqual([
      `GET ${IDENTITY}`,
      `POST ${IDENTITY}/account/register`,
      `GET ${IDENTITY}/terms`,
      `GET ${IDENTITY}/account`,
      `POST ${IDENTITY}/account/register`,
      `POST ${IDENTITY}/terms`,
    ]);
    expect([...background(named), ...background(app)]).toEqual([]);
    expect(serversOf(scene).flatMap(({ recorder }) => fromExtension(recorder.all))).toEqual([]);

    for (const { recorder } of serversOf(scene)) recorder.clear();
    expect(await send(page, app.url + IDENTITY)).toMatchObject({ status: 200, url: next.url + IDENTITY });
    expect([...named.recorder.all, ...app.recorder.all]).toEqual([]);
  });

  it.each(changes)('from %s to %s, and back', async (from, to) => {
    const scene = await signedIn(from === 'is1' ? undefined : EARLIER[from]);
    const { alpha, named, next } = scene;
    const before = dataOf(scene);
    const shown = { is1: named.url, is2: next.url, none: sentence('identity_disabled') };
    const texts = { ...shown, own: sentence('identity_absent'), invalid: '"is.example"' };
    await turnTo(lab, to, next.url);
    expect(writes(alpha), 'nothing is written before it is confirmed').toEqual([]);
    await lab.confirm();
    await lab.says('changedHere', texts[from], texts[to]);
    const others = from === 'own' ? {} : KEPT;
    expect(dataOf(scene)).toEqual({ ...others, ...{ is2: { base_url: next.url }, none: NULL, own: {} }[to] });
    if (from === 'invalid') {
      expect(await lab.popup.page.$('.undo'), 'what is no address cannot be written').toBeNull();
      return;
    }
    await lab.look('.undo');
    expect(dataOf(scene), 'nothing is written before it is confirmed').not.toEqual(before);
    await lab.confirm();
    await lab.says('changedHere', texts[to], texts[from]);
    expect(dataOf(scene)).toEqual(before ?? {});
    expect(writes(alpha)).toHaveLength(2);
    expect(serversOf(scene).flatMap(({ recorder }) => fromExtension(recorder.all))).toEqual([]);
  });

  it.each(['none', 'own'] as const)('to %s: asks for what is published, and nobody else', async (to) => {
    const scene = await signedIn();
    const { alpha, named, app, next, page } = scene;
    const user = `/_matrix/client/r0/user/${alpha.userId('alice')}`;
    const lookUp = 'GET /_matrix/client/r0/account/3pid';
    await turnTo(lab, to);
    await lab.says(to === 'none' ? 'becomesNone' : 'becomesOwn');
    const data = `${user}/account_data/${ACCOUNT_DATA}`;
    const looked = [`GET ${data}`, lookUp];
    expect(background(alpha)).toEqual(looked);
    await lab.confirm();
    expect(background(alpha)).toEqual([...looked, `GET ${data}`, `PUT ${data}`, `GET ${data}`]);
    expect([named, app, next].flatMap(background)).toEqual([]);
    const status = to === 'none' ? 403 : 200;
    expect(await send(page, app.url + IDENTITY)).toMatchObject({ status, url: app.url + IDENTITY });
  });

  it('to the app’s own choice, and names it where it is known', async () => {
    const { app, named, page } = await lab.signedIn();
    await send(page, app.url + IDENTITY);
    await lab.popup.press('.change-identity');
    await lab.check(named.url);
    await lab.confirm();
    await lab.says('changedHere', sentence('identity_own', app.url), named.url);
    await turnTo(lab, 'own');
    await lab.says('becomesOwnServer', app.url);
    await lab.confirm();
    await lab.says('identity_own', app.url);
  });
});

/** Up to what the change means. */
async function turnTo(lab: PopupLab, to: 'is2' | 'none' | 'own', address = ''): Promise<void> {
  if (to !== 'is2') return lab.look(`.${{ none: 'no', own: 'own' }[to]}-identity`);
  await lab.popup.press('.change-identity');
  await lab.check(address);
}
