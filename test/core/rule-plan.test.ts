import { describe, expect, it } from 'vitest';
import {
  anywhereAt,
  escaped,
  isPlain,
  OWN_ORIGIN_RULE,
  PRIORITY,
  slashed,
  updatesFor,
  type Rule,
  type Update,
} from '../../src/core/rule-plan.ts';

type Name = keyof typeof PRIORITY;

/** Each is above the next, or the reason's request goes wrong. */
const ORDER: [above: Name, below: Name, because: string][] = [
  [
    'SIZE',
    'TIDY',
    'what a worker could not fetch is made another first; each takes out what the other leaves',
  ],

  ['TIDY', 'MEDIA', 'once at the new path, with its fragment, nothing takes a parameter out any more'],
  ['MEDIA', 'PASSED', 'nothing: a URL with a fragment is no file; but a file is home before anybody asks'],
  ['PASSED', 'STRIP_ABOVE', 'a second account would be without its token'],
  ['STRIP_ABOVE', 'NET_ABOVE', 'a token in the query would go to another server'],
  ['NET_ABOVE', 'PORTAL', '`login/get_token` begins like `login`, and would stay'],
  ['PORTAL', 'STRIP', 'what stays at the portal keeps its token'],
  ['STRIP', 'NET', 'a token leaves the query before the request leaves for another server'],
  ['NET', 'FRAMES', 'a frame asks the homeserver too, without a token'],
  ['FRAMES', 'HEADER', 'a widget in the tab of the client would be given the token'],
];

describe('the order of rules', () => {
  it.each(ORDER)('%s is above %s: else %s', (above, below) => {
    expect(PRIORITY[above]).toBeGreaterThan(PRIORITY[below]);
  });

  it('is complete, and no two are equal', () => {
    const named = [...ORDER.map(([above]) => above), ORDER.at(-1)?.[1]];
    expect(named).toEqual(
      (Object.entries(PRIORITY) as [Name, number][]).toSorted(([, a], [, b]) => b - a).map(([name]) => name),
    );
  });

  it('lets no rule that allows stand above a token and below a redirect to it', () => {
    // an `allow` takes away every header of a lower priority, on whichever URL the request is at then
    expect(PRIORITY.HEADER).toBe(Math.min(...Object.values(PRIORITY)));
  });
});

type Stored = Rule & { id: number };

const rule = (name: string, extra: Partial<Rule['condition']> = {}): Rule => ({
  priority: PRIORITY.NET,
  action: { type: 'redirect', redirect: { transform: { scheme: 'https', host: name, port: '' } } },
  condition: {
    urlFilter: `|https://${name}/`,
    isUrlFilterCaseSensitive: true,
    initiatorDomains: ['app.example'],
    ...extra,
  },
});
const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => rule(name)) as [Rule, Rule, Rule, Rule];
const stored = (...rules: Rule[]): Stored[] => rules.map((each, index) => ({ ...each, id: index + 2 }));

/** As the browser does: refuses ids that are taken, or not there to be removed, and then changes nothing. */
function applied(current: readonly Stored[], updates: readonly Update[]): Stored[] {
  let now = [...current];
  for (const { removeRuleIds, addRules } of updates) {
    now = now.filter(({ id }) => !removeRuleIds.includes(id));
    for (const added of addRules) {
      if (now.some(({ id }) => id === added.id)) throw new Error(`${added.id} is taken`);
      now.push(added);
    }
  }
  return now;
}

/** What a browser gives back: other key order, and null for what was not set. */
function asStored({ id, condition, action, priority }: Stored): Stored {
  const turned = Object.fromEntries(Object.entries(condition).toReversed()) as unknown as Rule['condition'];
  const given = { tabIds: null, domainType: null, requestDomains: null, ...turned };
  return {
    condition: given,
    action: { ...Object.fromEntries(Object.entries(action).toReversed()), type: action.type },
    id,
    priority,
  } as unknown as Stored;
}

describe('updates', () => {
  it.each<[string, Stored[], Rule[][]]>([
    ['nothing and nothing', [], []],
    ['empty groups', [], [[], []]],
    ['equal', stored(a, b), [[a, b]]],
    ['another order', stored(b, a), [[a, b]]],
    ['other groups', stored(a, b), [[b], [a]]],
    ['as the browser stores it', stored(a, b).map(asStored), [[a], [b]]],
    [
      'nulls within an action',
      stored(a).map((each) => ({ ...each, action: { ...each.action, requestHeaders: null } })),
      [[a]],
    ],
    ['the same planned twice', stored(a), [[a], [a, a]]],
  ])('none for %s', (_, current, groups) => expect(updatesFor(current, groups)).toEqual([]));

  it.each<[string, Stored[], Rule[][], { removed: number[]; added: Rule[][] }]>([
    ['all are new', [], [[a, b], [c]], { removed: [], added: [[a, b], [c]] }],
    ['all are gone', stored(a, b), [], { removed: [2, 3], added: [] }],
    ['one of each', stored(a, b), [[b, c]], { removed: [2], added: [[c]] }],
    ['a group that is there is not called', stored(a), [[a], [b]], { removed: [], added: [[b]] }],
    ['duplicates go', [...stored(a, b), { ...a, id: 9 }], [[a, b]], { removed: [9], added: [] }],
    ['in two groups: once', [], [[a, b], [b, c], [c]], { removed: [], added: [[a, b], [c]] }],
    ['twice in one group: once', [], [[a, a]], { removed: [], added: [[a]] }],
    [
      'another value deep inside',
      stored(rule('a', { tabIds: [1] })),
      [[rule('a', { tabIds: [1, 2] })]],
      { removed: [2], added: [[rule('a', { tabIds: [1, 2] })]] },
    ],
    ['another priority', stored({ ...a, priority: 9 }), [[a]], { removed: [2], added: [[a]] }],
    [
      'another order of a list',
      stored(rule('a', { tabIds: [1, 2] })),
      [[rule('a', { tabIds: [2, 1] })]],
      {
        removed: [2],
        added: [[rule('a', { tabIds: [2, 1] })]],
      },
    ],
  ])('%s', (_, current, groups, { removed, added }) => {
    const updates = updatesFor(current, groups);
    const removals = updates.filter(({ removeRuleIds }) => removeRuleIds.length > 0);
    expect(removals.flatMap(({ removeRuleIds }) => removeRuleIds).toSorted()).toEqual(removed);
    const additions = updates.filter(({ addRules }) => addRules.length > 0);
    expect(additions.map(({ addRules }) => addRules.map(({ id: _id, ...rest }) => rest))).toEqual(added);
  });

  it('removes first, in a call of its own: a rule that is refused keeps no stale one alive', () => {
    const updates = updatesFor(stored(a, b), [[c], [d]]);
    expect(updates.map(({ removeRuleIds, addRules }) => [removeRuleIds.length, addRules.length])).toEqual([
      [2, 0],
      [0, 1],
      [0, 1],
    ]);
  });

  it.each<[string, Stored[], Rule[][], number[]]>([
    ['from 2 on', [], [[a, b], [c]], [2, 3, 4]],
    [
      'in the gaps',
      [
        { ...a, id: 3 },
        { ...b, id: 5 },
      ],
      [[a, b, c, d]],
      [2, 4],
    ],
    ['not of what is being removed', stored(a, b), [[c], [d]], [4, 5]],
    ['not of a duplicate that is being removed', [...stored(a), { ...a, id: 3 }], [[a, b]], [4]],
  ])('ids are free: %s', (_, current, groups, ids) => {
    const added = updatesFor(current, groups).flatMap(({ addRules }) => addRules.map(({ id }) => id));
    expect(added).toEqual(ids);
    expect(Math.min(...added)).toBeGreaterThan(OWN_ORIGIN_RULE);
  });

  it('changes nothing that it was given', () => {
    const current = stored(a, b);
    const groups = [[b, c]];
    const before = JSON.stringify([current, groups]);
    updatesFor(current, groups);
    expect(JSON.stringify([current, groups])).toBe(before);
  });
});

/** The same numbers on each run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const spelled = (rules: readonly Rule[]): string[] => {
  const sorted = (_: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([key, each]) => key !== 'id' && each !== null)
            .toSorted(([x], [y]) => (x < y ? -1 : 1)),
        )
      : value;
  return rules.map((each) => JSON.stringify(each, sorted)).toSorted();
};

describe('whatever is there and whatever is planned', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))('seed %i', (seed) => {
    const random = seeded(seed);
    const pool = Array.from({ length: 12 }, (_, index) => rule(`r${index}`, { tabIds: [index % 3] }));
    const some = (count: number): Rule[] =>
      Array.from({ length: random(count + 1) }, () => pool[random(pool.length)] ?? a);
    let current: Stored[] = some(10).map((each, index) => ({ ...each, id: 2 + index * (1 + random(3)) }));
    for (let turn = 0; turn < 20; turn += 1) {
      const ids = current.map(({ id }) => id);
      current = current.filter(({ id }, index) => ids.indexOf(id) === index);
      const groups = Array.from({ length: random(5) }, () => some(6));
      const updates = updatesFor(current, groups);
      const reused = updates.flatMap(({ addRules }) => addRules).filter(({ id }) => ids.includes(id));
      expect(reused).toEqual([]);
      const after = applied(current, updates);
      const planned = [...new Set(spelled(groups.flat()))].toSorted();
      expect(spelled(after)).toEqual(planned);
      expect(updatesFor(after, groups)).toEqual([]);
      // what stays keeps its id
      for (const each of after) {
        const before = current.filter((old) => spelled([old])[0] === spelled([each])[0]);
        if (before.length > 0) expect(before.map(({ id }) => id)).toContain(each.id);
      }
      current = after.map(asStored);
    }
  });
});

describe('parts of conditions', () => {
  it('knows both ways of writing a base URL', () => {
    expect(slashed('https://p.example')).toEqual(['https://p.example/', 'https://p.example//']);
    expect(slashed('https://p.example/foo')).toEqual(['https://p.example/foo/', 'https://p.example/foo//']);
  });

  it.each<[string, boolean]>([
    ['https://p.example', true],
    ['https://p.example:8448', true],
    ['https://p.example/foo', false],
  ])('%s is plain: %s', (base, plain) => expect(isPlain(base)).toBe(plain));

  const special = String.raw`a\b^c$d.e*f+g?h(i)j[k]l{m}n|o`;
  it('takes every character literally', () => {
    const pattern = new RegExp(`^${escaped(special)}$`);
    expect(pattern.test(special)).toBe(true);
    for (let index = 0; index < special.length; index += 1) {
      expect(pattern.test(`${special.slice(0, index)}\u0001${special.slice(index + 1)}`)).toBe(false);
    }
  });

  it.each<[string, string, boolean]>([
    ['https://p.example/foo', 'https://p.example/foo', true],
    ['https://p.example/foo', 'https://p.example', true],
    ['https://p.example/foo', 'https://p.example/fo', false],
    ['https://p.example/foo', 'https://p.example/foo/foo', false],
    ['https://p.example/f.o', 'https://p.example/fxo', false],
    ['https://p.example', 'https://pxexample', false],
    ['https://p.example:8448', 'https://p.example', false],
    ['https://p.example/a+b(c)', 'https://p.example/a+b(c)', true],
  ])('a base URL %s may lose its path: %s is one: %s', (base, url, expected) => {
    expect(new RegExp(`^${anywhereAt(base)}$`).test(url)).toBe(expected);
  });
});
