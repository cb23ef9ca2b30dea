import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { OpenPage } from '../../src/background/open-pages.ts';
import type { RuleSources, Rules } from '../../src/background/rules.ts';
import { OWN_ORIGIN_RULE, PRIORITY } from '../../src/core/rule-plan.ts';
import type { Session } from '../../src/core/session.ts';
import { fakeBrowser, settled } from './fake-browser.ts';

const fake = vi.hoisted(() => ({ now: {} as ReturnType<typeof fakeBrowser> }));
vi.mock('../../src/webext/browser.ts', () => ({
  get browser() {
    return fake.now.browser;
  },
}));

const A = 'https://app.example';
const B = 'https://other.example';
const P = 'https://portal.example';
const T = 'https://hs1.example';

const session = (id: string, extra: Partial<Session> = {}): Session => ({
  id,
  client: A,
  portal: P,
  named: T,
  namedBy: 'well_known',
  redirected: false,
  standing: { at: 'home' },
  media: true,
  user: `@${id}:x`,
  device: null,
  access: [],
  refresh: [],
  began: 1,
  used: 1,
  movedFrom: null,
  refused: null,
  superseded: false,
  ...extra,
});
const stayed = { standing: { at: 'portal', why: 'names-nothing' }, named: null } as const;
const page = (sessions: string[], extra: Partial<OpenPage> = {}): OpenPage => ({
  client: A,
  document: 'd',
  controlled: false,
  sessions,
  earlier: [],
  away: false,
  signedOut: false,
  forbidden: [],
  ...extra,
});

/** The background's knowledge, to be changed by a test. */
class World implements RuleSources {
  all: Session[] = [session('s1')];
  on = [A];
  open = new Map<number, OpenPage>([[1, page(['s1'])]]);
  known: Record<string, string | null> = { s1: 'token-1', s2: 'token-2' };
  reads = 0;
  sessions = (): Promise<Session[]> => {
    this.reads += 1;
    return Promise.resolve(this.all);
  };
  isOn = (client: string): Promise<boolean> => Promise.resolve(this.on.includes(client));
  pages = (): Promise<Map<number, OpenPage>> => Promise.resolve(this.open);
  tokens = {
    of: (id: string) => Promise.resolve(this.known[id] ?? null),
    mark: (id: string) => Promise.resolve(`mark-of-${id}`),
    keep: () => Promise.resolve(),
    forget: () => Promise.resolve(),
  };
}

interface Found {
  readonly id: number;
  readonly priority: number;
  readonly action: { readonly type: string; readonly requestHeaders?: readonly { readonly value: string }[] };
  readonly condition: { readonly tabIds?: readonly number[]; readonly urlFilter?: string };
}
const dynamic = (): Found[] => fake.now.world.dynamic.rules as never;
const inSession = (): Found[] => fake.now.world.inSession.rules as never;
/** `Bearer …` by the tabs that it is for. */
const tokens = (): [string, readonly number[]][] =>
  inSession().flatMap(({ action, condition }) =>
    (action.requestHeaders ?? []).map(({ value }): [string, readonly number[]] => [
      value,
      condition.tabIds ?? [],
    ]),
  );
const targets = (): Set<string> =>
  new Set(dynamic().flatMap(({ action }) => JSON.stringify(action).match(/"host":"[^"]+"/g) ?? []));
const calls = (): number =>
  fake.now.world.dynamic.update.mock.calls.length + fake.now.world.inSession.update.mock.calls.length;

let world: World;
let rules: Rules;
beforeEach(async () => {
  fake.now = fakeBrowser();
  fake.now.world.inSession.rules = [{ id: OWN_ORIGIN_RULE, priority: 1, condition: {}, action: {} }];
  world = new World();
  vi.resetModules();
  const { createRules } = await import('../../src/background/rules.ts');
  rules = createRules(world);
});

describe('the net', () => {
  it.each<[string, () => void, string[]]>([
    ['of a redirected session', () => undefined, ['hs1.example']],
    ['of none', () => (world.all = []), []],
    ['of one at its portal', () => (world.all = [session('s1', stayed)]), []],
    ['of a client that is turned off', () => (world.on = []), []],
    [
      'of one that is not checked yet',
      () => (world.all = [session('s1', { standing: { at: 'pending' } })]),
      ['hs1.example'],
    ],
    [
      'of two at one portal: the one that was used last',
      () => (world.all = [session('s1'), session('s2', { named: 'https://hs2.example', used: 2 })]),
      ['hs2.example'],
    ],
    [
      'of two, the last at the portal',
      () => (world.all = [session('s1'), session('s2', { ...stayed, used: 2 })]),
      ['hs1.example'],
    ],
    [
      'of two portals',
      () =>
        (world.all = [
          session('s1'),
          session('s2', { portal: 'https://p2.example', named: 'https://hs2.example' }),
        ]),
      ['hs1.example', 'hs2.example'],
    ],
    [
      'of two clients',
      () => {
        world.on = [A, B];
        world.all = [session('s1'), session('s2', { client: B, named: 'https://hs2.example' })];
      },
      ['hs1.example', 'hs2.example'],
    ],
  ])('%s', async (_, change, hosts) => {
    change();
    await rules.settle();
    expect(targets()).toEqual(new Set(hosts.map((host) => `"host":"${host}"`)));
  });

  it('is there without any tab', async () => {
    world.open.clear();
    world.known = {};
    await rules.settle();
    expect(dynamic().length).toBeGreaterThan(0);
    expect(inSession().map(({ id }) => id)).toEqual([OWN_ORIGIN_RULE]);
  });

  it('goes when the session has ended', async () => {
    await rules.settle();
    world.all = [];
    await rules.settle();
    expect(dynamic()).toEqual([]);
    expect(inSession().map(({ id }) => id)).toEqual([OWN_ORIGIN_RULE]);
  });
});

describe('pictures', () => {
  const twice = [session('s1'), session('s2', { used: 2, named: 'https://hs2.example' })];
  it.each<[string, () => void, [string, number[]][]]>([
    ['of the tab that uses the session', () => undefined, [['Bearer token-1', [1]]]],
    [
      'of all its tabs',
      () =>
        (world.open = new Map([
          [9, page(['s1'])],
          [1, page(['s1'])],
          [5, page([])],
        ])),
      [['Bearer token-1', [1, 9]]],
    ],
    [
      'of two sessions, each in its tab',
      () => {
        world.all = twice;
        world.open.set(2, page(['s2']));
      },
      [
        ['Bearer token-2', [2]],
        ['Bearer token-1', [1]],
      ],
    ],
    [
      'not of a document that uses two',
      () => {
        world.all = twice;
        world.open.set(1, page(['s1', 's2']));
      },
      [],
    ],
    [
      'of one whose other session has ended',
      () => world.open.set(1, page(['s1', 's0'])),
      [['Bearer token-1', [1]]],
    ],
    ['not of one that uses none', () => world.open.set(1, page([])), []],
    ['not of another client’s tab', () => world.open.set(1, page(['s1'], { client: B })), []],
    [
      'not of a service worker that may be another session’s',
      () => {
        world.all = twice;
        world.open = new Map([
          [1, page(['s1'], { controlled: true })],
          [2, page(['s2'], { controlled: true })],
        ]);
      },
      [
        ['Bearer token-2', [2]],
        ['Bearer token-1', [1]],
      ],
    ],
    [
      '… of a client on another port',
      () => {
        const client = `${A}:8443`;
        world.on = [A, client];
        world.all = [session('s1'), session('s2', { client })];
        world.open = new Map([
          [1, page(['s1'], { controlled: true })],
          [2, page(['s2'], { client, controlled: true })],
        ]);
      },
      [
        ['Bearer token-1', [1]],
        ['Bearer token-2', [2]],
      ],
    ],
    [
      '… but of one whose other documents use none',
      () => {
        world.all = twice;
        world.open = new Map([
          [1, page(['s1'], { controlled: true })],
          [2, page([], { controlled: true })],
          [3, page(['s0'], { controlled: true })],
        ]);
      },
      [
        ['Bearer token-1', [1]],
        ['Bearer token-1', [-1]],
      ],
    ],
    [
      'not of one that stays, where another’s net is',
      () => {
        world.all = [session('s1'), session('s2', stayed)];
        world.open = new Map([[2, page(['s2'])]]);
      },
      [],
    ],
    ['not where no token is known', () => (world.known = {}), []],
    [
      'not of a homeserver without authenticated media',
      () => (world.all = [session('s1', { media: false })]),
      [],
    ],
    ['not of a client that is off', () => (world.on = []), []],
    ['of a session at its portal', () => (world.all = [session('s1', stayed)]), [['Bearer token-1', [1]]]],
    [
      'also of the client’s own service worker',
      () => world.open.set(1, page(['s1'], { controlled: true })),
      [
        ['Bearer token-1', [1]],
        ['Bearer token-1', [-1]],
      ],
    ],
    [
      '… only while a document has one',
      () => {
        world.open.set(1, page(['s1', 's2'], { controlled: true }));
        world.all = twice;
      },
      [],
    ],
  ])('%s', async (_, change, expected) => {
    change();
    await rules.settle();
    expect(tokens()).toEqual(expected);
  });

  it('are the homeserver’s alone: a tab of a session that stayed keeps out of another’s net', async () => {
    world.all = [session('s1'), session('s2', stayed)];
    world.open.set(2, page(['s2']));
    await rules.settle();
    const allowing = inSession().filter(({ action }) => action.type === 'allow');
    expect(allowing.map(({ condition }) => condition.tabIds)).toEqual(allowing.map(() => [2]));
    expect(allowing.length).toBeGreaterThan(0);
    expect(allowing.every(({ priority }) => priority === PRIORITY.PORTAL)).toBe(true);
  });
});

describe('what is equal', () => {
  it('is not written again', async () => {
    await rules.settle();
    const before = calls();
    await rules.settle();
    await rules.settle();
    expect(calls()).toBe(before);
  });

  it('is not written by another background either', async () => {
    await rules.settle();
    const before = calls();
    vi.resetModules();
    const { createRules } = await import('../../src/background/rules.ts');
    await createRules(world).settle();
    expect(calls()).toBe(before);
  });

  it('is kept when a token is refreshed: only the header is another', async () => {
    await rules.settle();
    const before = new Map(inSession().map((rule) => [rule.id, JSON.stringify(rule)]));
    const dynamicBefore = fake.now.world.dynamic.update.mock.calls.length;
    world.known['s1'] = 'token-1b';
    await rules.settle();
    expect(tokens()).toEqual([['Bearer token-1b', [1]]]);
    const changed = inSession().filter((rule) => before.get(rule.id) !== JSON.stringify(rule));
    expect(changed.map(({ action }) => action.type)).toEqual(['modifyHeaders']);
    expect(fake.now.world.dynamic.update.mock.calls).toHaveLength(dynamicBefore);
  });

  it('is what a dead background left, and nothing else: rules without an owner go', async () => {
    fake.now.world.inSession.rules.push({
      id: 7,
      priority: 1,
      action: { type: 'allow' },
      condition: { tabIds: [99] },
    });
    fake.now.world.dynamic.rules.push({ id: 8, priority: 1, action: { type: 'allow' }, condition: {} });
    await rules.settle();
    expect(inSession().filter(({ condition }) => condition.tabIds?.includes(99))).toEqual([]);
    expect(dynamic().filter(({ condition }) => Object.keys(condition).length === 0)).toEqual([]);
    expect(inSession().map(({ id }) => id)).toContain(OWN_ORIGIN_RULE);
  });
});

describe('a tab that is left', () => {
  it('has no token in the same turn, before anything is asked', async () => {
    await rules.settle();
    const before = fake.now.world.inSession.get.mock.calls.length;
    rules.leave(1);
    expect(tokens()).toEqual([]);
    expect(fake.now.world.inSession.get.mock.calls).toHaveLength(before);
    expect(inSession().map(({ id }) => id)).toEqual([OWN_ORIGIN_RULE]);
  });

  it('leaves the pictures of other sessions alone, and those of others soon', async () => {
    world.all = [session('s1'), session('s2')];
    world.open = new Map([
      [1, page(['s1'])],
      [2, page(['s1'])],
      [3, page(['s2'])],
    ]);
    await rules.settle();
    world.open.delete(1);
    rules.leave(1);
    expect(tokens()).toEqual([['Bearer token-2', [3]]]);
    await rules.settle();
    expect(tokens().toSorted()).toEqual([
      ['Bearer token-1', [2]],
      ['Bearer token-2', [3]],
    ]);
  });

  it('that had none costs nothing', async () => {
    await rules.settle();
    const before = calls();
    rules.leave(77);
    expect(calls()).toBe(before);
  });

  it('while rules are being made: has none in the end', async () => {
    const making = rules.settle();
    world.open.delete(1);
    rules.leave(1);
    await making;
    await rules.settle();
    expect(tokens()).toEqual([]);
  });
});

describe('settle', () => {
  it('asked for often runs once more, not each time', async () => {
    await Promise.all(Array.from({ length: 20 }, () => rules.settle()));
    expect(world.reads).toBe(1);
    void rules.settle();
    await settled();
    expect(world.reads).toBe(2);
  });

  it('resolves when the rules are those of what was known when it was called', async () => {
    const first = rules.settle();
    await Promise.resolve();
    await Promise.resolve();
    world.known['s1'] = 'token-late';
    await rules.settle();
    expect(tokens()).toEqual([['Bearer token-late', [1]]]);
    await first;
  });

  it('goes on after something has failed, and tells', async () => {
    world.sessions = () => Promise.reject(new Error('storage is gone'));
    await rules.settle();
    expect(await rules.describe()).toContainEqual(expect.stringContaining('storage is gone'));
    world.sessions = () => Promise.resolve(world.all);
    await rules.settle();
    expect(tokens()).toHaveLength(1);
  });
});

describe('what the browser refuses', () => {
  const two = (): void => {
    world.all = [
      session('s1', { used: 2 }),
      session('s2', { portal: 'https://p2.example', named: 'https://hs2.example' }),
    ];
    world.open.set(2, page(['s2']));
  };

  it('stops no other session’s net', async () => {
    two();
    fake.now.world.dynamic.refuses = (rule) =>
      JSON.stringify(rule).includes('hs1.example') ? 'no, thanks' : null;
    await rules.settle();
    expect(targets()).toEqual(new Set(['"host":"hs2.example"']));
    expect(tokens()).toHaveLength(2);
    expect(await rules.describe()).toContainEqual(expect.stringContaining('no, thanks'));
  });

  it('stops no other session’s pictures', async () => {
    two();
    fake.now.world.inSession.refuses = (rule) => (JSON.stringify(rule).includes('token-1') ? 'no' : null);
    await rules.settle();
    expect(tokens()).toEqual([['Bearer token-2', [2]]]);
  });

  it('keeps nothing stale: what is not planned any more goes first', async () => {
    await rules.settle();
    two();
    world.all = world.all.slice(1);
    fake.now.world.inSession.refuses = () => 'no';
    await rules.settle();
    expect(tokens()).toEqual([]);
  });

  it('is tried again, and is there when the browser takes it', async () => {
    fake.now.world.dynamic.refuses = () => 'no';
    await rules.settle();
    expect(dynamic()).toEqual([]);
    fake.now.world.dynamic.refuses = () => null;
    await rules.settle();
    expect(dynamic().length).toBeGreaterThan(0);
  });

  it('of regular expressions is left out and told, the rest is there', async () => {
    fake.now.world.unsupported = /thumbnail/;
    await rules.settle();
    expect(dynamic().length).toBeGreaterThan(0);
    expect(JSON.stringify(inSession())).not.toContain('thumbnail');
    expect(await rules.describe()).toContainEqual(expect.stringMatching(/regular expression/));
  });

  it.each<[string, () => void]>([
    ['a regular expression', () => (fake.now.world.unsupported = /./)],
    ['a rule', () => (fake.now.world.dynamic.refuses = () => 'no')],
    ['everything', () => (world.sessions = () => Promise.reject(new Error('x')))],
  ])('is told a few times only: %s', async (_, change) => {
    change();
    for (let turn = 0; turn < 30; turn += 1) await rules.settle();
    expect((await rules.describe()).length).toBeLessThan(20);
  });
});

describe('in short', () => {
  it('how many rules there are, but for our own', async () => {
    await rules.settle();
    expect(await rules.describe()).toEqual([
      `dynamic: ${dynamic().length}`,
      `session: ${inSession().length - 1}`,
    ]);
  });

  it('ids are each another’s, in both sets', async () => {
    await rules.settle();
    for (const set of [dynamic(), inSession()]) {
      const ids = set.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });
});
