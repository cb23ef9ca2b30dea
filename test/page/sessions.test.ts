import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import type { Route, Sketch, Verdict } from '../../src/core/verdict.ts';
import { createSessions } from '../../src/page/sessions.ts';
import type { Bound, DocumentCalls } from '../../src/wire/document.ts';

const P = 'https://portal.example';
const T = 'https://hs1.example';
const route = (extra: Partial<Route> = {}): Route => ({
  id: 's',
  portal: P,
  target: T,
  pending: false,
  media: false,
  ...extra,
});
const pending: Bound = {
  route: route({ pending: true }),
  check: { base: T, mayStay: true },
  accountData: '/data',
};
const sketch = (token: string | null, path = 'v3/sync'): Sketch => ({
  method: 'GET',
  url: `${P}/_matrix/client/${path}`,
  page: P,
  token,
  body: undefined,
  sync: false,
  ruled: false,
});
const never = new Promise<never>(() => undefined);

type Answers = { [K in keyof DocumentCalls]?: unknown };

/** A document whose background answers so, and whose network is `fetch`. */
function open(answers: Answers, fetch: (url: string) => Promise<Response> = () => never) {
  const asked: unknown[] = [];
  const call = (name: keyof DocumentCalls, args: unknown): Promise<never> => {
    asked.push([name, args]);
    return Promise.resolve(name in answers ? answers[name] : null) as Promise<never>;
  };
  const off = vi.fn<() => void>();
  const sessions = createSessions(
    { opened: Promise.resolve(), call, again: () => undefined },
    {
      fetch,
      page: () => ({ document: 'd', controlled: false }),
      forbids: () => false,
      turnedOff: off,
      marksAll: false,
    },
  );
  /** As the patch does: decides until the request may go. */
  const settle = async (request: Sketch): Promise<Verdict | 'failed'> => {
    let verdict = decide(request, sessions.known);
    for (let turns = 0; verdict.act === 'hold'; turns += 1) {
      if (turns > 5) throw new Error('a hold without end');
      if (!(await sessions.wait(verdict.until))) return 'failed';
      verdict = decide(request, sessions.known);
    }
    return verdict;
  };
  return { sessions, asked, settle, off };
}

const versions = (): Promise<Response> => Promise.resolve(Response.json({ versions: ['v1.1'] }));
const start = (recent: Route[]): Answers => ({ start: { on: true, recent } });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Runs the work while time passes. */
async function passing<T>(ms: number, work: Promise<T>): Promise<T> {
  await vi.advanceTimersByTimeAsync(ms);
  return work;
}

describe('a token that this document has not used', () => {
  it('is asked about once and goes home', async () => {
    const { settle, asked } = open({
      ...start([]),
      whose: { route: route(), check: null, accountData: '/data' },
    });
    expect(await settle(sketch('t'))).toMatchObject({ act: 'send', url: `${T}/_matrix/client/v3/sync` });
    expect(await settle(sketch('t'))).toMatchObject({ act: 'send' });
    expect(asked.filter((each) => (each as unknown[])[0] === 'whose')).toHaveLength(1);
  });

  it('of nobody passes', async () => {
    expect(await open(start([])).settle(sketch('t'))).toMatchObject({ act: 'pass' });
  });

  it('fails while the background is silent, and works when it speaks again', async () => {
    const answers: Answers = { ...start([]), whose: never };
    const { settle } = open(answers);
    const failing = settle(sketch('t'));
    expect(await passing(8000, failing)).toBe('failed');
    answers.whose = { route: route(), check: null };
    expect(await settle(sketch('t'))).toMatchObject({ act: 'send' });
  });

  it('passes when the extension is gone', async () => {
    const { settle } = open({ ...start([]), whose: Promise.reject(new Error('gone')) });
    expect(await settle(sketch('t'))).toMatchObject({ act: 'pass' });
  });
});

describe('the check', () => {
  it.each<[string, () => Promise<Response>, boolean, string | null]>([
    ['a homeserver', versions, true, T],
    ['HTML, and the portal accepts', () => Promise.resolve(new Response('<html>')), true, null],
    ['HTML, after a 307', () => Promise.resolve(new Response('<html>')), false, T],
    ['no answer', () => Promise.reject(new DOMException('late', 'TimeoutError')), true, T],
  ])('%s', async (_, answer, mayStay, target) => {
    const bound = { ...pending, check: { base: T, mayStay } };
    const whoami = (): Promise<Response> => Promise.resolve(Response.json({ user_id: '@a:x' }));
    const { settle, asked } = open({ ...start([]), whose: bound }, (url) =>
      url.includes('whoami') ? whoami() : answer(),
    );
    const verdict = await passing(3000, settle(sketch('t')));
    expect(verdict).toMatchObject(
      target ? { act: 'send', url: `${T}/_matrix/client/v3/sync` } : { act: 'pass' },
    );
    expect(asked.filter((each) => (each as unknown[])[0] === 'checked').length).toBeLessThanOrEqual(1);
  });

  it('never asks a portal that did not answer the login itself', async () => {
    const urls: string[] = [];
    const bound = { ...pending, check: { base: T, mayStay: false } };
    const { settle } = open({ ...start([]), whose: bound }, (url) => {
      urls.push(url);
      return Promise.reject(new TypeError('dead'));
    });
    await passing(3000, settle(sketch('t')));
    expect(urls).toEqual([`${T}/_matrix/client/versions#hw-pass`]);
  });

  it('of a session that another document holds ends the wait of requests without a token', async () => {
    const { settle } = open(start([route({ pending: true })]));
    expect(await settle(sketch(null, 'versions'))).toMatchObject({ act: 'send' });
  });

  it('is waited for by a token after a request without one went ahead', async () => {
    const dead = (url: string): Promise<Response> =>
      url.includes('whoami') ? Promise.resolve(Response.json({})) : Promise.reject(new TypeError('dead'));
    const { settle } = open({ ...start([route({ pending: true })]), whose: pending }, dead);
    expect(await settle(sketch(null, 'versions'))).toMatchObject({ act: 'send' });
    expect(await passing(500, settle(sketch('t')))).toMatchObject({ act: 'pass' });
  });

  it('is not undone by word of the same session from before it', async () => {
    const { settle, sessions } = open({ ...start([]), whose: pending }, versions);
    expect(await settle(sketch('t'))).toMatchObject({ act: 'send' });
    sessions.change(route({ pending: true }));
    expect(await settle(sketch('t'))).toMatchObject({ act: 'send' });
  });
});

describe('after the end', () => {
  it('the token still goes home, requests without one go to the portal', async () => {
    const { settle, sessions } = open({
      ...start([route()]),
      whose: { route: route(), check: null, accountData: '/data' },
    });
    const verdict = await settle(sketch('t'));
    if (verdict !== 'failed' && 'uses' in verdict && verdict.uses) sessions.use(verdict.uses, 't');
    expect(await settle(sketch(null, 'versions'))).toMatchObject({ act: 'send' });
    sessions.end(route());
    expect(await settle(sketch('t'))).toMatchObject({ act: 'send', url: `${T}/_matrix/client/v3/sync` });
    if (verdict !== 'failed' && 'uses' in verdict && verdict.uses) sessions.use(verdict.uses, 't');
    expect(await settle(sketch(null, 'versions'))).toMatchObject({ act: 'pass' });
  });

  it('which is told while the page starts, requests without a token go to the portal', async () => {
    let read: (started: unknown) => void = () => undefined;
    const started = new Promise((resolve) => {
      read = resolve;
    });
    const { settle, sessions } = open({
      start: started,
      whose: { route: route(), check: null, accountData: '/data' },
    });
    sessions.end(route());
    // as it was before
    read({ on: true, recent: [route()] });
    expect(await settle(sketch(null, 'versions'))).toMatchObject({ act: 'pass' });
    expect(await settle(sketch('t'))).toMatchObject({ act: 'send', url: `${T}/_matrix/client/v3/sync` });
  });
});

describe('the start', () => {
  it('that nobody answers lets requests without a token pass after a while', async () => {
    const { settle } = open({ start: never });
    expect(await passing(2000, settle(sketch(null, 'versions')))).toMatchObject({ act: 'pass' });
  });

  it('at an origin that is not turned on takes the patch away', async () => {
    const { off, settle } = open({ start: { on: false, recent: [] } });
    await settle(sketch(null, 'versions'));
    expect(off).toHaveBeenCalledOnce();
  });
});

describe('a claim', () => {
  it('binds the token from this very turn on', async () => {
    const { sessions, settle } = open(start([]), versions);
    sessions.claim(['t', 'r'], Promise.resolve({ ...pending }));
    expect(decide(sketch('t'), sessions.known)).toMatchObject({ act: 'hold' });
    expect(await settle(sketch('t'))).toMatchObject({ act: 'send' });
  });

  it('takes the requests without a token along', async () => {
    const { sessions, settle } = open(start([]), versions);
    sessions.known.signedOut = true;
    sessions.claim(['t', 'r'], Promise.resolve({ ...pending }));
    expect(await settle(sketch(null, 'versions'))).toMatchObject({ act: 'send' });
  });

  it('does not rebind a known token', async () => {
    const { sessions, settle } = open({
      ...start([]),
      whose: { route: route(), check: null, accountData: '/data' },
    });
    await settle(sketch('t'));
    const evil = route({ id: 'e', target: 'https://evil.example' });
    sessions.claim(['t'], Promise.resolve({ route: evil, check: null, accountData: '/data' }));
    expect(await settle(sketch('t'))).toMatchObject({ url: `${T}/_matrix/client/v3/sync` });
  });
});

describe('a background that is silent for more than 2 s', () => {
  const post = (path: string, body: Sketch['body']): Sketch => ({
    ...sketch(null, path),
    method: 'POST',
    body,
  });
  const silence = { refreshToken: 'r', loginType: null, namesIdentity: false };

  it('does not keep anybody from a login', async () => {
    const { settle } = open({ start: never });
    expect(await passing(2000, settle(post('v3/login', undefined)))).toMatchObject({ act: 'pass' });
  });

  it('keeps a refresh waiting: what nobody learns would be taken to the portal', async () => {
    const answers: Answers = { start: never, whose: { route: route(), check: null, accountData: '/data' } };
    const { settle } = open(answers);
    const waits = settle(post('v3/refresh', silence));
    expect(await passing(8000, waits)).toBe('failed');
    const late = Promise.resolve({ on: true, recent: [], again: '' });
    answers.start = new Promise((resolve) => {
      setTimeout(() => resolve(late), 5000);
    });
    const goes = settle(post('v3/refresh', silence));
    expect(await passing(6000, goes)).toMatchObject({ act: 'send', url: `${T}/_matrix/client/v3/refresh` });
  });

  it('does not, once it is gone', async () => {
    const { settle } = open({
      start: Promise.reject(new Error('gone')),
      whose: Promise.reject(new Error('gone')),
    });
    expect(await passing(100, settle(post('v3/refresh', silence)))).toMatchObject({ act: 'pass' });
  });
});
