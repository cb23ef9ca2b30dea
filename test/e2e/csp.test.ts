/** A site whose policy does not allow the homeserver: Homeward does not go round it, and says so. */
import { describe, expect, it } from 'vitest';
import type { PortalOptions } from '../support/portal.ts';
import type { SiteOptions } from '../support/static-site.ts';
import { changeAccess } from './access.ts';
import { PIXEL } from './at-home.ts';
import { kinds, useLab } from './lab.ts';
import { call, logIn, password, ways, whoami } from './page-calls.ts';
import { showImage } from './picture-page.ts';
import { sentence } from './popup-page.ts';

const WHOAMI = '/_matrix/client/v3/account/whoami';

const page = (head = '') =>
  `<!doctype html><meta charset="utf-8">${head}<title>client</title><link rel="icon" href="data:,">`;

/** How a site states its policy. */
const statements: Record<string, (policy: string) => Partial<SiteOptions>> = {
  header: (policy) => ({
    files: { '/index.html': page() },
    headers: { 'content-security-policy': policy },
  }),
  meta: (policy) => ({
    files: { '/index.html': page(`<meta http-equiv="Content-Security-Policy" content="${policy}">`) },
  }),
};

const rows = Object.entries(statements).flatMap(([name, state]) =>
  [false, true].map((granted) => ({ name, state, granted })),
);

describe.each(kinds)('%s', ({ engine, form }) => {
  const lab = useLab(engine, { form });
  let count = 0;

  // the page worker needs no access
  const these = rows.filter(({ granted }) => granted || form === 'extension');

  describe.each(these)('a policy as $name, access $granted', ({ state, granted }) => {
    /** The portal can serve everything itself; the site allows it and, if so, the homeserver. */
    async function start(mode: PortalOptions['mode'], allowed = false) {
      // access is given by host
      count += 1;
      const home = await lab.homeserver({ name: `home${count}` });
      const name = `portal${count}`;
      const portal = await lab.portal({ name, mode, strict: false, route: () => home.url });
      if (granted && form === 'extension') await changeAccess(lab, 'request', [portal.url, home.url]);
      const hosts = ["'self'", portal.url, ...(allowed ? [home.url] : [])].join(' ');
      const client = await lab.client(state(`connect-src ${hosts}; img-src ${hosts}`));
      return { home, portal, ...client };
    }

    /** What the popup says of the policy; null: nothing. The page worker's host knows it. */
    async function note(client: string): Promise<string | null> {
      if (form === 'worker') return null;
      await lab.popup.show(client);
      return lab.popup.page.evaluate(() => document.querySelector('.csp')?.textContent ?? null);
    }

    it.each(ways)('keeps a proxied login at the portal, by %s', async (by) => {
      const { home, portal, site, page: tab } = await start('proxy');
      const { token } = await logIn(tab, portal.url, 'alice', { by });
      for (const when of ['at once', 'after a reload']) {
        for (const way of ways) {
          const answer = await whoami(tab, portal.url, token, { by: way });
          expect([answer.status, answer.url], `${when}, by ${way}`).toEqual([200, portal.url + WHOAMI]);
        }
        await tab.reload({ waitUntil: 'domcontentloaded' });
      }
      const standing = { at: 'portal', why: 'forbidden' };
      expect(await lab.popup.sessions(site.origin)).toMatchObject([{ standing }]);
      if (form === 'extension') expect(await note(site.origin)).toContain(home.url);
      expect(await lab.popup.text(site.origin)).toContain(sentence('reason_forbidden'));
    });

    it('leaves pictures to the portal', async () => {
      const { home, portal, page: tab } = await start('proxy');
      const { token } = await logIn(tab, portal.url);
      await whoami(tab, portal.url, token);
      const media = `${home.serverName}/${home.putMedia(PIXEL, 'image/png')}`;
      const url = `${portal.url}/_matrix/media/v3/download/${media}`;
      expect(await showImage(tab, url)).toBe('loaded');
      const asked = portal.recorder.requests((request) => request.url.includes(media));
      expect(asked).toMatchObject([{ status: 200 }]);
    });

    it.each(ways)('stops a login that the portal redirects, and is told, by %s', async (by) => {
      const { home, portal, site, page: tab } = await start('redirect');
      expect(await note(site.origin)).toBeNull();
      const body = password('alice');
      const answer = await call(tab, portal.url, 'login', { method: 'POST', body, by });
      // the browser itself refuses
      expect(answer.status).toBe(0);
      expect(home.tokens()).toEqual([]);
      if (form === 'extension') {
        await expect.poll(() => note(site.origin), { timeout: 10_000 }).not.toBeNull();
      }
      expect(await lab.popup.sessions(site.origin)).toEqual([]);
    });

    it.each(['proxy', 'redirect'] as const)('that allows the homeserver is none, %s', async (mode) => {
      const { home, portal, site, page: tab } = await start(mode, true);
      const { token } = await logIn(tab, portal.url);
      expect((await whoami(tab, portal.url, token)).url).toBe(home.url + WHOAMI);
      expect(await note(site.origin)).toBeNull();
      expect(portal.recorder.withToken(token)).toEqual([]);
    });
  });
});
