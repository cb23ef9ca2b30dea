/**
 * Page functions about requests that Homeward holds. `same` is compared with a page where nothing is held; `held` are
 * facts that must be true where it is. The gate stays shut until `kit.server('open')`.
 */
import type { Kit } from './kit.ts';

declare const kit: Kit;

export interface HeldResult {
  same: unknown;
  held?: Record<string, boolean>;
}

export const heldFetchCases: Record<string, () => Promise<HeldResult>> = {
  'are held, and go once the gate opens': async () => {
    const ids = [kit.id(), kit.id()] as const;
    const sent = fetch(kit.url('text', ids[0]));
    const finished = kit.finished(kit.xhr('GET', 'text', ids[1]));
    for (let round = 0; round < 5; round += 1) await kit.server('seen');
    const early = [(await kit.server('seen', ids[0])).arrived, (await kit.server('seen', ids[1])).arrived];
    await kit.server('open');
    return {
      same: [kit.response(await sent), await finished],
      held: { nothingEarly: early.join('') === '00', both: (await kit.server('seen', ids[1])).arrived === 1 },
    };
  },
  'fetch aborted during the hold rejects at once': async () => {
    const all = [];
    const ids = [];
    for (const kind of ['init', 'request', 'default reason']) {
      const id = kit.id();
      ids.push(id);
      const controller = new AbortController();
      const init = { signal: controller.signal, method: 'POST', body: 'x' };
      const request = new Request(kit.url('never', id), init);
      const sent = kind === 'request' ? fetch(request) : fetch(kit.url('never', id), init);
      const caught = sent.catch((error: unknown) => error);
      const used = request.bodyUsed;
      await kit.server('seen');
      const reason = { mine: true };
      controller.abort(...(kind === 'default reason' ? [] : [reason]));
      const thrown = await caught;
      all.push([kind, thrown === controller.signal.reason, kit.error(thrown), used, request.bodyUsed]);
    }
    const nothingSent = await kit.nothingSent(ids);
    return { same: all, held: { nothingSent } };
  },
  'fetch aborted in the turn it was made': async () => {
    const id = kit.id();
    const controller = new AbortController();
    const caught = fetch(kit.url('never', id), { signal: controller.signal }).catch(
      (error: unknown) => error,
    );
    controller.abort(new RangeError('mine'));
    const same = kit.error(await caught);
    return { same, held: { nothingSent: await kit.nothingSent([id]) } };
  },
  'fetch aborted before': async () => {
    const id = kit.id();
    const same = await kit.outcome(fetch(kit.url('echo', id), { signal: AbortSignal.abort() }));
    return { same, held: { nothingSent: await kit.nothingSent([id]) } };
  },
  'fetch aborted after the hold closes the socket': async () => {
    const id = kit.id();
    const controller = new AbortController();
    const caught = kit.outcome(fetch(kit.url('never', id), { signal: controller.signal }));
    await kit.server('open');
    await kit.server('arrived', id);
    controller.abort();
    return { same: [await caught, (await kit.server('closed', id)).closed] };
  },
  'fetch that times out during the hold': async () => {
    const id = kit.id();
    const same = await kit.outcome(fetch(kit.url('never', id), { signal: AbortSignal.timeout(60) }));
    return { same, held: { nothingSent: await kit.nothingSent([id]) } };
  },
  'fetch sends what it was given, whatever changes meanwhile': async () => {
    const [bytes, form, query] = [new Uint8Array([1, 2, 3]), new FormData(), new URLSearchParams('a=1')];
    form.append('a', '1');
    const headers = new Headers({ 'X-Requested-With': 'before' });
    const init: RequestInit = { method: 'POST', headers };
    const sent = [bytes, form, query].map((body) => {
      const id = kit.id();
      return kit.echoed(fetch(kit.url('echo', id), Object.assign(init, { body })), id);
    });
    bytes.fill(9);
    form.append('late', '2');
    query.append('late', '2');
    headers.set('X-Requested-With', 'after');
    init.method = 'PUT';
    await kit.server('open');
    const texts = (await Promise.all(sent)).map((told) => JSON.stringify(told));
    const [boundary = '?'] = /(?<=boundary=)[-\w]+/.exec(texts.join('\n')) ?? [];
    return { same: texts.map((text) => text.replaceAll(boundary, 'BOUNDARY')) };
  },
  // a Request with a body is read first: these may change places
  'go in the order they came, each kind': async () => {
    const ids = Array.from({ length: 6 }, () => kit.id());
    // five of the six connections that a browser opens to a host are taken
    const busy = new AbortController();
    const blocked = Array.from({ length: 5 }, () => kit.id());
    const taken = blocked.map((id) =>
      kit.outcome(fetch(kit.elsewhere('never', id), { signal: busy.signal })),
    );
    for (const id of blocked) await kit.server('arrived', id);
    const done = ids.map((id, index) => {
      if (index % 3 === 0) return fetch(kit.url('text', id)).then((response) => response.text());
      if (index % 3 === 1) return kit.finished(kit.xhr('POST', 'text', id), 'b');
      const request = new Request(kit.url('text', id), { method: 'POST', body: 'r' });
      return fetch(request).then((response) => response.text());
    });
    await kit.server('open');
    const same = await Promise.all(done);
    busy.abort();
    await Promise.all(taken);
    const { order } = await kit.server('seen');
    const arrived = order.filter((id) => ids.includes(id)).map((id) => ids.indexOf(id));
    const inOrder = [0, 1].every((kind) => {
      const [first = 0, second = 0] = arrived.filter((index) => index % 3 === kind);
      return first < second;
    });
    return { same, held: { [`order ${arrived.join(' ')}`]: inOrder } };
  },
  'fetch streams after the hold': async () => {
    const id = kit.id();
    const sent = fetch(kit.url('stream', id), { method: 'POST', body: 'x' });
    await kit.server('open');
    const reader = (await sent).body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    await kit.server('go', id);
    const second = new TextDecoder().decode((await reader?.read())?.value);
    return { same: [first, second, (await reader?.read())?.done] };
  },
  'fetch fails on a dead server after the hold': async () => {
    const sent = kit.outcome(fetch(kit.url('dead'), { method: 'POST', body: 'x' }));
    await kit.server('open');
    return { same: await sent };
  },
};
