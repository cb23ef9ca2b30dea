/** Page functions about what else is replaced: the decoders of `Response`, and beacons. */
import type { Kit } from './kit.ts';

declare const kit: Kit;

export const decoderCases: Record<string, () => unknown> = {
  'decoders and beacons look native': () =>
    [
      [Response.prototype, 'json'],
      [Response.prototype, 'text'],
      [Navigator.prototype, 'sendBeacon'],
    ].map(([owner, key]) => {
      const { value, ...flags } = Object.getOwnPropertyDescriptor(owner, key as string) ?? {};
      const method = value as (...args: unknown[]) => unknown;
      const isNative = /\[native code\]/.test(Function.prototype.toString.call(method));
      const keys = Reflect.ownKeys(owner as object).map(String);
      return [key, method.name, method.length, flags, isNative, 'prototype' in method, keys];
    }),
  'decoders refuse a foreign this': async () => {
    const all = [];
    for (const key of ['json', 'text'] as const) {
      for (const self of [{}, null, 7, new Request('/')]) {
        all.push(await kit.outcome(Reflect.apply(Response.prototype[key], self, []) as Promise<unknown>));
      }
    }
    return all;
  },
  'json and text of an answer': async () => {
    const answers = [];
    for (const read of ['json', 'text'] as const) {
      const response = await fetch(kit.url('echo', kit.id()), { method: 'POST', body: '{"a":[1]}' });
      const promise = response[read]();
      answers.push([promise instanceof Promise, typeof (await promise), response.bodyUsed]);
      answers.push(await kit.outcome(response[read]()));
    }
    return answers;
  },
  'json of what is none': async () => {
    const response = await fetch('page.txt');
    return kit.outcome(response.json());
  },
  'beacons check their arguments': () => {
    const any = navigator as unknown as { sendBeacon(...args: unknown[]): boolean };
    const thrower = {
      toString() {
        throw new RangeError('mine');
      },
    };
    return [
      kit.now(() => any.sendBeacon()),
      kit.now(() => any.sendBeacon(thrower)),
      kit.now(() => any.sendBeacon('http://[')),
      kit.now(() => any.sendBeacon('ftp://x/')),
      kit.now(() => Reflect.apply(any.sendBeacon, {}, ['/'])),
    ];
  },
  'a beacon': async () => {
    const ids = [kit.id(), kit.id(), kit.id()] as const;
    const sent = [
      navigator.sendBeacon(kit.url('echo', ids[0]), 'text'),
      navigator.sendBeacon(new URL(kit.url('echo', ids[1])), new URLSearchParams({ a: 'b' })),
      navigator.sendBeacon(kit.url('echo', ids[2])),
    ];
    const bodies = [];
    for (const id of ids) {
      let seen = await kit.server('arrived', id);
      // it has arrived before its body has
      while (seen.bodies.length === 0) seen = await kit.server('seen', id);
      bodies.push(seen.bodies);
    }
    return { sent, bodies };
  },
};
