/** Page functions about `fetch`: answers, redirects, errors, abort and streams. */
import type { Kit } from './kit.ts';

declare const kit: Kit;

export const fetchAnswerCases: Record<string, () => unknown> = {
  'gives answers of every kind': async () => {
    const all = [];
    for (const path of ['text', 'json', 'html', 'broken', 'bytes', 'empty', 'denied', 'missing']) {
      const response = await fetch(kit.url(path));
      const before = kit.response(response);
      const bytes = new Uint8Array(await response.clone().arrayBuffer());
      const json = await kit.outcome(response.json());
      all.push([before, bytes.join(' '), json, response.bodyUsed, await kit.outcome(response.text())]);
    }
    return all;
  },
  'gives a Promise and a Response with immutable headers': async () => {
    const promise = fetch(kit.url('json'));
    const isPromise = promise instanceof Promise && promise.constructor === Promise;
    const response = await promise;
    const change = kit.now(() => response.headers.set('a', 'b'));
    const blob = await response.blob();
    return { isPromise, change, blob: [blob.size, blob.type], own: Reflect.ownKeys(response).map(String) };
  },
  'follows a redirect': async () => {
    const all = [];
    for (const status of [301, 302, 303, 307, 308]) {
      for (const init of [{}, { method: 'POST', body: 'kept?', headers: { 'X-Requested-With': 'x' } }]) {
        const id = kit.id();
        all.push(await kit.echoed(fetch(kit.url(`redirect?status=${status}`, id), init), id));
      }
    }
    return all;
  },
  'follows a 307 with the body of a Request': () => {
    const id = kit.id();
    return kit.echoed(
      fetch(new Request(kit.url('redirect?status=307', id), { method: 'POST', body: 'r' })),
      id,
    );
  },
  'stops at a redirect': async () => {
    const [error, manual, asRequest] = [kit.id(), kit.id(), kit.id()];
    const path = 'redirect?status=302';
    const opaque = await fetch(kit.url(path, manual), { redirect: 'manual' });
    const other = await fetch(new Request(kit.url(path, asRequest), { redirect: 'manual' }));
    return {
      error: await kit.outcome(fetch(kit.url(path, error), { redirect: 'error' })),
      opaque: kit.response(opaque),
      other: kit.response(other),
      seen: [(await kit.server('seen', error)).arrived, (await kit.server('seen', manual)).arrived],
    };
  },
  'fails on a dead server': async () => {
    const id = kit.id();
    const get = await kit.outcome(fetch(kit.url('dead', id)));
    const post = await kit.outcome(fetch(kit.url('dead'), { method: 'POST', body: 'x' }));
    return { get, post };
  },
  'errors the body when the connection breaks': async () => {
    const id = kit.id();
    const response = await fetch(kit.url('cut', id));
    const before = kit.response(response);
    const text = kit.outcome(response.text());
    await kit.server('go', id);
    return [before, await text];
  },
  'is opaque with no-cors': async () => {
    const ids = [kit.id(), kit.id()] as const;
    const response = await fetch(kit.url('echo', ids[0]), { mode: 'no-cors' });
    const other = await fetch(
      new Request(kit.url('echo', ids[1]), { mode: 'no-cors', method: 'POST', body: 'b' }),
    );
    const seen = [(await kit.server('seen', ids[0])).bodies, (await kit.server('seen', ids[1])).bodies];
    return [kit.response(response), await response.text(), kit.response(other), await other.text(), seen];
  },
  'sends nothing when aborted before': async () => {
    const [id, other, third] = [kit.id(), kit.id(), kit.id()];
    const reason = { mine: true };
    const signal = AbortSignal.abort(reason);
    const thrown = await fetch(kit.url('echo', id), { signal }).catch((error: unknown) => error);
    const request = new Request(kit.url('echo', other), { signal, method: 'POST', body: 'x' });
    const second = await fetch(request).catch((error: unknown) => error);
    const usual = await kit.outcome(fetch(kit.url('echo', third), { signal: AbortSignal.abort() }));
    const arrived = [];
    for (const each of [id, other, third]) arrived.push((await kit.server('seen', each)).arrived);
    return [thrown === reason, second === reason, request.bodyUsed, usual, arrived];
  },
  'closes the socket when aborted in flight': async () => {
    const all = [];
    for (const kind of ['init', 'request']) {
      const id = kit.id();
      const controller = new AbortController();
      const init = { signal: controller.signal, method: 'POST', body: 'x' };
      const url = kit.url('never', id);
      const sent = kind === 'init' ? fetch(url, init) : fetch(new Request(url, init));
      const caught = sent.catch((error: unknown) => error);
      await kit.server('arrived', id);
      const reason = new RangeError('mine');
      controller.abort(reason);
      all.push([(await caught) === reason, (await kit.server('closed', id)).closed]);
    }
    return all;
  },
  'times out by signal': () => kit.outcome(fetch(kit.url('never'), { signal: AbortSignal.timeout(60) })),
  'obeys any of two signals': async () => {
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(60_000)]);
    const id = kit.id();
    const caught = kit.outcome(fetch(kit.url('never', id), { signal }));
    await kit.server('arrived', id);
    controller.abort();
    return [await caught, (await kit.server('closed', id)).closed];
  },
  'errors the body when aborted after the headers': async () => {
    const id = kit.id();
    const controller = new AbortController();
    const response = await fetch(kit.url('stream', id), { signal: controller.signal });
    const text = response.text().catch((error: unknown) => error);
    const reason = { mine: 1 };
    controller.abort(reason);
    return [(await text) === reason, response.bodyUsed, (await kit.server('closed', id)).closed];
  },
  'is not touched by an abort after the end': async () => {
    const controller = new AbortController();
    const response = await fetch(kit.url('text'), { signal: controller.signal });
    const text = await response.text();
    controller.abort();
    return text;
  },
  'streams the first chunk before the end': async () => {
    const id = kit.id();
    const response = await fetch(kit.url('stream', id));
    const reader = response.body?.getReader();
    const first = await reader?.read();
    await kit.server('go', id);
    let rest = '';
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read())
      rest += new TextDecoder().decode(next.value);
    return [new TextDecoder().decode(first?.value), first?.done, rest];
  },
  'closes the socket when the body is cancelled': async () => {
    const ids = [kit.id(), kit.id()] as const;
    // an endless answer: Firefox notices a cancelled body only when the next part of it arrives
    const response = await fetch(kit.url('drip', ids[0]));
    await response.body?.cancel();
    const reader = (await fetch(kit.url('drip', ids[1]))).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    return [(await kit.server('closed', ids[0])).closed, (await kit.server('closed', ids[1])).closed];
  },
  'asks once': async () => {
    const ids = [kit.id(), kit.id()] as const;
    await (await fetch(kit.url('text', ids[0]))).text();
    await (await fetch(kit.url('denied', ids[1]), { method: 'POST', body: '{}' })).text();
    return [await kit.server('seen', ids[0]), await kit.server('seen', ids[1])].map(({ bodies }) => bodies);
  },
};
