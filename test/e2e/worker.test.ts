/** The page worker: what a site's host adds to a client. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { atHome } from './at-home.ts';
import { showPicture } from './hosting-stage.ts';
import { useLab } from './lab.ts';
import { logIn, ways, whoami } from './page-calls.ts';

const WHOAMI = '/_matrix/client/v3/account/whoami';

describe.each(engines)('%s: the page worker', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  it.each(ways)('takes the first login of a first visit home, by %s', async (by) => {
    const home = await lab.homeserver();
    const portal = await lab.portal({ route: () => home.url });
    const site = await lab.site({ homeward: true });
    const page = await lab.page(`${site.url}/`);
    const { token } = await logIn(page, portal.url, 'alice', { by });
    expect((await whoami(page, portal.url, token, { by })).url).toBe(home.url + WHOAMI);
    expect(portal.recorder.withToken(token)).toEqual([]);
    await page.reload({ waitUntil: 'domcontentloaded' });
    expect((await whoami(page, portal.url, token, { by })).url).toBe(home.url + WHOAMI);
    expect(portal.recorder.withToken(token)).toEqual([]);
  });

  it('shows pictures', async () => {
    const scene = await atHome(lab);
    const { page, portal, home, token } = scene;
    const { picture, width } = await showPicture(page, scene);
    expect(width).toBe(1);
    expect(portal.recorder.withToken(token)).toEqual([]);
    expect(portal.recorder.requests(({ path }) => path.includes('media'))).toEqual([]);
    const asked = home.recorder.requests(({ path }) => path.includes(picture));
    expect(asked.map((request) => request.token)).toEqual([token]);
  });
});
