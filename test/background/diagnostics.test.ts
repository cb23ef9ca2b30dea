import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createAgain } from '../../src/background/again.ts';
import { diagnose } from '../../src/background/diagnostics.ts';
import { digest } from '../../src/owner/digest.ts';
import { createOpenPages } from '../../src/background/open-pages.ts';
import { createSessionOwner } from '../../src/owner/owners.ts';
import { storageItem } from '../../src/webext/storage-item.ts';
import { createSites } from '../../src/background/sites.ts';
import { createTokens } from '../../src/background/tokens.ts';
import { decide } from '../../src/core/decide.ts';
import type { Began } from '../../src/core/session.ts';
import type { Known, Route } from '../../src/core/verdict.ts';
import { createDecisions } from '../../src/page/decisions.ts';
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
const TOKEN = 'syt_YWxpY2U_accesstokenofalice_1';
const REFRESH = 'syr_refreshtokenofalice';

const began = async (id: string, client: string, extra: Partial<Began> = {}): Promise<Began> => ({
  id,
  client,
  portal: P,
  named: T,
  namedBy: 'well_known',
  redirected: true,
  standing: { at: 'home' },
  user: `@${id}:hs1.example`,
  device: 'DEVICEOFALICE',
  access: await digest(TOKEN + id),
  refresh: await digest(REFRESH + id),
  began: Date.UTC(2026, 0, 2, 3, 4, 5),
  ...extra,
});

/** What a document of the session asks, and the hook remembers. */
const ASKED = [
  `GET /_matrix/client/v3/sync?since=s1_secretbatch&access_token=${TOKEN}`,
  'PUT /_matrix/client/v3/rooms/!roomOfAlice:hs1.example/send/m.room.message/m17.0',
  'GET /_matrix/client/v3/rooms/%21roomOfAlice%3Ahs1.example/event/$eventOfAlice',
  'GET /_matrix/client/v3/profile/@friendOfAlice:hs1.example',
  'GET /_matrix/media/v3/download/hs1.example/FileOfAlice/LetterOfAlice.pdf',
  `GET /_matrix/client/v3/sync|guest-token`,
  `POST /_matrix/client/v3/login`,
];

function decisions(): string {
  const route: Route = { id: 'alice', portal: P, target: T, pending: false, media: true };
  const known: Known = {
    ready: true,
    awake: true,
    sessionOf: (token) => (token === TOKEN ? route : null),
    tokenOf: () => TOKEN,
    claimed: null,
    adopting: false,
    marksAll: false,
    last: route,
    signedOut: false,
    recent: [route],
  };
  const kept = createDecisions();
  for (const line of ASKED) {
    const [request = '', token = null] = line.split('|');
    const [method = '', path = ''] = request.split(' ');
    const sketch = { method, url: P + path, page: A, token, body: undefined, sync: false, ruled: false };
    kept.note(sketch, decide(sketch, known));
  }
  return JSON.stringify(kept.all());
}

/** A background with sessions of two clients, at work. */
async function scene() {
  const again = await createAgain(() => Promise.resolve([A])).name();
  await fake.now.browser.storage.local.set({ sites: [A, B] });
  fake.now.world.access.add('https://app.example/*').add('https://portal.example/*');
  fake.now.world.tabs.push({ id: 1, url: `${A}/#/room/!roomOfAlice:hs1.example` }, { id: 2, url: `${B}/` });
  fake.now.browser.tabs.sendMessage.mockImplementation((tab) =>
    Promise.resolve(tab === 1 ? decisions() : JSON.stringify(['of another client'])),
  );
  const owner = createSessionOwner(storageItem, () => undefined);
  const sessions = [
    await began('alice', A),
    await began('stays', A, { standing: { at: 'portal', why: 'unreachable' }, redirected: false }),
    await began('plain', A, { named: null, namedBy: null, standing: { at: 'portal', why: 'names-nothing' } }),
    await began('bob', B),
  ];
  for (const session of sessions) await owner.run((_, apply) => apply({ type: 'began', session }));
  await owner.run((_, apply) => apply({ type: 'media', id: 'alice' }));
  const tokens = createTokens(() => undefined);
  await tokens.keep('alice', TOKEN);
  const mark = await tokens.mark('alice');
  const pages = createOpenPages(
    () => undefined,
    () => undefined,
  );
  await pages.started(1, A, { document: '0.123', controlled: true, signedOut: false, sessions: ['alice'] });
  await pages.forbids(1, A, 'alice');
  await pages.started(2, B, { document: '0.456', controlled: false, signedOut: false, sessions: ['bob'] });
  const { createRules } = await import('../../src/background/rules.ts');
  const sites = createSites();
  const rules = createRules({
    sessions: () => owner.run((state) => state.sessions),
    isOn: () => Promise.resolve(true),
    pages: pages.all,
    tokens,
  });
  await rules.settle();
  return { keepers: { owner, pages, rules, sites }, again, mark };
}

// not in node 20
vi.stubGlobal('navigator', { userAgent: 'Browser/1' });

beforeEach(() => {
  vi.resetModules();
  fake.now = fakeBrowser();
});

describe('diagnostics', () => {
  it('say what is so', async () => {
    const { keepers } = await scene();
    const text = await diagnose(A, keepers);
    const { dynamic, inSession } = fake.now.world;
    for (const part of [
      'Homeward\n  1.2.3\n  Browser/1\n',
      `Sites that are on\n  ${A}\n  ${B}\n`,
      'Access\n  https://app.example/*\n  https://portal.example/*\n',
      `Sessions of ${A}\n`,
      `@alice:hs1.example at ${P}; well_known names ${T}; goes to ${T}; home; login was redirected; authenticated media; since 2026-01-02T03:04:05.000Z; no access to ${T}`,
      `@stays:hs1.example at ${P}; well_known names ${T}; goes to the portal; stays: unreachable`,
      `@plain:hs1.example at ${P}; names nothing; goes to the portal; stays: names-nothing`,
      'Open pages\n  uses 1, has a service worker, CSP forbids\n',
      `Rules\n  dynamic: ${dynamic.rules.length}\n  session: ${inSession.rules.length}\n`,
      `GET ${P} client/v3/sync (no token): goes to ${T}`,
      `GET ${P} media/v3/download/… (no token): goes to ${T}, with its token`,
      `GET ${P} client/v3/sync (token): passes, past the net`,
    ]) {
      expect(text).toContain(part);
    }
    // there is something to be kept secret
    expect(inSession.rules.length).toBeGreaterThan(0);
  });

  it('name no secret, nobody but the user, and nothing of another client', async () => {
    const { keepers, again, mark } = await scene();
    const text = await diagnose(A, keepers);
    const digests = await Promise.all(
      ['alice', 'stays', 'plain', 'bob'].flatMap((id) => [digest(TOKEN + id), digest(REFRESH + id)]),
    );
    const secrets = [TOKEN, REFRESH, again, mark, await digest(TOKEN), ...digests];
    const names = [
      'roomOfAlice',
      'eventOfAlice',
      'friendOfAlice',
      'FileOfAlice',
      'LetterOfAlice',
      'secretbatch',
    ];
    const others = ['@bob', 'of another client', 'guest-token', 'DEVICEOFALICE', '0.123', 'm17.0'];
    expect([...secrets, ...names, ...others].filter((secret) => text.includes(secret))).toEqual([]);
    // each of them is really somewhere
    const kept = JSON.stringify([
      await fake.now.browser.storage.local.get(),
      await fake.now.browser.storage.session.get(),
      fake.now.world.inSession.rules,
    ]);
    expect([TOKEN, again, mark, ...digests].filter((secret) => !kept.includes(secret))).toEqual([]);
    expect(text).not.toMatch(/[\da-f]{32}|Bearer|syt_|syr_/);
  });

  it.each<[string, unknown]>([
    ['is silent', null],
    ['is gone', new Error('Receiving end does not exist')],
    ['answers what is no JSON', '<'],
    ['answers what is no list', '{"a":1}'],
    ['answers nothing', undefined],
    ['answers an object', { a: 1 }],
  ])('are there when a page %s', async (_, answer) => {
    const { keepers } = await scene();
    fake.now.browser.tabs.sendMessage.mockImplementation(() =>
      answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer),
    );
    expect(await diagnose(A, keepers)).toContain('Last decisions\n  none');
  });

  it('have an end, whatever a page answers', async () => {
    const { keepers } = await scene();
    const flood = JSON.stringify(Array.from({ length: 5000 }, (_, n) => `${n} ${'x'.repeat(5000)}`));
    fake.now.browser.tabs.sendMessage.mockResolvedValue(flood);
    const [, lines = ''] = (await diagnose(A, keepers)).split('Last decisions\n');
    expect(lines.split('\n')).toHaveLength(50);
    expect(lines.length).toBeLessThan(50 * 410);
    expect(lines).toContain('4999 ');
  });

  it('ask the pages of this client alone', async () => {
    const { keepers } = await scene();
    fake.now.world.tabs.push({ id: 3, url: 'https://app.example:8443/' });
    await diagnose(A, keepers);
    await settled();
    expect(fake.now.browser.tabs.sendMessage.mock.calls).toEqual([[1, { client: A, collect: true }]]);
  });

  it('of a client without anything', async () => {
    const { keepers } = await scene();
    const text = await diagnose('https://nobody.example', keepers);
    expect(text).toContain('Sessions of https://nobody.example\n  none\nOpen pages\n  none\n');
  });
});
