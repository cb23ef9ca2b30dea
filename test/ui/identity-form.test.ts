// @vitest-environment jsdom
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import cases from '../data/url-cases.json' with { type: 'json' };
import type { Choice, Plan } from '../../src/wire/identity-popup.ts';
import { english, texts } from '../../src/ui/english.ts';
import { identityForm, planView, problemNote } from '../../src/ui/identity-form.ts';
import { speak } from '../../src/ui/text.ts';

speak(english);
const say = (key: string, substitutions: string[] = []): string => english(key, substitutions);

const top = path.resolve(import.meta.dirname, '../..');
const [OLD, NEW] = ['https://old.example', 'https://new.example'];
const nothing = (): void => undefined;
const server: Choice = { want: 'server', address: NEW };
const none: Choice = { want: 'none', address: '' };
const own: Choice = { want: 'own', address: '' };
const plain: Plan = { base: NEW, terms: [], hasTerms: true, old: null, published: [] };

function put(nodes: readonly Node[]): HTMLElement {
  const main = document.createElement('main');
  main.append(...nodes);
  document.body.replaceChildren(main);
  return main;
}

function planned(choice: Choice, plan: Partial<Plan>, go: (accepted: string[]) => void = nothing) {
  return put(planView('@a:x', choice, { ...plain, ...plan }, go, nothing));
}

describe('the form', () => {
  it.each(['', 'is.example', '<b>'])('holds what was typed: %j', (typed) => {
    const view = put(identityForm('@a\u202E:x', typed, null, nothing, nothing));
    expect(view.querySelector('input')?.value).toBe(typed);
    expect(view.querySelector('label')?.textContent).toBe(say('newServer'));
    expect(view.querySelector('h2 bdi')?.textContent).toBe(String.raw`@a\u{202e}:x`);
    expect(view.querySelector('.warning')).toBeNull();
  });

  it('gives what is typed, without the spaces around it, by Enter and by the button', () => {
    const go = vi.fn<(choice: Choice) => void>();
    const view = put(identityForm('@a:x', '', null, go, nothing));
    const input = view.querySelector('input');
    if (input) input.value = '  is.example ';
    view.querySelector('form')?.requestSubmit();
    view.querySelector<HTMLElement>('.check')?.click();
    expect(go.mock.calls).toEqual(
      Array.from({ length: 2 }, () => [{ want: 'server', address: 'is.example' }]),
    );
  });

  it('cancels', () => {
    const cancel = vi.fn<() => void>();
    put(identityForm('@a:x', '', null, nothing, cancel))
      .querySelector<HTMLElement>('.cancel')
      ?.click();
    expect(cancel).toHaveBeenCalledOnce();
  });
});

describe('a problem', () => {
  const codes = cases.baseUrl.flatMap(({ expect: { reason } }) => (reason === undefined ? [] : [reason]));

  it.each([...new Set(codes)])('an address: %s', (code) => {
    const text = put(problemNote({ key: `reason_${code}`, detail: '' })).textContent;
    expect(text).not.toBe('');
    expect(text, 'it was typed, and is no homeserver’s').not.toMatch(/sign-in|homeserver|portal/i);
  });

  it('tells what the server said, isolated and harmless', () => {
    const detail = '403 M_FORBIDDEN <b>no\u202E';
    const view = put(problemNote({ key: 'homeserverRefused', detail }));
    expect(view.querySelector('.detail bdi')?.textContent).toBe(String.raw`403 M_FORBIDDEN <b>no\u{202e}`);
    expect(view.textContent).toContain(say('homeserverRefused'));
    expect(problemNote(null)).toEqual([]);
  });
});

describe('what a change means', () => {
  it.each<[string, Choice, Partial<Plan>, string]>([
    ['a server', server, {}, say('becomesServer', [NEW])],
    ['none', none, { base: null }, say('becomesNone')],
    ['the app’s own', own, { base: null }, say('becomesOwn')],
    ['the app’s own, known', own, { base: NEW }, say('becomesOwnServer', [NEW])],
  ])('%s', (_, choice, plan, expected) => {
    const view = planned(choice, plan);
    expect(view.querySelector('.value')?.textContent).toBe(expected);
    expect(view.querySelector('.published')).toBeNull();
    expect(view.querySelector<HTMLButtonElement>('.confirm')?.disabled).toBe(false);
    expect(view.textContent).not.toContain(say('noTerms'));
  });

  it.each<[string, Partial<Plan>, string[], string[]]>([
    [
      'some',
      { old: OLD, published: ['a@x', 'b\u202E@x'] },
      [say('publishedStill', [OLD])],
      ['a@x', String.raw`b\u{202e}@x`],
    ],
    ['none', { old: OLD }, [say('publishedNone', [OLD])], []],
    ['not known', { old: OLD, published: null }, [say('publishedUnknown', [OLD])], []],
    ['no server is left', { old: null, published: null }, [], []],
    ['the same server', { old: NEW, published: null }, [], []],
  ])('published addresses: %s', (_, plan, notes, addresses) => {
    const view = planned(server, plan);
    expect([...view.querySelectorAll('.published')].map(({ textContent }) => textContent)).toEqual(notes);
    expect([...view.querySelectorAll('li bdi')].map(({ textContent }) => textContent)).toEqual(addresses);
  });

  it('a server without terms', () => {
    expect(planned(server, { hasTerms: false }).textContent).toContain(say('noTerms'));
  });

  it.each([
    ['https://x.example/terms', 'https://x.example/terms'],
    ['HTTP://x.example/', 'HTTP://x.example/'],
    ['javascript:alert(1)', null],
    [' javascript:alert(1)', null],
    ['data:text/html,x', null],
    ['/terms', null],
    ['//x.example', null],
  ])('terms at %s', (url, href) => {
    const link = planned(server, { terms: [{ name: 'a\u202Eb', url }] }).querySelector('a');
    expect(link?.getAttribute('href')).toBe(href);
    expect([link?.target, link?.rel.split(' ').toSorted()]).toEqual(['_blank', ['noopener', 'noreferrer']]);
    expect(link?.textContent).toBe(String.raw`a\u{202e}b`);
  });

  it('is confirmed with all terms, each of them accepted', () => {
    const go = vi.fn<(accepted: string[]) => void>();
    const urls = ['https://x.example/1', 'https://x.example/2'];
    const view = planned(server, { terms: urls.map((url) => ({ name: url, url })) }, go);
    const confirm = view.querySelector<HTMLButtonElement>('.confirm');
    const boxes = [...view.querySelectorAll<HTMLInputElement>('.terms input')];
    const states = [confirm?.disabled];
    for (const box of [...boxes, ...boxes.slice(0, 1), ...boxes.slice(0, 1)]) {
      box.click();
      states.push(confirm?.disabled);
    }
    expect(states).toEqual([true, true, false, true, false]);
    confirm?.click();
    expect(go.mock.calls).toEqual([[urls]]);
  });
});

describe('the messages', () => {
  const sources = ['popup', 'background', 'ui', 'owner', 'settings']
    .flatMap((folder) =>
      fs.readdirSync(path.join(top, 'src', folder)).map((file) => path.join(top, 'src', folder, file)),
    )
    .filter((file) => file.endsWith('.ts'))
    .map((file) => fs.readFileSync(file, 'utf8'))
    .join('\n');
  /** Keys that are put together, by what comes after the first `_`. */
  const families: Record<string, RegExp> = {
    identity: /^(?:unknown|absent|disabled|own)$/,
    identityWhy: /^(?:unknown|absent|suggested|disabled|url|invalid)$/,
    reason: /./,
    namedBy: /./,
  };

  it('that the popup and the background name are there', () => {
    const calls = /(?:message|messageWith|failed|fact)\(\s*'(\w+)'|\bkey: '(\w+)'/g;
    const named = [...sources.matchAll(calls)].map(([, one, other]) => one ?? other ?? '');
    expect(named.length).toBeGreaterThan(40);
    expect([...new Set(named)].filter((key) => !texts[key])).toEqual([]);
  });

  it('are all used', () => {
    const manifest = fs.readFileSync(path.join(top, 'manifest.json'), 'utf8');
    const unused = Object.keys(texts).filter((key) => {
      const [, family = '', rest = ''] = /^(\w+?)_(\w+)$/.exec(key) ?? [];
      const isOfFamily = families[family]?.test(rest) ?? false;
      return !isOfFamily && !sources.includes(`'${key}'`) && !manifest.includes(`__MSG_${key}__`);
    });
    expect(unused).toEqual([]);
  });

  it('have a place for each of their names', () => {
    const wrong = Object.entries(texts).filter(([, { message, placeholders = {} }]) => {
      const used = [...message.matchAll(/\$(\w+)\$/g)].map(([, name = '']) => name.toLowerCase());
      return used.toSorted().join() !== Object.keys(placeholders).toSorted().join();
    });
    expect(wrong).toEqual([]);
  });
});
