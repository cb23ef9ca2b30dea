/** How the popup looks, and how it shows names that others chose. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { useLab } from './lab.ts';
import { logIn, whoami } from './page-calls.ts';
import { looks, namesOutsideOfBdi, save } from './popup-looks.ts';
import { sentence, textOf } from './popup-page.ts';

describe.each(engines)('%s: the popup', (engine) => {
  const lab = useLab(engine);

  /** A client where alice is signed in and at home. */
  async function signedIn(editLogin?: (body: object) => unknown) {
    const [alpha, client] = await Promise.all([lab.homeserver(), lab.client()]);
    const portal = await lab.portal({ route: () => alpha.url, ...(editLogin && { editLogin }) });
    const { token } = await logIn(client.page, portal.url);
    await whoami(client.page, portal.url, token);
    await lab.popup.show(client.site.origin);
    return { alpha, portal, token, ...client };
  }

  it('shows every name in a <bdi>', async () => {
    const { alpha, portal, site, page } = await signedIn();
    const beta = await lab.homeserver({ name: 'beta', serverName: alpha.serverName });
    portal.setRoute(() => beta.url);
    const { token } = await logIn(page, portal.url);
    await whoami(page, portal.url, token);
    expect(await lab.popup.text(site.origin)).toContain(sentence('moved', alpha.url, beta.url));
    expect(await namesOutsideOfBdi(lab.popup.page)).toEqual([]);
    const { names } = await looks(lab.popup.page);
    const expected = [site.origin, portal.url, alpha.url, beta.url, alpha.userId('alice')];
    expect(names).toEqual(expect.arrayContaining(expected));
  });

  it('shows letters that hide or reorder others as what they are', async () => {
    const user_id = '@a\u202Egro.elpmaxe\u2066\u200B\u00AD\n\u{E0041}:x';
    await signedIn((body) => ({ ...body, base_cs_url: 'http://named.localhost:8448', user_id }));
    const { names } = await looks(lab.popup.page);
    expect(names).toContain(String.raw`@a\u{202e}gro.elpmaxe\u{2066}\u{200b}\u{ad}\u{a}\u{e0041}:x`);
    expect(await textOf(lab.popup.page)).not.toMatch(/[\u202E\u2066\u200B\u00AD\u{E0041}]/u);
  });

  it('shows a long host and a long user wholly', async () => {
    const base_cs_url = `http://${'x'.repeat(63)}.${'a-long-name.'.repeat(10)}evil.localhost:8448`;
    const user_id = `@${'y'.repeat(240)}:example.org`;
    await signedIn((body) => ({ ...body, base_cs_url, user_id }));
    await lab.popup.page.setViewport({ width: 360, height: 600 });
    const { names, overflow, hidden } = await looks(lab.popup.page);
    expect(names).toEqual(expect.arrayContaining([base_cs_url, user_id]));
    expect(overflow, 'px that the content is wider than the popup').toBe(0);
    expect(hidden, 'names that are cut').toEqual([]);
    await screenshot(lab.popup.page, 'long');
  });

  it('is as wide while it loads as when it shows something', async () => {
    const { site } = await signedIn();
    const { page } = lab.popup;
    const widths: Record<string, number> = { on: (await looks(page)).width };
    await lab.popup.press('.turn-off');
    widths.warning = (await looks(page)).width;
    await lab.popup.show('about:blank');
    widths.unsupported = (await looks(page)).width;
    await lab.popup.show(site.origin.replace('client', 'never-on'));
    widths.off = (await looks(page)).width;
    // what popup.html is before its script has drawn
    await page.evaluate(() => document.querySelector('main')?.replaceChildren());
    const { width, height } = await looks(page);
    expect(widths).toEqual({ on: width, warning: width, unsupported: width, off: width });
    expect(height, 'an empty popup has a height').toBeGreaterThanOrEqual(100);
  });

  it('looks right in light and dark', async () => {
    const { site } = await signedIn();
    const { page } = lab.popup;
    await page.setViewport({ width: 360, height: 480 });
    const colors: string[] = [];
    for (const scheme of engine === 'chromium' ? ['light', 'dark'] : ['default']) {
      if (engine === 'chromium') {
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      }
      await lab.popup.show(site.origin);
      await screenshot(page, `on-${scheme}`);
      colors.push((await looks(page)).background);
      await lab.popup.press('.turn-off');
      await screenshot(page, `warning-${scheme}`);
      await lab.popup.show(site.origin.replace('client', 'never-on'));
      await screenshot(page, `off-${scheme}`);
    }
    expect(new Set(colors).size, `backgrounds ${colors.join(', ')}`).toBe(colors.length);
    if (engine === 'chromium') await page.emulateMediaFeatures([]);
  });

  const screenshot = (page: Page, name: string) => save(page, `${name}-${engine}`);
});
