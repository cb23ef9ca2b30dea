/** The popup's identity part: what it says of an account. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { naming } from '../support/portal.ts';
import { gate, send } from './identity-calls.ts';
import { ACCOUNT_DATA, background, usePopupLab } from './identity-popup-page.ts';
import { logIn, whoami } from './page-calls.ts';
import { sentence } from './popup-page.ts';

const IDENTITY = '/_matrix/identity/v2';
const long = 'x'.repeat(300);

/** What the account holds, what is shown of it, why, and the buttons. */
const contents: readonly [string, Record<string, unknown> | null, string, Why, string[]][] = [
  ['nothing', null, sentence('identity_absent'), 'identityWhy_absent', ['no']],
  ['{}', {}, sentence('identity_absent'), 'identityWhy_absent', ['no']],
  ['null', { base_url: null }, sentence('identity_disabled'), 'identityWhy_disabled', ['own']],
  ['an empty text', { base_url: '' }, sentence('identity_disabled'), 'identityWhy_disabled', ['own']],
  ['a URL', { base_url: 'https://is.example//' }, 'https://is.example', 'identityWhy_url', ['no', 'own']],
  ['a host', { base_url: 'is.example' }, '"is.example"', 'identityWhy_invalid', ['no', 'own']],
  ['a number', { base_url: 7 }, '7', 'identityWhy_invalid', ['no', 'own']],
  ['markup', { base_url: '<b>x</b>' }, '"<b>x</b>"', 'identityWhy_invalid', ['no', 'own']],
  [
    'letters that hide and reorder',
    { base_url: 'https://\u202Eelpmaxe.si\u2066\u200B' },
    String.raw`"https://\u{202e}elpmaxe.si\u{2066}\u{200b}"`,
    'identityWhy_invalid',
    ['no', 'own'],
  ],
  ['300 letters', { base_url: long }, `"${long.slice(0, 199)}`, 'identityWhy_invalid', ['no', 'own']],
];
type Why = Parameters<typeof sentence>[0];

describe.each(engines)('%s: the popup, of an account that', (engine) => {
  const lab = usePopupLab(engine);

  const shown = () =>
    lab.popup.page.$eval('.identity', (part) => ({
      value: part.querySelector('.value')?.textContent,
      why: part.querySelector('.soft')?.textContent,
      elements: part.querySelectorAll('.value b').length,
      buttons: [...part.querySelectorAll('button')].map(({ className }) => className),
    }));

  it.each(contents)('holds %s', async (_, content, value, why, buttons) => {
    const { alpha, site } = await lab.signedIn({ content: () => content });
    expect(await shown()).toEqual({
      value,
      why: sentence(why),
      elements: 0,
      buttons: ['change-identity', ...buttons.map((name) => `${name}-identity`)],
    });
    expect(background(alpha)).toEqual([]);
    // else the badge tells of missing access
    await lab.popup.grant(site.origin);
    const badge = (): Promise<string> => lab.popup.badge(site.origin);
    await expect.poll(badge, { timeout: 10_000 }).toBe(why === 'identityWhy_invalid' ? '!' : '✓');
  });

  it('is not read yet', async () => {
    const { alpha, portal, page, site } = await lab.start();
    const held = gate(alpha);
    const { token } = await logIn(page, portal.url);
    await whoami(page, portal.url, token);
    await lab.popup.show(site.origin);
    expect(await shown()).toMatchObject({
      value: sentence('identity_unknown'),
      why: sentence('identityWhy_unknown'),
      buttons: ['change-identity', 'no-identity'],
    });
    held.open();
    await lab.says('identityWhy_absent');
  });

  it('holds nothing, and the client’s own server is known', async () => {
    const { page, app, site } = await lab.signedIn();
    await send(page, app.url + IDENTITY);
    await lab.popup.show(site.origin);
    expect(await shown()).toMatchObject({
      value: sentence('identity_own', app.url),
      why: sentence('identityWhy_absent'),
    });
  });

  it('holds nothing, and whose login suggested one', async () => {
    const { alpha, named, page, site } = await lab.start();
    const suggests = { [ACCOUNT_DATA]: { base_url: named.url } };
    const portal = await lab.portal({
      name: 'suggests',
      route: () => alpha.url,
      editLogin: (body, target) => {
        const { well_known, ...rest } = naming.well_known(body, target);
        return { ...rest, well_known: { ...(well_known as object), ...suggests } };
      },
    });
    const { token } = await logIn(page, portal.url);
    await whoami(page, portal.url, token);
    await lab.popup.show(site.origin);
    await lab.says('identityWhy_suggested');
    expect(await shown()).toMatchObject({ value: named.url, buttons: ['change-identity', 'no-identity'] });
  });
});
