// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import messages from '../../_locales/en/messages.json' with { type: 'json' };
import cases from '../data/url-cases.json' with { type: 'json' };
import type { StayReason } from '../../src/core/session.ts';
import { english } from '../../src/ui/english.ts';
import { sessionView } from '../../src/ui/session-view.ts';
import { speak, visible } from '../../src/ui/text.ts';
import type { Shown } from '../../src/wire/popup.ts';

speak(english);

const shown: Shown = {
  id: 's',
  user: '@a:x',
  portal: 'https://portal.example',
  named: 'https://hs1.example',
  namedBy: 'well_known',
  redirected: false,
  standing: { at: 'home' },
  began: 0,
  movedFrom: null,
  refused: null,
  home: 'https://hs1.example',
  missing: [],
  forbidden: false,
  account: {
    identity: { is: 'unknown' },
    suggested: null,
    changed: null,
    candidate: null,
    clientDefault: null,
    canChange: true,
  },
};
const noActions = { edit: vi.fn<() => void>(), plan: vi.fn<() => void>(), acknowledge: vi.fn<() => void>() };
const actions = { forget: vi.fn<() => void>(), grant: vi.fn<(all: boolean) => void>() };
const text = (session: Partial<Shown>): string =>
  sessionView({ ...shown, ...session }, noActions, actions).textContent;

describe('a sign-in', () => {
  it.each<[string, Partial<Shown>, string]>([
    ['at home', {}, 'https://hs1.example'],
    [
      'at the portal',
      { named: null, namedBy: null, standing: { at: 'portal', why: 'names-nothing' } },
      'stays at the portal',
    ],
    [
      'moved',
      { movedFrom: 'https://old.example' },
      'Your homeserver changed from https://old.example to https://hs1.example.',
    ],
    [
      'a refused binding',
      { refused: 'https://evil.example' },
      'tried to send this sign-in to https://evil.example',
    ],
    [
      'a 307 to an unusable server',
      { redirected: true, named: null, namedBy: 'final-url', standing: { at: 'portal', why: 'downgrade' } },
      'Signing in will fail',
    ],
    ['pending', { standing: { at: 'pending' } }, 'is being asked'],
  ])('%s', (_, session, expected) => {
    expect(text(session)).toContain(expected);
  });

  const reasons = Object.keys(messages).flatMap((key) =>
    key.startsWith('reason_') ? [key.slice(7).replaceAll('_', '-')] : [],
  );

  it.each(reasons)('says why: %s', (why) => {
    const message =
      (messages as Record<string, { message: string }>)[`reason_${why.replaceAll('-', '_')}`]?.message ?? '';
    expect(text({ standing: { at: 'portal', why: why as StayReason } })).toContain(message);
  });

  it('has a sentence for every reason that a base URL can be refused for', () => {
    const codes = cases.baseUrl.flatMap(({ expect: { reason } }) => (reason === undefined ? [] : [reason]));
    expect([...new Set(codes)].filter((code) => !reasons.includes(code))).toEqual([]);
  });

  it('isolates every name', () => {
    const view = sessionView({ ...shown, user: '@a\u202egro.elpmaxe:x' }, noActions, actions);
    expect([...view.querySelectorAll('bdi')].map(({ textContent }) => textContent)).toEqual([
      '@a\\u{202e}gro.elpmaxe:x',
      'https://portal.example',
      'https://hs1.example',
    ]);
  });
});

describe('visible', () => {
  it.each([
    ['plain', 'plain'],
    ['a\u200bb', 'a\\u{200b}b'],
    ['a\u0000b', 'a\\u{0}b'],
    ['a\u2066b', 'a\\u{2066}b'],
    ['a\u00adb', 'a\\u{ad}b'],
    ['日本', '日本'],
  ])('%j', (given, expected) => {
    expect(visible(given)).toBe(expected);
  });
});
