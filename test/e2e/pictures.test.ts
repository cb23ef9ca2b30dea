/** Everything that a page shows from its homeserver, by what it is loaded with: where it arrives, and with what. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { PIXEL } from './at-home.ts';
import { useDownloads } from './downloads.ts';
import { kinds, useLab } from './lab.ts';
import { logIn, whoami } from './page-calls.ts';
import { find, pressLink, resources, type Resource } from './picture-page.ts';
import { AUTHENTICATED, good, LEGACY, put, seen, show, start, type Scene } from './picture-scene.ts';

const results = path.resolve(import.meta.dirname, '../../test-results');
const table = [
  '| resource | browser | at the portal | with the token there | at the homeserver | with the token there | parts |',
  '|---|---|---|---|---|---|---|',
];

afterAll(async () => {
  const text = `${table.join('\n')}\n`;
  await fs.mkdir(results, { recursive: true });
  await fs.writeFile(path.join(results, 'pictures.md'), text);
  console.log(text);
});

describe.each(kinds)('%s', ({ engine, form }) => {
  const lab = useLab(engine, { form });
  const downloads = useDownloads(lab);
  // Chromium without a window asks for no icons
  const rows = resources.filter(({ kind }) => kind !== 'favicon' || engine === 'firefox');
  const note = (kind: string, cells: readonly number[]) =>
    table.push(`| ${[kind, `${engine}, ${form}`, ...cells].join(' | ')} |`);
  // Firefox asks for what it plays past any service worker, and once more when that fails (README)
  const isPast = ({ file }: Resource) => form === 'worker' && engine === 'firefox' && file === 'sound';

  // whatever the form
  it.each(form === 'extension' ? ['portal'] : [])('without Homeward each of them asks the %s', async () => {
    const home = await lab.homeserver();
    const portal = await lab.portal({ route: () => home.url, strict: false });
    const site = await lab.site();
    const page = await lab.page(`${site.url}/`);
    const token = home.issue('alice').access_token;
    const scene: Scene = { home, portal, site, page, token, base: portal.url };
    for (const resource of rows) {
      const { result, cells, where } = await show(scene, resource);
      expect(result, `by ${resource.kind}`).toBe(resource.seen);
      expect(cells[0], `by ${resource.kind}`).toBeGreaterThan(0);
      expect(where.leaked.length > 0, `by ${resource.kind}`).toBe(resource.kind.includes('with the'));
      portal.recorder.clear();
    }
  });

  describe('a picture of the homeserver', () => {
    it.each(rows)('by $kind', async (resource) => {
      const scene = await start(lab);
      const { media, result, cells, where } = await show(scene, resource);
      note(resource.kind, cells);
      const portal = isPast(resource) ? [`${LEGACY}/${media} without a token 401`] : [];
      expect(where).toEqual({ ...good(`${AUTHENTICATED}/${media}`), portal });
      expect(result).toBe(resource.seen);
      // a player reads the head first, and the end when it seeks
      if (resource.file === 'sound') expect(cells.at(-1), 'parts').toBeGreaterThan(1);
    });

    it('right after a login, in a page that has shown none', async () => {
      const scene = await start(lab);
      await scene.page.reload({ waitUntil: 'domcontentloaded' });
      const { token } = await logIn(scene.page, scene.base, 'bob');
      await whoami(scene.page, scene.base, token);
      const { media, result, where } = await show({ ...scene, token }, find('img'));
      expect(where).toEqual(good(`${AUTHENTICATED}/${media}`));
      expect(result).toBe('loaded');
    });
  });

  describe('a file of the homeserver', () => {
    const opened: (() => Promise<void>)[] = [];
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((close) => close()));
    });

    /** Presses a link; closes the tabs that this opens. */
    async function press(scene: Scene, attributes: string) {
      const before = new Set(await lab.browser.puppeteer.pages());
      opened.push(async () => {
        const after = await lab.browser.puppeteer.pages();
        await Promise.all(after.filter((page) => !before.has(page)).map((page) => page.close()));
      });
      const media = put(scene);
      await pressLink(scene.page, `${scene.base}${LEGACY}/${media}`, attributes);
      const { cells, where } = await seen(scene, media);
      note(`link, ${attributes.replaceAll('"', '')}`, cells);
      return { media, where };
    }

    it.each(['download="given.png"', 'target="_blank"', 'target="_blank" rel="noopener"'])(
      'by a link with %s',
      async (attributes) => {
        const { media, where } = await press(await start(lab), attributes);
        expect(where).toEqual(good(`${AUTHENTICATED}/${media}`));
        await expect.poll(() => downloads.saved(PIXEL), { timeout: 10_000 }).toHaveLength(1);
        if (attributes.startsWith('download')) expect(await downloads.saved(PIXEL)).toEqual(['given.png']);
      },
    );

    it('by a link, at a homeserver that serves it to anybody', async () => {
      const { where } = await press(await start(lab, { home: { legacyMedia: true } }), 'target="legacy"');
      expect(where).toMatchObject({ portal: [], leaked: [] });
      expect(where.home).toEqual([expect.stringMatching(/ good$/)]);
    });
  });
});
