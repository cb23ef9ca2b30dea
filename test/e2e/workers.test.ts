/** What asks the homeserver where no page code is: workers, frames, beacons, and clients' own service workers. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Engine } from '../support/browser.ts';
import { atHome } from './at-home.ts';
import { kinds, useLab } from './lab.ts';
import { call, whoami } from './page-calls.ts';
import { showImage } from './picture-page.ts';
import { AUTHENTICATED, LEGACY, put, seen } from './picture-scene.ts';
import {
  askers,
  serviceWorkers,
  startServiceWorker,
  workerFiles,
  type Asker,
  type ServiceWorkerKind,
} from './worker-pages.ts';

const SYNC = '/_matrix/client/v3/sync';

const table = [
  '| by | browser | at the portal | token there | at the homeserver | token there | the page has |',
];

afterAll(() => console.log(table.join('\n')));

/** Of no URL, so that neither a script of the site's nor its worker is in them: the page worker does not see these. */
const UNSEEN: Partial<Record<Engine, string[]>> = {
  chromium: ['about:blank frame', 'initial empty document of a frame'],
  firefox: ['initial empty document of a frame'],
};

interface Asked {
  portal: string[];
  home: string[];
}

describe.each(kinds)('%s', ({ engine, form }) => {
  const lab = useLab(engine, { form });
  const isBeyond = ({ kind, opaque }: Asker): boolean =>
    opaque === true || (form === 'worker' && UNSEEN[engine]?.includes(kind) === true);

  /** A client without Homeward at a portal that takes everything. */
  async function startOff(kind?: ServiceWorkerKind) {
    const home = await lab.homeserver();
    const portal = await lab.portal({ route: () => home.url, strict: false });
    const site = await lab.site({ files: workerFiles(kind) });
    const page = await lab.page(`${site.url}/`);
    return { home, portal, page, token: home.issue('alice').access_token };
  }

  type Scene = Awaited<ReturnType<typeof startOff>>;

  /** It asks the portal for a sync; where did that arrive? */
  async function ask({ page, portal, home, token }: Scene, asker: Asker): Promise<Asked> {
    const mark = `by=${encodeURIComponent(asker.kind).replaceAll(/\W/g, '')}`;
    const search = `?timeout=0&${mark}${asker.tokenIn === 'query' ? `&access_token=${token}` : ''}`;
    const result = await asker.ask(page, `${portal.url}${SYNC}${search}`, token);
    const of = (recorder: Scene['portal']['recorder']) =>
      recorder
        .requests(({ url }) => url.includes(mark))
        .map((request) => (request.token === token ? 'with the token' : `token: ${request.token}`));
    const both = () => [...of(portal.recorder), ...of(home.recorder)].length;
    await expect.poll(both, { timeout: 10_000, message: `a request by ${asker.kind}` }).toBeGreaterThan(0);
    const found = { portal: of(portal.recorder), home: of(home.recorder) };
    const counted = (all: string[]) => [all.length, all.filter((one) => one === 'with the token').length];
    table.push(
      `| ${[asker.kind, `${engine}, ${form}`, ...counted(found.portal), ...counted(found.home), result].join(' | ')} |`,
    );
    return found;
  }

  it('without Homeward each of them brings the token to the portal', async () => {
    const scene = await startOff();
    for (const asker of askers) {
      expect((await ask(scene, asker)).portal, `by ${asker.kind}`).toEqual(['with the token']);
    }
  });

  it.each(askers.filter((asker) => !isBeyond(asker)))('$kind: no token at the portal', async (asker) => {
    const scene = await atHome(lab, { site: { files: workerFiles() } });
    await whoami(scene.page, scene.portal.url, scene.token);
    const found = await ask(scene, asker);
    expect(found.portal).toEqual([]);
    // no rule can tell whose they are, the page worker can
    if (form === 'worker') expect(found.home).toEqual(['with the token']);
    else expect(found.home.length).toBeGreaterThan(0);
    expect(scene.portal.recorder.withToken(scene.token)).toEqual([]);
  });

  async function askAsAnother(asker: Asker) {
    const scene = await atHome(lab, { site: { files: workerFiles() } });
    await whoami(scene.page, scene.portal.url, scene.token);
    const found = await ask({ ...scene, token: 'syt_of_another_server' }, asker);
    expect(scene.home.recorder.withToken('syt_of_another_server')).toEqual([]);
    return found;
  }

  const sources = askers.filter(({ kind }) => kind === 'EventSource');

  it.each(form === 'extension' ? sources : [])(
    'a token in the URL of an $kind is left behind: it may be another server’s',
    async (asker) => {
      expect(await askAsAnother(asker)).toMatchObject({
        portal: [],
        home: expect.arrayContaining(['token: null']) as string[],
      });
    },
  );

  // whose it is, the worker knows
  it.each(form === 'worker' ? sources : [])(
    'a token of another server in the URL of an $kind goes where it was sent',
    async (asker) => {
      expect(await askAsAnother(asker)).toEqual({ portal: ['with the token'], home: [] });
    },
  );

  // nobody can tell whose these are: what they bring is what the client gave them (README)
  it.each(askers.filter(isBeyond))('$kind: a known limit', async (asker) => {
    const scene = await atHome(lab, { site: { files: workerFiles() } });
    await whoami(scene.page, scene.portal.url, scene.token);
    const found = await ask(scene, asker);
    expect(found).toEqual({ portal: ['with the token'], home: [] });
  });

  describe.each(serviceWorkers)("a client's service worker that %s", (kind) => {
    async function start() {
      const scene = await atHome(lab, { site: { files: workerFiles(kind) } });
      await whoami(scene.page, scene.portal.url, scene.token);
      await startServiceWorker(scene.page, scene.token, scene.portal.url);
      return { ...scene, base: scene.portal.url };
    }

    it('without Homeward shows pictures by way of the portal', async () => {
      const { page, portal, home, token } = await startOff(kind);
      await startServiceWorker(page, token, portal.url);
      // without a token for those who do not add it
      const path = kind === 'answers every GET' ? LEGACY : AUTHENTICATED;
      expect(await showImage(page, `${portal.url}${path}/${put({ home })}`)).toBe('loaded');
      expect(portal.recorder.withToken(token).length > 0).toBe(path === AUTHENTICATED);
    });

    it.each([LEGACY, AUTHENTICATED])('shows pictures of %s', async (path) => {
      const scene = await start();
      const show = async () => {
        const media = put(scene);
        const result = await showImage(scene.page, `${scene.base}${path}/${media}`);
        return { result, media };
      };
      await expect.poll(async () => (await show()).result, { timeout: 10_000 }).toBe('loaded');
      const { media } = await show();
      const { where, requests } = await seen(scene, media);
      expect(where).toMatchObject({ portal: [], leaked: [] });
      expect(requests.map((request) => [request.path, request.token])).toEqual([
        [`${AUTHENTICATED}/${media}`, scene.token],
      ]);
      expect(scene.portal.recorder.requests(({ token }) => token !== null)).toEqual([]);
    });

    it("lets the page's own requests go home", async () => {
      const scene = await start();
      for (const by of ['fetch', 'xhr'] as const) {
        const answer = await call(scene.page, scene.base, 'sync?timeout=0', { token: scene.token, by });
        expect(answer.status).toBe(200);
      }
      expect(scene.portal.recorder.withToken(scene.token)).toEqual([]);
      expect(scene.home.recorder.requests(({ path }) => path === SYNC)).toHaveLength(2);
    });
  });
});
