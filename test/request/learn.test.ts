import { expect, it, vi } from 'vitest';
import type { Route, Watch } from '../../src/core/verdict.ts';
import { learn, type Learner } from '../../src/request/learn.ts';
import type { CallBackground } from '../../src/wire/document.ts';
import type { IdentityNote } from '../../src/wire/identity.ts';

const route: Route = {
  id: 's',
  portal: 'https://portal.example',
  target: 'https://hs1.example',
  pending: false,
  media: true,
};
const learner: Learner = {
  claim: () => undefined,
  addTokens: () => undefined,
  end: () => undefined,
  hint: () => undefined,
};
const note: IdentityNote = { server: 'https://is.example', session: 's', secret: 'of the client' };
const tokens = { user_id: '@a:hs1', access_token: 'new', refresh_token: 'next' };

it.each<[string, Watch, object]>([
  ['a login', { for: 'begin', portal: route.portal }, tokens],
  ['a refresh', { for: 'refresh', route, token: 'old' }, tokens],
  ['a validation that an identity server began', { for: 'note', note }, { sid: '1' }],
])('of %s settles when what it tells is stored, or could not be', async (_, watch, body) => {
  for (const fate of ['stored', 'failed']) {
    let end = (): void => undefined;
    const background = (() =>
      new Promise((resolve, reject) => {
        end = () => (fate === 'stored' ? resolve(null as never) : reject(new Error(fate)));
      })) as CallBackground;
    const settled = vi.fn<() => void>();
    const learnt = learn(watch, { status: 200, url: '', body }, learner, background);
    void learnt?.then(settled);
    await Promise.resolve();
    expect(settled).not.toHaveBeenCalled();
    end();
    await learnt;
    expect(settled).toHaveBeenCalledTimes(1);
  }
});

it.each<[string, Watch, number, object]>([
  ['a login that failed', { for: 'begin', portal: route.portal }, 403, { errcode: 'M_FORBIDDEN' }],
  ['a sync', { for: 'sync', route, token: 'old' }, 200, {}],
  ['a validation that was refused', { for: 'note', note }, 400, { errcode: 'M_INVALID_EMAIL' }],
  ['a logout', { for: 'end', route, token: 'old' }, 200, {}],
])('nothing is waited for after %s', (_, watch, status, body) => {
  const background = (() => Promise.resolve(null)) as CallBackground;
  expect(learn(watch, { status, url: '', body }, learner, background)).toBeUndefined();
});
