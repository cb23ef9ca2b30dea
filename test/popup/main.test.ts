// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import messages from '../../_locales/en/messages.json' with { type: 'json' };
import { english } from '../../src/ui/english.ts';

const CLIENT = 'https://client.example';
const OFF = { on: false, lostAccess: false, loginForbidden: false, sessions: [] };

const sendMessage = vi.fn<(message: { call: string }) => Promise<unknown>>();
vi.mock('../../src/webext/browser.ts', () => ({
  browser: {
    runtime: { sendMessage },
    tabs: { query: () => Promise.resolve([]) },
    i18n: {
      getMessage: (key: string, substitutions: string[]) => english(key, substitutions),
      getUILanguage: () => 'en',
    },
    storage: {
      local: { onChanged: { addListener: () => undefined } },
      session: { get: () => Promise.resolve({}) },
    },
  },
}));

const text = (): string => document.querySelector('main')?.textContent ?? '';

async function open(search: string): Promise<void> {
  history.replaceState(null, '', `/${search}`);
  document.body.innerHTML = '<main id="view"></main>';
  vi.resetModules();
  await import('../../src/popup/main.ts');
  await vi.advanceTimersByTimeAsync(0);
}

/** What a background answers, or does not, that is being updated. */
const silences: [string, () => Promise<unknown>][] = [
  ['has nobody who listens', () => Promise.reject(new Error('Receiving end does not exist.'))],
  ['ends before it answers', () => Promise.reject(new Error('The message port closed.'))],
  ['does not listen to the popup yet', () => Promise.resolve(undefined)],
];

describe('the popup, where the background', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    sendMessage.mockReset();
  });

  const answers = ({ call }: { call: string }) => Promise.resolve(call === 'describe' ? OFF : []);

  it.each(silences)('%s, says so and is drawn once it answers', async (_, silent) => {
    sendMessage.mockImplementation(silent);
    await open(`?client=${CLIENT}`);
    expect(text()).toBe(messages.noAnswer.message);
    await vi.advanceTimersByTimeAsync(5000);
    expect(text()).toBe(messages.noAnswer.message);
    sendMessage.mockImplementation(answers);
    await vi.advanceTimersByTimeAsync(1000);
    expect(text()).toContain(messages.offTitle.message);
    expect(text()).toContain(CLIENT);
    expect(text()).not.toContain(messages.noAnswer.message);
  });

  it.each(silences)('%s, does the same where no client is shown', async (_, silent) => {
    sendMessage.mockImplementation(silent);
    await open('');
    expect(text()).toBe(messages.noAnswer.message);
    sendMessage.mockImplementation(answers);
    await vi.advanceTimersByTimeAsync(1000);
    expect(text()).toContain(messages.noClient.message);
  });

  it('answers, is drawn at once', async () => {
    sendMessage.mockImplementation(answers);
    await open(`?client=${CLIENT}`);
    expect(text()).toContain(messages.offTitle.message);
  });
});
