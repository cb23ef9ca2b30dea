/** Page functions about `fetch`: what is sent and what comes back. They run in a page, where only `kit` is around. */
import type { Kit } from './kit.ts';

declare const kit: Kit;

export const fetchCases: Record<string, () => unknown> = {
  'looks native': () => {
    const { name, length } = fetch;
    const { value, ...flags } = Object.getOwnPropertyDescriptor(window, 'fetch') ?? {};
    const text = Function.prototype.toString.call(fetch);
    const keys = Reflect.ownKeys(fetch).map(String);
    const prototype = Object.getPrototypeOf(fetch) === Function.prototype;
    const isNative = text.includes('[native code]') && String(fetch) === text && `${value}` === text;
    return { name, length, flags, keys, prototype, isNative, hasPrototype: 'prototype' in fetch };
  },
  'is no constructor': () => kit.now(() => Reflect.construct(fetch, ['/'])),
  'rejects without arguments': async () => {
    const promise = (fetch as () => Promise<Response>)();
    return { isPromise: promise instanceof Promise, outcome: await kit.outcome(promise) };
  },
  'rejects on a foreign this': () => kit.outcome(Reflect.apply(fetch, {}, [kit.url('echo')])),
  'works without a this': async () => {
    const bare = fetch;
    const id = kit.id();
    return kit.echoed(bare(kit.url('echo', id)), id);
  },
  'takes a string': () => {
    const id = kit.id();
    return kit.echoed(fetch(kit.url('echo', id)), id);
  },
  'takes a URL object': () => {
    const id = kit.id();
    return kit.echoed(fetch(new URL(kit.url('echo', id))), id);
  },
  'takes a Request': () => {
    const id = kit.id();
    const { origin } = location;
    const init = {
      headers: { 'X-Requested-With': 'x' },
      referrer: `${origin}/from`,
      cache: 'no-store',
    } as const;
    return kit.echoed(fetch(new Request(kit.url('echo', id), init)), id);
  },
  'takes any object, once': async () => {
    let calls = 0;
    const id = kit.id();
    const input = {
      toString() {
        calls += 1;
        return kit.url('echo', id);
      },
    };
    const told = await kit.echoed(fetch(input as unknown as string), id);
    return { told, calls };
  },
  'rejects when toString throws': () => {
    const input = {
      toString() {
        throw new RangeError('mine');
      },
    };
    return kit.outcome(fetch(input as unknown as string));
  },
  'rejects a bad URL, method, header and body': async () => [
    await kit.outcome(fetch('http://:::')),
    await kit.outcome(fetch(kit.url('echo'), { method: 'TRACE' })),
    await kit.outcome(fetch(kit.url('echo'), { method: 'a b' })),
    await kit.outcome(fetch(kit.url('echo'), { headers: { 'a b': 'c' } })),
    await kit.outcome(fetch(kit.url('echo'), { headers: [['a']] as unknown as [string, string][] })),
    // oxlint-disable-next-line unicorn/no-invalid-fetch-options
    await kit.outcome(fetch(kit.url('echo'), { body: 'x' })),
    await kit.outcome(fetch(kit.url('echo'), 5 as unknown as RequestInit)),
    await kit.outcome(fetch(kit.url('echo'), { signal: {} as AbortSignal })),
    await kit.outcome(fetch(kit.url('echo'), { mode: 'navigate' })),
  ],
  'rejects a URL with credentials': async () => {
    const id = kit.id();
    const sent = fetch(kit.url('echo', id).replace('//', '//user:pass@'));
    const name = await sent.then(String, (error: Error) => error.name);
    return [name, (await kit.server('seen', id)).arrived];
  },
  'calls getters that throw': () =>
    kit.outcome(
      fetch(kit.url('echo'), {
        get method(): string {
          throw new RangeError('mine');
        },
      }),
    ),
  'lets init override a Request': async () => {
    const id = kit.id();
    const request = new Request(kit.url('echo', id), { method: 'POST', body: 'a' });
    const told = await kit.echoed(
      fetch(request, { method: 'PUT', body: 'b', headers: { 'content-type': 'x/y' } }),
      id,
    );
    return { told, used: request.bodyUsed };
  },
  'uses a Request up': async () => {
    const id = kit.id();
    const request = new Request(kit.url('echo', id), { method: 'POST', body: 'once' });
    const sent = fetch(request);
    const used = request.bodyUsed;
    return { used, told: await kit.echoed(sent, id), again: await kit.outcome(fetch(request)) };
  },
  'uses a Request without a body again': async () => {
    const id = kit.id();
    const request = new Request(kit.url('echo', id));
    await (await fetch(request)).text();
    return { used: request.bodyUsed, told: await kit.echoed(fetch(request), id) };
  },
  'rejects a consumed Request': async () => {
    const id = kit.id();
    const request = new Request(kit.url('echo', id), { method: 'POST', body: 'gone' });
    await request.text();
    return { outcome: await kit.outcome(fetch(request)), seen: (await kit.server('seen', id)).arrived };
  },
  'sends headers of every kind': async () => {
    const given = { Authorization: `Bearer ${kit.token()}`, 'X-Requested-With': 'a' };
    const all = [];
    for (const headers of [given, Object.entries(given), new Headers(given)] as HeadersInit[]) {
      const id = kit.id();
      all.push(await kit.echoed(fetch(kit.url('echo', id), { headers }), id));
    }
    return all;
  },
  'sends a FormData by init': async () => {
    const id = kit.id();
    const body = new FormData();
    body.append('a', 'ä');
    body.append('f', new File(['file'], 'n.txt', { type: 'text/x' }));
    const text = JSON.stringify(await kit.echoed(fetch(kit.url('echo', id), { method: 'POST', body }), id));
    const [, boundary = '?'] = /boundary=([^",; ]+)/.exec(text) ?? [];
    return { parts: text.split(boundary).length, text: text.replaceAll(boundary, 'BOUNDARY') };
  },
  'sends a FormData by Request': async () => {
    const id = kit.id();
    const body = new FormData();
    body.append('a', 'b');
    const request = new Request(kit.url('echo', id), { method: 'POST', body });
    const type = request.headers.get('content-type') ?? '';
    const text = JSON.stringify(await kit.echoed(fetch(request), id));
    const [, boundary = '?'] = /boundary=([^",; ]+)/.exec(type) ?? [];
    return { parts: text.split(boundary).length, text: text.replaceAll(boundary, 'BOUNDARY') };
  },
  'sends bodies byte by byte': async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const blob = new Blob([bytes], { type: 'image/x-test' });
    const shared = [bytes.buffer, bytes.subarray(3, 9), new DataView(bytes.buffer, 250)];
    const all = [];
    for (const body of [blob, ...shared, 'text ä', new URLSearchParams('a=ä b&a=2'), '', new Blob([])]) {
      const ids = [kit.id(), kit.id()] as const;
      all.push(await kit.echoed(fetch(kit.url('echo', ids[0]), { method: 'POST', body }), ids[0]));
      all.push(
        await kit.echoed(fetch(new Request(kit.url('echo', ids[1]), { method: 'PUT', body })), ids[1]),
      );
    }
    return all;
  },
  'sends a POST without a body': async () => {
    const ids = [kit.id(), kit.id()] as const;
    return [
      await kit.echoed(fetch(kit.url('echo', ids[0]), { method: 'POST' }), ids[0]),
      await kit.echoed(fetch(new Request(kit.url('echo', ids[1]), { method: 'POST' })), ids[1]),
    ];
  },
  'sends methods as they are written': async () => {
    const all = [];
    for (const method of ['post', 'Put', 'delete', 'DELETE', 'head', 'options']) {
      const id = kit.id();
      const response = await fetch(kit.url('echo', id), { method });
      all.push([kit.response(response), await response.text(), (await kit.server('seen', id)).bodies]);
    }
    return all;
  },
  'leaves a frozen init alone': async () => {
    const id = kit.id();
    const headers = Object.freeze({ 'X-Requested-With': 'x' });
    const init = Object.freeze({ method: 'POST', body: 'b', headers });
    const told = await kit.echoed(fetch(kit.url('echo', id), init), id);
    return { told, init: JSON.stringify(init) };
  },
  'keeps the query and path as written': async () => {
    const id = kit.id();
    const url = kit.url("echo?x=%41+b%20c&y='%22&&z", id);
    return [await kit.echoed(fetch(`${url}#fragment`), id), (await kit.server('seen', id)).arrived];
  },
  'has no preflight of its own': async () => {
    const ids = [kit.id(), kit.id()] as const;
    await fetch(kit.url('echo', ids[0]), { method: 'POST', body: 'simple' });
    await fetch(kit.url('echo', ids[1]), {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    return [await kit.server('seen', ids[0]), await kit.server('seen', ids[1])].map(
      ({ preflights }) => preflights,
    );
  },
};
