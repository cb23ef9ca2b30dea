/** Page functions for requests that are not Matrix's only: where a rewritten request may or must differ. */
import type { Kit } from './kit.ts';

declare const kit: Kit;

export const plainCases: Record<string, () => unknown> = {
  'fetch reads no member of init itself': async () => {
    const reads: string[] = [];
    const given: Record<string, unknown> = { method: 'POST', body: 'b' };
    const init = new Proxy(given, {
      get(target, key) {
        reads.push(`get ${String(key)}`);
        return target[key as string];
      },
      has(target, key) {
        reads.push(`has ${String(key)}`);
        return key in target;
      },
      ownKeys(target) {
        reads.push('keys');
        return Reflect.ownKeys(target);
      },
    });
    const id = kit.id();
    return { told: await kit.echoed(fetch(kit.url('echo', id), init), id), reads };
  },
  'fetch sends credentials when asked to': async () => {
    const all = [];
    for (const credentials of ['include', 'same-origin', 'omit'] as const) {
      const ids = [kit.id(), kit.id()] as const;
      all.push(await kit.echoed(fetch(kit.url('echo?cookies', ids[0]), { credentials }), ids[0]));
      all.push(
        await kit.echoed(fetch(new Request(kit.url('echo?cookies', ids[1]), { credentials })), ids[1]),
      );
      all.push(await kit.outcome(fetch(kit.url('echo'), { credentials }).then(({ status }) => status)));
    }
    return all;
  },
  'fetch refuses same-origin mode elsewhere': async () => {
    const id = kit.id();
    const outcome = await kit.outcome(fetch(kit.url('echo', id), { mode: 'same-origin' }));
    return [outcome, (await kit.server('seen', id)).arrived];
  },
  'fetch of a relative URL': async () => {
    const response = await fetch('page.txt');
    return [kit.response(response), await response.text()];
  },
  'fetch of data and blob URLs': async () => {
    const blob = URL.createObjectURL(new Blob(['inside'], { type: 'text/x' }));
    const [data, local] = [await fetch('data:text/plain,abc'), await fetch(blob)];
    return [data.type, await data.text(), local.type, await local.text(), await kit.outcome(fetch('nope:x'))];
  },
  'fetch of a body that streams': async () => {
    const body = new ReadableStream({ start: (controller) => controller.close() });
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    return kit.outcome(fetch(kit.url('echo'), init).then((response) => response.status));
  },
  'XHR withCredentials': async () => {
    const all = [];
    for (const withCredentials of [true, false]) {
      const xhr = kit.xhr('GET', 'echo?cookies');
      xhr.withCredentials = withCredentials;
      all.push(await kit.finished(xhr));
    }
    return all;
  },
  'XHR of a relative URL': async () => {
    const xhr = new XMLHttpRequest();
    xhr.open('GET', 'page.txt');
    return kit.finished(xhr);
  },
  'XHR with a user and password': async () => {
    const xhr = new XMLHttpRequest();
    xhr.open('GET', kit.url('echo'), true, 'user', 'password');
    const log = kit.log(xhr);
    return [await kit.finished(xhr), log];
  },
};
