import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createAgain } from '../../src/background/again.ts';
import { AGAIN } from '../../src/wire/channel.ts';
import { fakeBrowser, settled } from './fake-browser.ts';

const fake = vi.hoisted(() => ({ now: {} as ReturnType<typeof fakeBrowser> }));
vi.mock('../../src/webext/browser.ts', () => ({
  get browser() {
    return fake.now.browser;
  },
}));

const A = 'https://app.example';
const B = 'http://localhost:8080';

interface Injection {
  readonly target: { readonly tabId: number; readonly allFrames: boolean };
  readonly args?: readonly string[];
  readonly files?: readonly string[];
  readonly func?: (...args: string[]) => void;
  readonly world?: string;
}
const injections = (): Injection[] =>
  fake.now.browser.scripting.executeScript.mock.calls.map(([of]) => of as Injection);

/** The background starts; `storage.session` is what tells whether the extension has. */
async function start(
  clients: () => Promise<readonly string[]> = () => Promise.resolve([A]),
): Promise<string> {
  const name = await createAgain(clients).name();
  await settled();
  return name;
}
/** The extension is reloaded, updated, turned off and on, or the browser starts. */
const reloaded = (): void => fake.now.browser.storage.session.clear();

beforeEach(() => {
  fake.now = fakeBrowser();
  fake.now.world.tabs.push({ id: 1, url: `${A}/#/home` }, { id: 2, url: 'https://elsewhere.example/' });
});

describe('the name for the next bridge', () => {
  it('is one that nobody can guess, and fits into a message', async () => {
    expect(await start()).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/);
  });

  it('stays the same when only the background was ended', async () => {
    const name = await start();
    expect(await start()).toBe(name);
    expect(await start()).toBe(name);
  });

  it('is another after the extension has started anew, and stays that', async () => {
    const before = await start();
    reloaded();
    const after = await start();
    expect(after).not.toBe(before);
    expect(await start()).toBe(after);
  });

  it('is the same for whoever asks', async () => {
    const again = createAgain(() => Promise.resolve([]));
    expect(await again.name()).toBe(await again.name());
  });

  it('is another where what was stored cannot be read', async () => {
    await start();
    await fake.now.browser.storage.local.set({ again: { x: 1 } });
    expect(await start()).toMatch(/^[\da-f-]{36}$/);
    expect(injections()).toEqual([]);
  });

  it('is on disk before it is told', async () => {
    const name = await createAgain(() => Promise.resolve([])).name();
    expect((await fake.now.browser.storage.local.get('again'))['again']).toBe(name);
  });
});

describe('bridges for open pages', () => {
  it('are not injected at the first install', async () => {
    const clients = vi.fn<() => Promise<string[]>>(() => Promise.resolve([A]));
    await start(clients);
    expect(injections()).toEqual([]);
    expect(clients).not.toHaveBeenCalled();
  });

  it('are not injected when only the background was ended', async () => {
    await start();
    await start();
    expect(injections()).toEqual([]);
  });

  it('come with the name that the old hook was told, before the bridge itself', async () => {
    const before = await start();
    reloaded();
    const after = await start();
    const [named, bridge, ...more] = injections();
    expect(more).toEqual([]);
    expect(named).toMatchObject({ target: { tabId: 1, allFrames: true }, args: [AGAIN, before] });
    expect(bridge).toMatchObject({ target: { tabId: 1, allFrames: true }, files: ['bridge.js'] });
    expect(JSON.stringify(injections())).not.toContain(after);
    // the page's own world would see it
    expect(injections().every(({ world }) => world === undefined)).toBe(true);
  });

  it('find the name where they look', async () => {
    await start();
    reloaded();
    await start();
    const [{ func, args = [] } = {}] = injections();
    const world = globalThis as { [AGAIN]?: string };
    func?.(...args);
    expect(world[AGAIN]).toBe(args[1]);
    delete world[AGAIN];
    // it runs in a page: nothing of ours is there
    expect(String(func)).not.toMatch(/AGAIN|browser/);
  });

  it('come into each tab of each client that is on, whatever its port', async () => {
    fake.now.world.tabs.push({ id: 3, url: `${B}/` }, { id: 4, url: `${A}/x` });
    const clients = (): Promise<string[]> => Promise.resolve([A, B]);
    await start(clients);
    reloaded();
    await start(clients);
    const tabs = injections().flatMap(({ files, target }) => (files ? [target.tabId] : []));
    expect(tabs.toSorted()).toEqual([1, 3, 4]);
    const asked = fake.now.browser.tabs.query.mock.calls.map(([{ url }]) => url);
    expect(asked).toEqual(['https://app.example/*', 'http://localhost/*']);
  });

  it('come into the others when one tab is asleep or closed', async () => {
    fake.now.world.tabs.push({ id: 4, url: `${A}/x` });
    await start();
    reloaded();
    fake.now.browser.scripting.executeScript.mockRejectedValueOnce(new Error('no tab'));
    await start();
    expect(injections().flatMap(({ files, target }) => (files ? [target.tabId] : []))).toEqual([4]);
  });

  it('wait for the scripts that are registered first', async () => {
    await start();
    reloaded();
    let register: (clients: string[]) => void = () => undefined;
    const registered = new Promise<string[]>((resolve) => {
      register = resolve;
    });
    const name = await start(() => registered);
    expect(name).toBeTruthy();
    expect(injections()).toEqual([]);
    register([A]);
    await settled();
    expect(injections()).toHaveLength(2);
  });
});
