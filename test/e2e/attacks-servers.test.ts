/** Attack table of issue C, rows 13 and 16: homeservers that fail after a 307, and portals that give odd tokens. */
import { describe, expect, it } from 'vitest';
import type { Homeserver } from '../support/homeserver.ts';
import { naming } from '../support/portal.ts';
import { atHome, type AtHome } from './at-home.ts';
import { die, forged, mediaPath, settledText, startForger, widthOf } from './attack-steps.ts';
import { kinds, useLab } from './lab.ts';
import { logIn, password, ways, whoami } from './page-calls.ts';

const WHOAMI = '/_matrix/client/v3/account/whoami';

/** How a homeserver fails, once it has answered the login, and whether it answers at all. */
const FAILURES: readonly (readonly [string, boolean, (home: Homeserver) => void])[] = [
  ['is dead', false, die],
  ['answers 3 s late', true, ({ faults }) => void faults.delay.push({ path: /./, ms: 3000 })],
  [
    'answers HTML',
    true,
    ({ faults }) => {
      faults.intercept = (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><h1>It works!</h1>');
        return true;
      };
    },
  ],
];

const TOKENS: readonly (readonly [string, string])[] = [
  ['with CR and LF', 'syt_a\r\nX-Evil: 1'],
  ['with NUL', 'syt_a\u0000b'],
  ['that is not ASCII', 'syt_\u{1f511}'],
  ['that is empty', ''],
  ['of 2 MB', 'x'.repeat(2 * 1024 * 1024)],
];

describe.each(kinds)('%s: servers:', ({ engine, form }) => {
  const lab = useLab(engine, { form, idleTimeout: 1000 });

  describe('13: after a 307, a homeserver that', () => {
    it.each(ways.flatMap((by) => FAILURES.map((failure) => [...failure, by] as const)))(
      '%s keeps its token: the portal is not asked',
      async (_title, answers, fail, by) => {
        const home = await lab.homeserver();
        const portal = await lab.portal({ mode: 'redirect', strict: false, route: () => home.url });
        const { page } = await lab.client();
        home.faults.loginBody = (body) => {
          fail(home);
          return body;
        };
        const { token, url } = await logIn(page, portal.url, 'alice', { by });
        expect(url).toBe(`${home.url}/_matrix/client/v3/login`);
        // the page worker has no part in what page code asks
        const killed = form === 'extension' ? ['after the background had ended'] : [];
        for (const when of ['at once', 'after a reload', ...killed]) {
          if (when === 'after the background had ended') await lab.browser.killBackground();
          if (when !== 'at once') await page.reload({ waitUntil: 'domcontentloaded' });
          home.recorder.clear();
          const answer = await whoami(page, portal.url, token, { by });
          expect(answer.url, `who answers ${when}`).toBe(answers ? home.url + WHOAMI : '');
          const came = home.recorder.all.filter(({ path }) => path === WHOAMI);
          expect(came.length, `at the homeserver ${when}`).toBeGreaterThan(0);
        }
        expect(portal.recorder.requests().map(({ method, path }) => `${method} ${path}`)).toEqual([
          'POST /_matrix/client/v3/login',
        ]);
      },
    );
  });

  describe('16: a portal that gives', () => {
    async function expectPicture({ page, home, portal, token, picture }: AtHome, when: string) {
      await page.bringToFront();
      await page.reload({ waitUntil: 'domcontentloaded' });
      await whoami(page, portal.url, token);
      home.recorder.clear();
      const shown = () => widthOf(page, portal.url + mediaPath(picture));
      await expect.poll(shown, { timeout: 10_000, message: `the picture ${when}` }).toBe(1);
      expect(home.recorder.withToken(token).map(({ path }) => path)).toContain(
        `/_matrix/client/v1/media/download/${picture}`,
      );
    }

    it('odd tokens begins no session, and another client shows its pictures', async () => {
      const [other, { site, page }] = [await atHome(lab), await lab.client()];
      await expectPicture(other, 'before');
      const portal = await lab.portal({ strict: false, route: () => other.home.url });
      for (const [title, access_token] of TOKENS) {
        portal.faults.loginBody = (body) => ({ ...naming.well_known(body, other.home.url), access_token });
        const body = JSON.stringify(password('alice'));
        const got = await page.evaluate(logInRaw, `${portal.url}/_matrix/client/v3/login`, body);
        expect(got === access_token, `the page gets the token ${title}`).toBe(true);
      }
      // a question takes the same way, behind them all
      await whoami(page, portal.url, 'syt_nobody_knows');
      expect(await lab.popup.sessions(site.origin)).toEqual([]);
      await expectPicture(other, 'at once');
      await lab.browser.killBackground();
      await expectPicture(other, 'after the background had ended');
    });

    // more than there are rules; the page worker has none, and what it stores is of one site
    const many = form === 'extension' ? 1100 : 200;

    it(`${many} sessions leaves another client its pictures`, { timeout: 300_000 }, async () => {
      const [other, { site, page }] = [await atHome(lab), await lab.client()];
      await expectPicture(other, 'before');
      const evil = lab.keep(await startForger('evil'));
      const login = `${evil.url}/_matrix/client/v3/login`;
      const port = new URL(evil.url).port;
      for (let first = 0; first < many; first += 50) {
        const answers = Array.from({ length: 50 }, (_, index) => {
          const name = `n${first + index}`;
          const answer = forged(`syt_${name}`, `http://${name}.evil.localhost:${port}`);
          return JSON.stringify({ ...answer, user_id: `@${name}:evil`, device_id: name });
        });
        await page.evaluate(logInAll, login, answers);
      }
      expect(evil.recorder.requests(({ path }) => path.endsWith('/login')).length).toBe(many);
      const standings = async () =>
        (await lab.popup.sessions(site.origin)).map(({ standing }) => standing.at);
      // of so many at once, which page and worker both store, the page worker checks the last at their next use
      const all = Array.from({ length: 8 }, () => (form === 'extension' ? 'home' : expect.any(String)));
      await expect.poll(standings, { timeout: 60_000 }).toEqual(all);
      await settledText(lab);
      if (form === 'extension') {
        await lab.popup.show(site.origin);
        await lab.popup.press('.grant-all');
        await expect.poll(() => lab.popup.page.$('.grant-all'), { timeout: 10_000 }).toBe(null);
      }
      await expectPicture(other, 'at once');
      await lab.browser.killBackground();
      await expectPicture(other, 'after the background had ended');
    });
  });
});

async function logInRaw(url: string, body: string): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', body });
  return ((await response.json()) as { access_token: unknown }).access_token;
}

async function logInAll(url: string, bodies: string[]): Promise<void> {
  await Promise.all(bodies.map(async (body) => (await fetch(url, { method: 'POST', body })).text()));
}
