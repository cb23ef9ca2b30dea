/** The extension is reloaded, updated, disabled and enabled while a client is open. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import { startIdentityServer } from '../support/identity-server.ts';
import type { PersistentBrowser } from '../support/persistent-browser.ts';
import { atHome, type AtHome } from './at-home.ts';
import { arrived as arrivedAt, DISABLED, IDENTITY, send } from './identity-calls.ts';
import {
  arrived,
  expectAtHome,
  expectNextLoginAtHome,
  expectNothingAtPortal,
  expectPictures,
  FIRST,
  remember,
  startPage,
  steady,
  useLifecycleLab,
  WHOAMI,
  type LifecycleLab,
} from './lifecycle-lab.ts';
import { call, ways, whoami } from './page-calls.ts';
import { SPY } from './page-spy.ts';

type Change = (browser: PersistentBrowser) => Promise<void>;

let version = 1;

const changes: readonly [string, Change][] = [
  ['reloaded', (browser) => browser.reloadExtension()],
  ['updated', (browser) => browser.updateExtension(`0.2.${(version += 1)}`)],
  [
    'disabled and enabled',
    async (browser) => {
      await browser.disable();
      await browser.enable();
    },
  ],
];

describe.each(engines)('%s: an extension', (engine) => {
  const lab = useLifecycleLab(engine);

  describe.each(changes)('%s', (_name, change) => {
    it('leaves the open page at home', async () => {
      const scene = await atHome(lab);
      await change(lab.browser);
      await expectAtHome(scene);
      // and once more, when everything is there again
      await backgroundIsBack(lab, scene);
      await expectAtHome(scene);
      await expectPictures(scene);
    });

    it('takes the next login in the open page home', async () => {
      const scene = await atHome(lab);
      await change(lab.browser);
      await expectNextLoginAtHome(scene);
      await expectAtHome(scene);
      await lab.reopenPopup();
      const users = (await lab.popup.sessions(scene.site.origin)).map(({ user }) => user);
      expect(users).toEqual(expect.arrayContaining([scene.home.userId('alice'), scene.home.userId('bob')]));
    });

    it('follows the account with identity requests of the open page', async () => {
      const scene = await atHome(lab);
      const app = lab.keep(await startIdentityServer({ name: 'is0' }));
      const named = lab.keep(await startIdentityServer({ name: 'is1' }));
      await change(lab.browser);
      for (const [content, base] of [
        [{ base_url: null }, null],
        [{ base_url: named.url }, named.url],
      ] as const) {
        const path = `user/${encodeURIComponent(scene.home.userId('alice'))}/account_data/m.identity_server`;
        const write = { method: 'PUT', token: scene.token, body: content };
        const written = await steady(() => call(scene.page, scene.portal.url, path, write));
        expect(written.status).toBe(200);
        const ping = () => send(scene.page, `${app.url}${IDENTITY}`);
        const wanted = base === null ? DISABLED : { status: 200, url: base + IDENTITY };
        // until it is read, the last known state counts
        await expect.poll(ping, { timeout: 10_000 }).toMatchObject(wanted);
        app.recorder.clear();
        expect(await ping()).toMatchObject(wanted);
        expect(arrivedAt(app)).toEqual([]);
      }
      expectNothingAtPortal(scene);
    });

    it('rewrites a request of the open page once, and looks native', async () => {
      const scene = await atHome(lab);
      await scene.page.evaluate(keepFunctions);
      const before = await scene.page.evaluate(looks);
      await change(lab.browser);
      await backgroundIsBack(lab, scene);
      for (const by of ways) {
        scene.home.recorder.clear();
        await steady(() => whoami(scene.page, scene.portal.url, scene.token, { by }));
        expect(arrived(scene, WHOAMI), `by ${by}`).toHaveLength(1);
      }
      // a second hook would be one over the first
      expect(await scene.page.evaluate(looks)).toEqual(before);
      expect(before).toMatchObject({ name: 'fetch', length: 1, replaced: [] });
      expect(before.text).toContain('[native code]');
    });

    it('lets a page see nothing of its channel', async () => {
      const scene = await atHome(lab, {
        site: { files: { '/index.html': `<!doctype html>${EAVESDROPPER}` } },
      });
      await change(lab.browser);
      await backgroundIsBack(lab, scene);
      await expectAtHome(scene);
      // a second hook in Firefox asks whether it is the first, by what the page has made of the natives
      const heard = (await caught(scene)).filter((line) => !line.endsWith(' homeward-here'));
      expect(heard).toEqual([]);
      const sessions = await lab.popup.sessions(scene.site.origin);
      await scene.page.evaluate(forge);
      await expectAtHome(scene);
      expect(await scene.page.evaluate(asked)).toBe(0);
      expect(await lab.popup.sessions(scene.site.origin)).toEqual(sessions);
    });

    it('sends nothing with the token to the portal from a page that is opened at once', async () => {
      const scene = await atHome(lab, { site: { files: { '/index.html': startPage() } } });
      await remember(scene);
      scene.home.recorder.clear();
      await change(lab.browser);
      await lab.page(`${scene.site.url}/`);
      await expect.poll(() => arrived(scene, FIRST).length, { timeout: 10_000 }).toBeGreaterThan(0);
      expectNothingAtPortal(scene);
    });

    it('is there for a page that is opened afterwards', async () => {
      const scene = await atHome(lab);
      await change(lab.browser);
      await expect.poll(() => lab.browser.scripts(), { timeout: 10_000 }).toHaveLength(2);
      const page = await lab.page(`${scene.site.url}/`);
      await expectAtHome(scene, page);
      await expectPictures(scene, page);
      await expectAtHome(scene);
    });

    it('has no rule of a session that ends afterwards', async () => {
      const scene = await atHome(lab);
      await change(lab.browser);
      await backgroundIsBack(lab, scene);
      expect((await lab.rulesOf(scene)).dynamic).not.toEqual([]);
      await call(scene.page, scene.portal.url, 'logout', { method: 'POST', token: scene.token });
      await expect.poll(() => lab.rulesOf(scene), { timeout: 10_000 }).toEqual({ dynamic: [], session: [] });
      expectNothingAtPortal(scene);
    });
  });

  it('that is disabled leaves the open page at home', async () => {
    const scene = await atHome(lab);
    await lab.browser.disable();
    try {
      for (const by of ways) {
        const answer = await steady(() => whoami(scene.page, scene.portal.url, scene.token, { by }));
        expect(answer, `by ${by}`).toMatchObject({ status: 200, url: scene.home.url + WHOAMI });
      }
      expectNothingAtPortal(scene);
    } finally {
      await lab.browser.enable();
    }
  });
});

/** The badge is gone with the extension, and there again when the open page talks to the background. */
async function backgroundIsBack(lab: LifecycleLab, { site }: AtHome): Promise<void> {
  await lab.reopenPopup();
  await expect.poll(() => lab.popup.badge(site.origin), { timeout: 15_000 }).toBe('✓');
}

/** Notes whatever a channel could be made of, and every event that has an element or a detail. */
const EAVESDROPPER = `<title>client</title><link rel="icon" href="data:,"><script>
  for (const owner of [window, document]) {
    for (const type of ['homeward-handshake', 'homeward-again', 'click', 'mousemove', 'mouseover', 'message']) {
      owner.addEventListener(type, (event) => note('handshake caught ' + event.type), true);
    }
  }
  ${SPY}
</script>`;

/** As the bridge does, with an element that would answer. */
function forge(): void {
  const page = window as unknown as { asked: number };
  page.asked = 0;
  for (const target of [window, document]) {
    const element = document.createElement('i');
    element.addEventListener('ask', () => (page.asked += 1));
    const init = { relatedTarget: element, detail: 1, cancelable: true };
    target.dispatchEvent(new MouseEvent('homeward-handshake', init));
    element.dispatchEvent(new CustomEvent('tell', { detail: '{"id":0,"ok":true,"value":{"gone":true}}' }));
  }
}

function asked(): number {
  return (window as unknown as { asked: number }).asked;
}

/** What the eavesdropper noted but for what the test itself does in the page. */
async function caught({ page }: AtHome): Promise<string[]> {
  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  return seen.filter((line) => !/EventTarget\.addEventListener (?:load|error|loadend) /.test(line));
}

/** What a hook replaces. */
function keepFunctions(): void {
  const { prototype } = XMLHttpRequest;
  const kept = [fetch, prototype.open, prototype.send, navigator.sendBeacon];
  Object.assign(window, { kept });
}

function looks() {
  const { prototype } = XMLHttpRequest;
  const { kept } = window as unknown as { kept: unknown[] };
  const now = [fetch, prototype.open, prototype.send, navigator.sendBeacon];
  const { name, length } = fetch;
  return {
    name,
    length,
    text: Function.prototype.toString.call(fetch),
    replaced: now.flatMap((each, index) => (each === kept[index] ? [] : [each.name])),
  };
}
