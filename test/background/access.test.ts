import { beforeEach, describe, expect, it, vi } from 'vitest';
import { isHeld, lacksAccess, missingFor } from '../../src/background/access.ts';
import type { Session } from '../../src/core/session.ts';
import { fakeBrowser } from './fake-browser.ts';

const fake = vi.hoisted(() => ({ now: {} as ReturnType<typeof fakeBrowser> }));
vi.mock('../../src/webext/browser.ts', () => ({
  get browser() {
    return fake.now.browser;
  },
}));
beforeEach(() => {
  fake.now = fakeBrowser();
});

const P = 'https://portal.example:8443/foo';
const T = 'http://hs1.example/base';
const session: Session = {
  id: 's',
  client: 'https://app.example',
  portal: P,
  named: T,
  namedBy: 'well_known',
  redirected: false,
  standing: { at: 'home' },
  media: false,
  user: '@a:x',
  device: null,
  access: [],
  refresh: [],
  began: 1,
  used: 1,
  movedFrom: null,
  refused: null,
  superseded: false,
};
const stayed: Partial<Session> = { standing: { at: 'portal', why: 'unreachable' } };
const OF_P = 'https://portal.example/*';
const OF_T = 'http://hs1.example/*';

/** what, session, access held, missing, whether rules leak without it */
const rows: [string, Partial<Session>, string[], string[], boolean][] = [
  ['at home, none', {}, [], [P, T], true],
  ['at home, the portal’s', {}, [OF_P], [T], true],
  ['at home, the homeserver’s', {}, [OF_T], [P], true],
  ['at home, both', {}, [OF_P, OF_T], [], false],
  ['at home, those of other schemes', {}, ['http://portal.example/*', 'https://hs1.example/*'], [P, T], true],
  ['not checked yet', { standing: { at: 'pending' } }, [], [P, T], true],
  ['at the portal', stayed, [], [], false],
  ['at the portal, with pictures', { ...stayed, media: true }, [], [P], false],
  ['at the portal, with pictures, held', { ...stayed, media: true }, [OF_P], [], false],
  ['at the portal, named nothing', { ...stayed, named: null }, [], [], false],
  ['replaced by a newer login', { superseded: true }, [], [P, T], false],
];

describe('access that rules need', () => {
  it.each(rows)('%s', async (_, extra, held, missing, lacks) => {
    for (const origin of held) fake.now.world.access.add(origin);
    expect(await missingFor({ ...session, ...extra })).toEqual(missing);
    expect(await lacksAccess({ ...session, ...extra })).toBe(lacks);
  });

  it('is asked for by host, without the port that Firefox would match nothing for', async () => {
    await missingFor(session);
    const asked = fake.now.browser.permissions.contains.mock.calls.flatMap(([{ origins }]) => origins);
    expect(asked.toSorted()).toEqual([OF_T, OF_P].toSorted());
  });

  it.each<[string, boolean]>([
    ['https://portal.example', true],
    ['https://portal.example:8448/x', true],
    ['http://portal.example', false],
    ['https://sub.portal.example', false],
  ])('to %s is held: %s', async (url, expected) => {
    fake.now.world.access.add(OF_P);
    expect(await isHeld(url)).toBe(expected);
  });
});
