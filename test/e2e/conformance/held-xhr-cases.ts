/** Page functions about XMLHttpRequests that are held; see held-cases.ts. */
import type { HeldResult } from './held-cases.ts';
import type { Kit } from './kit.ts';

declare const kit: Kit;

export const heldXhrCases: Record<string, () => Promise<HeldResult>> = {
  'XHR looks sent while held': async () => {
    const id = kit.id();
    const xhr = kit.xhr('POST', 'never', id);
    xhr.send('b');
    await kit.server('seen');
    const meanwhile = kit.state(xhr);
    await kit.server('open');
    await kit.server('arrived', id);
    xhr.abort();
    return { same: [meanwhile, kit.state(xhr)] };
  },
  'XHR aborted during the hold': async () => {
    const all = [];
    const ids = [];
    for (const [method, body] of [
      ['GET', null],
      ['POST', 'abc'],
      ['POST', null],
    ] as const) {
      const id = kit.id();
      ids.push(id);
      const xhr = kit.xhr(method, 'never', id);
      const log = kit.log(xhr, { upload: true });
      xhr.send(body);
      await kit.server('seen');
      xhr.abort();
      log.push('after');
      all.push([log.filter((line) => !/^upload.(progress|load )/.test(line)), kit.state(xhr)]);
    }
    return { same: all, held: { nothingSent: await kit.nothingSent(ids) } };
  },
  'XHR aborted during the hold is as good as new': async () => {
    const xhr = kit.xhr('POST', 'never');
    xhr.setRequestHeader('X-Requested-With', 'old');
    xhr.send('old');
    xhr.abort();
    const refused = [kit.now(() => xhr.send('again')), kit.now(() => xhr.setRequestHeader('Date', 'x'))];
    const id = kit.id();
    xhr.open('POST', kit.url('echo', id));
    const log = kit.log(xhr);
    const finished = kit.finished(xhr, 'new');
    await kit.server('open');
    return { same: [refused, await finished, log, (await kit.server('seen', id)).bodies] };
  },
  'XHR aborted after the hold': async () => {
    const id = kit.id();
    const xhr = kit.xhr('GET', 'never', id);
    const log = kit.log(xhr);
    xhr.send();
    await kit.server('open');
    await kit.server('arrived', id);
    xhr.abort();
    return { same: [log, kit.state(xhr), (await kit.server('closed', id)).closed] };
  },
  'XHR that times out during the hold': async () => {
    const all = [];
    const ids = [];
    for (const [method, body] of [
      ['GET', null],
      ['POST', 'abc'],
    ] as const) {
      const id = kit.id();
      ids.push(id);
      const xhr = kit.xhr(method, 'never', id);
      const log = kit.log(xhr);
      xhr.timeout = 80;
      const state = await kit.finished(xhr, body);
      const refused = [kit.now(() => xhr.send('again')), kit.now(() => xhr.setRequestHeader('Date', 'x'))];
      all.push([state, log, refused, kit.now(() => xhr.abort()), xhr.readyState]);
    }
    return { same: all, held: { nothingSent: await kit.nothingSent(ids) } };
  },
  'XHR that times out after the hold': async () => {
    const xhr = kit.xhr('GET', 'never');
    const log = kit.log(xhr);
    xhr.timeout = 900;
    const finished = kit.finished(xhr);
    await kit.server('open');
    return { same: [await finished, log] };
  },
  'XHR keeps its timeout': async () => {
    const xhr = kit.xhr('GET', 'text');
    xhr.timeout = 50_000;
    const finished = kit.finished(xhr);
    await kit.server('seen');
    await kit.server('open');
    return { same: [await finished, xhr.timeout] };
  },
  'XHR whose timeout is set during the hold': async () => {
    const sent = [0, 60_000].map((first) => {
      const xhr = kit.xhr('GET', 'never');
      const log = kit.log(xhr);
      xhr.timeout = first;
      return { xhr, log, finished: kit.finished(xhr) };
    });
    await kit.server('seen');
    for (const { xhr } of sent) xhr.timeout = 100;
    await kit.server('open');
    const late = new Promise((resolve) => {
      setTimeout(() => resolve('no timeout'), 3000);
    });
    const states = await Promise.all(sent.map(({ finished }) => Promise.race([finished, late])));
    for (const { xhr } of sent) xhr.abort();
    return { same: [states, sent.map(({ log }) => log)] };
  },
  'XHR that is synchronous never goes to the portal': async () => {
    const id = kit.id();
    const xhr = new XMLHttpRequest();
    xhr.open('GET', kit.url('text', id), false);
    const outcome = JSON.stringify(kit.now(() => xhr.send()));
    const isRefused = outcome.includes('NetworkError') && (await kit.server('seen', id)).arrived === 0;
    return { same: 0, held: { home: isRefused || xhr.responseURL.startsWith(kit.target()) } };
  },
  'XHR refuses to be changed during the hold': async () => {
    const xhr = kit.xhr('POST', 'text');
    const finished = kit.finished(xhr, 'one');
    const same = [
      kit.now(() => xhr.send('two')),
      kit.now(() => xhr.setRequestHeader('X-Requested-With', 'x')),
    ];
    await kit.server('open');
    return { same: [same, await finished] };
  },
  'XHR lets its answer be chosen during the hold': async () => {
    const xhr = kit.xhr('GET', 'html');
    const finished = kit.finished(xhr);
    xhr.overrideMimeType('application/xml');
    xhr.responseType = 'document';
    await kit.server('open');
    return { same: [await finished, xhr.responseXML?.contentType] };
  },
  'XHR whose headers are set in the event of open()': async () => {
    const xhr = new XMLHttpRequest();
    xhr.addEventListener('readystatechange', () => {
      if (xhr.readyState === 1) xhr.setRequestHeader('X-Requested-With', 'early');
    });
    xhr.open('POST', kit.url('echo', kit.id()));
    const finished = kit.finished(xhr, 'body');
    await kit.server('open');
    return { same: await finished };
  },
  'XHR opened again during the hold forgets the first': async () => {
    const ids = [kit.id(), kit.id()] as const;
    const xhr = kit.xhr('GET', 'never', ids[0]);
    const log = kit.log(xhr);
    xhr.setRequestHeader('X-Requested-With', 'old');
    xhr.send();
    await kit.server('seen');
    log.push('open');
    xhr.open('POST', kit.url('echo', ids[1]));
    log.push('opened');
    const finished = kit.finished(xhr, 'new');
    await kit.server('open');
    const same = [await finished, log.filter((line) => !line.startsWith('loadstart'))];
    return { same, held: { firstNeverSent: await kit.nothingSent([ids[0]]) } };
  },
  'XHR opened again during the hold for something else': async () => {
    const id = kit.id();
    const xhr = kit.xhr('GET', 'never', id);
    xhr.send();
    xhr.open('GET', '/page.txt');
    const same = await kit.finished(xhr);
    return { same, held: { firstNeverSent: await kit.nothingSent([id]) } };
  },
  'XHR sends what it was given, whatever changes meanwhile': async () => {
    const [bytes, form, query] = [new Uint8Array([1, 2, 3]), new FormData(), new URLSearchParams('a=1')];
    form.append('a', '1');
    form.append('f', new Blob(['f']), 'n.txt');
    const dom = new DOMParser().parseFromString('<r/>', 'application/xml');
    const sent = [bytes, bytes.buffer, form, query, dom].map((body) => {
      const xhr = kit.xhr('POST', 'echo');
      xhr.setRequestHeader('X-Requested-With', 'x');
      return kit.finished(xhr, body);
    });
    bytes.fill(9);
    form.append('late', '2');
    query.append('late', '2');
    dom.documentElement.setAttribute('late', '2');
    await kit.server('open');
    const texts = (await Promise.all(sent)).map((told) => JSON.stringify(told));
    const [boundary = '?'] = /(?<=boundary=)[-\w]+/.exec(texts.join('\n')) ?? [];
    return { same: texts.map((text) => text.replaceAll(boundary, 'BOUNDARY')) };
  },
  'XHR fails on a dead server after the hold': async () => {
    const xhr = kit.xhr('POST', 'dead');
    const log = kit.log(xhr, { upload: true });
    const finished = kit.finished(xhr, 'b');
    await kit.server('open');
    const answer = await finished;
    // whether bytes of the body count as sent before the failure is a race, also natively
    return { same: [answer, log.filter((line) => !line.startsWith('upload.progress'))] };
  },
};

/** What a hold cannot do as natively; the README says so. */
export const knownDifferences = {
  'XHR starts before send returns': async () => {
    const xhr = kit.xhr('POST', 'text');
    const log = kit.log(xhr, { upload: true, states: false });
    const finished = kit.finished(xhr, 'b');
    log.push('send returned');
    await kit.server('open');
    return { same: [await finished, log] };
  },
  'XHR refuses credentials during the hold': async () => {
    const xhr = kit.xhr('POST', 'text');
    const finished = kit.finished(xhr, 'one');
    const same = [kit.now(() => (xhr.withCredentials = true)), xhr.withCredentials];
    await kit.server('open');
    return { same: [same, await finished] };
  },
};
