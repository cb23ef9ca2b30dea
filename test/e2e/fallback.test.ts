/** UIA fallback pages (spec, "Fallback"): opened at the portal's URL, shown by the homeserver that began the session. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { attempt } from '../support/drive-page.ts';
import { atHome, type AtHome } from './at-home.ts';
import { kinds, useLab } from './lab.ts';

const PATH = '/_matrix/client/v3/auth/m.login.terms/fallback/web?session=xyz';

interface Heard {
  data: unknown;
  origin: string;
  isPopup: boolean;
}

/** Opens a URL as a client does, and tells which messages it got until the given number has come. */
function hear(page: Page, url: string, count: number): Promise<Heard[]> {
  return attempt(page, `hear ${count} of ${url}`, () => page.evaluate(openAndHear, url, count));
}

function openAndHear(url: string, count: number): Promise<Heard[]> {
  return new Promise((resolve) => {
    const heard: Heard[] = [];
    const popup = window.open(url, '_blank', 'width=300,height=300');
    window.addEventListener('message', ({ data, origin, source }) => {
      heard.push({ data: data as unknown, origin, isPopup: source === popup });
      if (heard.length < count) return;
      popup?.close();
      resolve(heard);
    });
  });
}

/** The homeserver's pages say this to whoever opened them. */
function saying({ home }: AtHome, ...messages: string[]): void {
  const posts = messages.map((each) => `opener.postMessage(${JSON.stringify(each)}, '*');`).join('');
  home.faults.intercept = (_request, response, path) => {
    if (!path.includes('/fallback/web') && path !== '/page') return false;
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><script>${posts}</script>`);
    return true;
  };
}

describe.each(kinds)('%s: a UIA fallback page', ({ engine, form }) => {
  const lab = useLab(engine, { form });
  const at = ({ home }: AtHome) => home.recorder.requests(({ path }) => path.includes('/fallback/web'));

  it('is shown by the homeserver, and what it says seems to come from the portal', async () => {
    const scene = await atHome(lab);
    saying(scene, 'something else', 'authDone');
    const { origin } = new URL(scene.portal.url);
    expect(await hear(scene.page, scene.portal.url + PATH, 2)).toEqual([
      { data: 'something else', origin: new URL(scene.home.url).origin, isPopup: true },
      { data: 'authDone', origin, isPopup: true },
    ]);
    expect(at(scene).map(({ url, token }) => [url, token])).toEqual([[PATH, null]]);
    expect(scene.portal.recorder.requests(({ path }) => path.includes('/fallback/web'))).toEqual([]);
  });

  it('is believed only where it was opened as one', async () => {
    const scene = await atHome(lab);
    saying(scene, 'authDone');
    expect(await hear(scene.page, `${scene.home.url}/page`, 1)).toEqual([
      { data: 'authDone', origin: new URL(scene.home.url).origin, isPopup: true },
    ]);
  });

  it('of another server is not the homeserver’s', async () => {
    const scene = await atHome(lab);
    const other = await lab.site({
      files: { '/index.html': `<!doctype html><script>opener.postMessage('authDone', '*')</script>` },
    });
    // the homeserver itself sends the popup elsewhere
    scene.home.faults.intercept = (_request, response, path) => {
      if (!path.includes('/fallback/web')) return false;
      response.writeHead(302, { location: `${other.url}/` }).end();
      return true;
    };
    expect(await hear(scene.page, scene.portal.url + PATH, 1)).toEqual([
      { data: 'authDone', origin: other.origin, isPopup: true },
    ]);
  });

  // as natively: an argument that is not there is no address
  it.each<[string, unknown[]]>([
    ['nothing', []],
    ['undefined', [undefined, '_blank']],
    ['an empty text', ['']],
  ])('an empty window is opened with %s', async (_, args) => {
    const { page, site } = await lab.client();
    site.recorder.clear();
    await page.evaluate((given) => {
      // undefined does not travel
      window.open(...(given.map((each) => each ?? undefined) as [string?, string?]));
      window.open('/after', '_blank');
    }, args);
    const paths = (): string[] => site.recorder.requests().map(({ path }) => path);
    await expect.poll(paths, { timeout: 10_000 }).toContain('/after');
    // the page worker's own files are looked for at any time
    expect(paths().filter((path) => !/^\/(after$|favicon\.ico$|homeward)/.test(path))).toEqual([]);
  });

  it('login pages and SSO stay at the portal', async () => {
    const { page, portal } = await atHome(lab);
    await page.evaluate((base) => {
      window.open(`${base}/_matrix/client/v3/login/sso/redirect?redirectUrl=x`);
      window.open(`${base}/_matrix/static/client/login/`);
    }, portal.url);
    const arrived = (): number =>
      portal.recorder.requests(({ path }) => /sso\/redirect|static\/client\/login/.test(path)).length;
    await expect.poll(arrived, { timeout: 10_000 }).toBe(2);
  });
});
