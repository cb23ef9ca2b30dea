import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createOpenPages, usedBy, type OpenPages } from '../../src/background/open-pages.ts';
import { fakeBrowser, settled } from './fake-browser.ts';

const fake = vi.hoisted(() => ({ now: {} as ReturnType<typeof fakeBrowser> }));
vi.mock('../../src/webext/browser.ts', () => ({
  get browser() {
    return fake.now.browser;
  },
}));

const A = 'https://app.example';
const B = 'https://other.example';
const page = (document: string, sessions: string[] = [], controlled = false) => ({
  document,
  sessions,
  controlled,
  signedOut: false,
});

function open(): { pages: OpenPages; onChange: () => void; onLeft: (tab: number) => void } {
  const onChange = vi.fn<() => void>();
  const onLeft = vi.fn<(tab: number) => void>();
  return { pages: createOpenPages(onChange, onLeft), onChange, onLeft };
}

/** The browser tells that a tab is at a URL now, or does not tell it. */
const goes = (tab: number, url?: string): void =>
  fake.now.browser.tabs.onUpdated.fire(tab, {}, { status: 'complete', ...(url !== undefined && { url }) });
const stored = async (): Promise<unknown> => (await fake.now.browser.storage.session.get('pages'))['pages'];

beforeEach(() => {
  fake.now = fakeBrowser();
});

it('a tab that shows no URL for a moment gets nothing meanwhile, and is not forgotten', async () => {
  const { pages, onLeft } = open();
  await pages.started(1, A, page('d1', ['s1']));
  fake.now.browser.tabs.onUpdated.fire(1, {}, { status: 'loading' });
  expect(onLeft).toHaveBeenCalledExactlyOnceWith(1);
  await settled();
  const seen = (await pages.all()).get(1);
  expect(seen && usedBy(seen)).toEqual([]);
  goes(1, `${A}/other`);
  await settled();
  const again = (await pages.all()).get(1);
  expect(again && usedBy(again)).toEqual(['s1']);
});

describe('the document before it in the tab', () => {
  const used = async (pages: OpenPages): Promise<readonly string[]> => {
    const found = (await pages.all()).get(1);
    return found ? usedBy(found) : [];
  };
  it.each<[string, (pages: OpenPages) => Promise<unknown>, string[]]>([
    ['lends its session to a document of the client', (pages) => pages.started(1, A, page('d2')), ['s1']],
    [
      'also over two reloads',
      async (pages) => {
        await pages.started(1, A, page('d2'));
        await pages.started(1, A, page('d3'));
      },
      ['s1'],
    ],
    [
      'until that uses a token itself',
      async (pages) => {
        await pages.started(1, A, page('d2'));
        await pages.uses(1, A, 's2');
      },
      ['s2'],
    ],
    [
      'until that is signed out',
      async (pages) => {
        await pages.started(1, A, page('d2'));
        await pages.started(1, A, { ...page('d2'), signedOut: true });
      },
      [],
    ],
    ['not to another client', (pages) => pages.started(1, B, page('d2')), []],
  ])('%s', async (_, what, expected) => {
    const { pages } = open();
    await pages.started(1, A, page('d1', ['s1']));
    await what(pages);
    expect(await used(pages)).toEqual(expected);
  });
});

describe('a document', () => {
  it('begins with what it tells', async () => {
    const { pages, onChange, onLeft } = open();
    await pages.started(1, A, page('d1', ['s1'], true));
    expect([...(await pages.all())]).toEqual([
      [
        1,
        {
          client: A,
          document: 'd1',
          controlled: true,
          signedOut: false,
          sessions: ['s1'],
          earlier: [],
          away: false,
          forbidden: [],
        },
      ],
    ]);
    expect(onChange).toHaveBeenCalledOnce();
    expect(onLeft).not.toHaveBeenCalled();
  });

  it('uses sessions, each once', async () => {
    const { pages, onChange } = open();
    await pages.started(1, A, page('d1'));
    await pages.uses(1, A, 's1');
    await pages.uses(1, A, 's2');
    expect(onChange).toHaveBeenCalledTimes(3);
    await pages.uses(1, A, 's1');
    expect(onChange).toHaveBeenCalledTimes(3);
    expect((await pages.all()).get(1)?.sessions).toEqual(['s1', 's2']);
  });

  it('is told to be forbidden a homeserver, once', async () => {
    const { pages } = open();
    await pages.started(1, A, page('d1'));
    await pages.forbids(1, A, 's1');
    await pages.forbids(1, A, 's1');
    expect((await pages.all()).get(1)?.forbidden).toEqual(['s1']);
  });

  it('that starts anew keeps what is known, and tells what is new', async () => {
    const { pages } = open();
    await pages.started(1, A, page('d1', ['s1']));
    await pages.uses(1, A, 's2');
    await pages.forbids(1, A, 's1');
    await pages.started(1, A, page('d1', ['s3'], true));
    expect((await pages.all()).get(1)).toEqual({
      client: A,
      document: 'd1',
      earlier: [],
      away: false,
      controlled: true,
      signedOut: false,
      sessions: ['s1', 's2', 's3'],
      forbidden: ['s1'],
    });
  });

  it('is forgotten when another is there', async () => {
    const { pages } = open();
    await pages.started(1, A, page('d1', ['s1']));
    await pages.forbids(1, A, 's1');
    await pages.started(1, A, page('d2'));
    expect((await pages.all()).get(1)).toMatchObject({ document: 'd2', sessions: [], forbidden: [] });
  });

  it('of another client is another, whatever it calls itself', async () => {
    const { pages } = open();
    await pages.started(1, A, page('d1', ['s1']));
    await pages.started(1, B, page('d1', ['s9']));
    expect((await pages.all()).get(1)).toMatchObject({ client: B, sessions: ['s9'] });
  });

  it.each<[string, (pages: OpenPages) => Promise<void>]>([
    ['another client claims a use', (pages) => pages.uses(1, B, 's9')],
    ['another client claims a policy', (pages) => pages.forbids(1, B, 's1')],
    ['a tab that is not known', (pages) => pages.uses(2, A, 's1')],
  ])('is not changed: %s', async (_, claim) => {
    const { pages, onChange } = open();
    await pages.started(1, A, page('d1', ['s1']));
    const before = JSON.stringify([...(await pages.all())]);
    await claim(pages);
    expect(JSON.stringify([...(await pages.all())])).toBe(before);
    expect(onChange).toHaveBeenCalledOnce();
  });
});

describe('a tab', () => {
  it.each<[string, string | undefined]>([
    ['another site', `${B}/`],
    ['a subdomain', 'https://sub.app.example/'],
    ['another port', 'https://app.example:8443/'],
    ['http', 'http://app.example/'],
    ['nowhere', 'about:blank'],
    ['where no access is', undefined],
  ])('that goes to %s leaves in the same turn', async (_, url) => {
    const { pages, onLeft } = open();
    await pages.started(1, A, page('d1', ['s1']));
    await pages.started(2, A, page('d2', ['s1']));
    goes(1, url);
    expect(vi.mocked(onLeft).mock.calls).toEqual([[1]]);
    await settled();
    expect([...(await pages.all()).keys()]).toEqual([2]);
    expect(await stored()).toHaveLength(1);
    goes(1, `${A}/`);
    await settled();
    expect((await pages.all()).has(1)).toBe(false);
  });

  it.each([`${A}/`, `${A}/#/room/x`, `${A}/other?x=y`])(
    'that is still at its client stays: %s',
    async (url) => {
      const { pages, onLeft, onChange } = open();
      await pages.started(1, A, page('d1', ['s1']));
      goes(1, url);
      await settled();
      expect(onLeft).not.toHaveBeenCalled();
      expect(onChange).toHaveBeenCalledOnce();
      expect((await pages.all()).get(1)?.sessions).toEqual(['s1']);
    },
  );

  it('that is closed is forgotten', async () => {
    const { pages, onLeft, onChange } = open();
    await pages.started(1, A, page('d1', ['s1']));
    fake.now.browser.tabs.onRemoved.fire(1);
    fake.now.browser.tabs.onRemoved.fire(7);
    await settled();
    expect((await pages.all()).size).toBe(0);
    expect(vi.mocked(onLeft).mock.calls).toEqual([[1]]);
    expect(onChange).toHaveBeenCalledTimes(2);
  });

  it('that is nobody’s is not looked at', async () => {
    const { onLeft, onChange } = open();
    goes(5, `${B}/`);
    await settled();
    expect(onLeft).not.toHaveBeenCalled();
    expect(onChange).not.toHaveBeenCalled();
  });
});

describe('a background that was ended', () => {
  it('knows what it knew', async () => {
    await open().pages.started(1, A, page('d1', ['s1'], true));
    expect((await open().pages.all()).get(1)).toMatchObject({ document: 'd1', sessions: ['s1'] });
  });

  it('and was woken by a tab that leaves: forgets it, and tells', async () => {
    await open().pages.started(1, A, page('d1', ['s1']));
    const { pages, onLeft } = open();
    goes(1, `${B}/`);
    await settled();
    expect(vi.mocked(onLeft).mock.calls).toEqual([[1]]);
    expect((await pages.all()).size).toBe(0);
    expect(await stored()).toEqual([]);
  });

  it('and was woken by a document: its word counts, not what was stored', async () => {
    await open().pages.started(1, A, page('d1', ['s1']));
    const { pages } = open();
    await pages.started(1, A, page('d2', []));
    expect((await pages.all()).get(1)).toMatchObject({ document: 'd2', sessions: [] });
  });

  it('begins with none when its memory is empty', async () => {
    expect((await open().pages.all()).size).toBe(0);
  });
});
