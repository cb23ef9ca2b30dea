// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

type Policy = typeof import('../../src/page/policy.ts');

interface Violation {
  readonly blockedURI: string;
  readonly effectiveDirective: string;
  readonly disposition: string;
}
const inside = new WeakMap<object, Violation>();
const of = (event: object): Violation => inside.get(event) as Violation;

/** jsdom has none. What it says is in the event, not in properties that a page can put on it. */
class FakeViolation {
  readonly isTrusted: boolean;
  constructor(violation: Partial<Violation>, isTrusted = true) {
    this.isTrusted = isTrusted;
    const whole = {
      blockedURI: 'https://hs1.example/x',
      effectiveDirective: 'connect-src',
      disposition: 'enforce',
    };
    inside.set(this, { ...whole, ...violation });
  }
  get blockedURI(): string {
    return of(this).blockedURI;
  }
  get effectiveDirective(): string {
    return of(this).effectiveDirective;
  }
  get disposition(): string {
    return of(this).disposition;
  }
}

let policy: Policy;
let happens: (event: object) => void;
const onForbidden = vi.fn<(origin: string, isRedirected: boolean) => void>();

beforeEach(async () => {
  vi.resetModules();
  vi.clearAllMocks();
  vi.stubGlobal('SecurityPolicyViolationEvent', FakeViolation);
  const listening = vi.spyOn(EventTarget.prototype, 'addEventListener');
  policy = await import('../../src/page/policy.ts');
  policy.watchPolicy(onForbidden);
  const [, listener] = listening.mock.calls.find(([type]) => type === 'securitypolicyviolation') ?? [];
  happens = listener as unknown as (event: object) => void;
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const T = 'https://hs1.example/base';

describe('a policy that forbids', () => {
  it('nothing, as long as the browser reports nothing', () => {
    expect(policy.forbids(T)).toBe(false);
  });

  it.each([
    'https://hs1.example/base/_matrix/client/versions',
    'https://hs1.example',
    'https://hs1.example/',
    'https://hs1.example/other?x=y',
  ])('a request of a page: its whole origin (%s)', (blockedURI) => {
    happens(new FakeViolation({ blockedURI }));
    expect(policy.forbids(T)).toBe(true);
    expect(onForbidden.mock.calls).toEqual([['https://hs1.example', false]]);
  });

  it.each(['img-src', 'media-src', 'font-src', 'worker-src', 'frame-src', 'style-src-elem'])(
    'a picture or the like, which a rule may have sent there: told, but no word on requests (%s)',
    (effectiveDirective) => {
      happens(new FakeViolation({ effectiveDirective }));
      expect(policy.forbids(T)).toBe(false);
      expect(onForbidden.mock.calls).toEqual([['https://hs1.example', true]]);
    },
  );

  it.each([
    'https://hs2.example/',
    'http://hs1.example/',
    'https://hs1.example:8448/',
    'https://sub.hs1.example/',
    'https://hs1.example.evil.example/',
  ])('another origin: %s', (blockedURI) => {
    happens(new FakeViolation({ blockedURI }));
    expect(policy.forbids(T)).toBe(false);
    expect(onForbidden).toHaveBeenCalledOnce();
  });

  it.each<[string, FakeViolation]>([
    ['what a page dispatches', new FakeViolation({}, false)],
    ['a policy that only reports', new FakeViolation({ disposition: 'report' })],
    ...['inline', 'eval', 'data', 'blob', 'self', '', 'wss://hs1.example/', 'about:blank'].map(
      (blockedURI): [string, FakeViolation] => [`“${blockedURI}”`, new FakeViolation({ blockedURI })],
    ),
  ])('is not seen in %s', (_, event) => {
    happens(event);
    expect(policy.forbids(T)).toBe(false);
    expect(onForbidden).not.toHaveBeenCalled();
  });

  it('is not what a page has put on an event, or in its prototype', () => {
    const event = new FakeViolation({ blockedURI: 'https://elsewhere.example/' });
    Object.defineProperty(event, 'blockedURI', { value: 'https://hs1.example/' });
    Object.defineProperty(FakeViolation.prototype, 'disposition', { get: () => 'enforce' });
    happens(event);
    expect(onForbidden.mock.calls).toEqual([['https://elsewhere.example', false]]);
  });

  it('a hundred at most are remembered', () => {
    for (let n = 0; n < 100; n += 1) happens(new FakeViolation({ blockedURI: `https://h${n}.example/` }));
    happens(new FakeViolation({}));
    expect([
      policy.forbids('https://h0.example'),
      policy.forbids('https://h99.example'),
      policy.forbids(T),
    ]).toEqual([true, true, false]);
  });
});
