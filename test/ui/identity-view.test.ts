// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Identity } from '../../src/core/identity.ts';
import type { ShownIdentity } from '../../src/wire/identity-popup.ts';
import { english } from '../../src/ui/english.ts';
import { identityView } from '../../src/ui/identity-view.ts';
import { speak } from '../../src/ui/text.ts';

speak(english);
const say = (key: string, substitutions: string[] = []): string => english(key, substitutions);

const [ONE, TWO, APP] = ['https://is1.example', 'https://is2.example/base', 'https://app.example'];
const HOSTILE = 'https://a\u202E.example\u2066';
const HARMLESS = String.raw`https://a\u{202e}.example\u{2066}`;

const unknown: Identity = { is: 'unknown' };
const absent: Identity = { is: 'absent' };
const disabled: Identity = { is: 'disabled' };
const url: Identity = { is: 'url', base: ONE };
const invalid: Identity = { is: 'invalid', why: 'no-scheme', raw: '"is.example"' };

const plain: ShownIdentity = {
  identity: url,
  suggested: null,
  changed: null,
  candidate: null,
  clientDefault: null,
  canChange: true,
};
const actions = {
  edit: vi.fn<() => void>(),
  plan: vi.fn<(of: object) => void>(),
  acknowledge: vi.fn<() => void>(),
};
const render = (account: Partial<ShownIdentity>): HTMLElement =>
  identityView({ ...plain, ...account }, actions);
const textsOf = (view: HTMLElement, selector: string): string[] =>
  [...view.querySelectorAll(selector)].map(({ textContent }) => textContent);
const buttonsOf = (view: HTMLElement): string[] =>
  [...view.querySelectorAll('button')].map(({ className }) => className);

beforeEach(() => {
  vi.clearAllMocks();
});

describe('an account’s identity server', () => {
  const [change, no, own] = ['change-identity', 'no-identity', 'own-identity'];

  it.each<[string, Partial<ShownIdentity>, string, string, string[]]>([
    ['unknown', { identity: unknown }, say('identity_unknown'), 'unknown', [change, no]],
    [
      'unknown, whatever is suggested',
      { identity: unknown, suggested: TWO },
      say('identity_unknown'),
      'unknown',
      [change, no],
    ],
    ['absent', { identity: absent }, say('identity_absent'), 'absent', [change, no]],
    [
      'absent, a known default',
      { identity: absent, clientDefault: APP },
      say('identity_own', [APP]),
      'absent',
      [change, no],
    ],
    ['suggested', { identity: absent, suggested: TWO, clientDefault: APP }, TWO, 'suggested', [change, no]],
    ['a URL', { identity: url, suggested: TWO, clientDefault: APP }, ONE, 'url', [change, no, own]],
    ['none', { identity: disabled, clientDefault: APP }, say('identity_disabled'), 'disabled', [change, own]],
    ['invalid', { identity: invalid }, '"is.example"', 'invalid', [change, no, own]],
    ['hostile', { identity: { ...invalid, raw: HOSTILE } }, HARMLESS, 'invalid', [change, no, own]],
  ])('%s', (_, account, value, why, buttons) => {
    const view = render(account);
    expect(textsOf(view, '.value')).toEqual([value]);
    expect(textsOf(view, '.soft')).toEqual([say(`identityWhy_${why}`)]);
    expect(buttonsOf(view)).toEqual(buttons);
    expect(view.textContent).not.toContain('undefined');
    expect(bare(view)).toEqual([]);
  });

  it.each<[string, string, object]>([
    ['no-identity', 'plan', { want: 'none', address: '' }],
    ['own-identity', 'plan', { want: 'own', address: '' }],
    ['save-candidate', 'plan', { want: 'server', address: TWO }],
    ['undo', 'plan', { want: 'server', address: APP }],
  ])('%s looks into a change', (button, _, choice) => {
    const view = render({ candidate: TWO, changed: { from: { is: 'url', base: APP }, mine: false } });
    view.querySelector<HTMLElement>(`.${button}`)?.click();
    expect(actions.plan.mock.calls).toEqual([[choice]]);
  });

  it.each([
    ['change-identity', actions.edit],
    ['seen', actions.acknowledge],
  ])('%s changes nothing', (button, action) => {
    const view = render({ changed: { from: disabled, mine: true } });
    view.querySelector<HTMLElement>(`.${button}`)?.click();
    expect(action).toHaveBeenCalledOnce();
    expect(actions.plan).not.toHaveBeenCalled();
  });

  it('cannot be changed without a token: says what to do', () => {
    const view = render({ canChange: false, candidate: TWO, changed: { from: disabled, mine: false } });
    expect(view.textContent).toContain(say('needsClient'));
    expect(view.textContent, 'it is told all the same').toContain(say('candidate', [TWO]));
    expect(buttonsOf(view), 'to have seen it takes no token').toEqual(['seen']);
  });
});

describe('what a client turned to by itself', () => {
  it.each<[string, Partial<ShownIdentity>, boolean]>([
    ['another than the account’s', { candidate: TWO }, true],
    ['the account’s', { candidate: ONE }, false],
    ['none', { candidate: null }, false],
    ['while the account wants none', { identity: disabled, candidate: TWO }, true],
  ])('%s', (_, account, isOffered) => {
    const view = render(account);
    expect(textsOf(view, '.candidate')).toEqual(isOffered ? [say('candidate', [TWO])] : []);
    expect(buttonsOf(view).includes('save-candidate')).toBe(isOffered);
    expect(bare(view)).toEqual([]);
  });

  it('is shown as it is', () => {
    expect(textsOf(render({ candidate: HOSTILE }), '.candidate bdi')).toEqual([HARMLESS]);
  });
});

describe('a change', () => {
  it.each<[string, Identity, Identity, string, string, object | null]>([
    ['URL to URL', { is: 'url', base: TWO }, url, TWO, ONE, { want: 'server', address: TWO }],
    ['none to URL', disabled, url, say('identity_disabled'), ONE, { want: 'none', address: '' }],
    [
      'the app’s to none',
      absent,
      disabled,
      say('identity_own', [APP]),
      say('identity_disabled'),
      { want: 'own', address: '' },
    ],
    ['URL to the app’s', url, absent, ONE, say('identity_own', [APP]), { want: 'server', address: ONE }],
    ['invalid to URL', invalid, url, '"is.example"', ONE, null],
    ['hostile to none', { ...invalid, raw: HOSTILE }, disabled, HARMLESS, say('identity_disabled'), null],
  ])('from %s', (_, from, identity, before, now, undo) => {
    for (const mine of [true, false]) {
      const view = render({ identity, clientDefault: APP, changed: { from, mine } });
      const key = mine ? 'changedHere' : 'changedElsewhere';
      expect(textsOf(view, '.changed')).toEqual([say(key, [before, now])]);
      expect(view.querySelector('.changed')?.classList.contains('warning')).toBe(!mine);
      expect(bare(view)).toEqual([]);
      const button = view.querySelector<HTMLElement>('.undo');
      expect(button === null).toBe(undo === null);
      button?.click();
    }
    expect(actions.plan.mock.calls).toEqual(undo === null ? [] : [[undo], [undo]]);
  });
});

/** Texts with an address in them that are not isolated. */
function bare(view: HTMLElement): string[] {
  const walker = document.createTreeWalker(view, NodeFilter.SHOW_TEXT);
  const found: string[] = [];
  while (walker.nextNode()) {
    const { textContent, parentElement } = walker.currentNode;
    if (textContent?.includes('://') && !parentElement?.closest('bdi')) found.push(textContent);
  }
  return found;
}
