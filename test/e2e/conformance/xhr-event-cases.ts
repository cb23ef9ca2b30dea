/** Page functions about `XMLHttpRequest`: events, ends and states. */
/* oxlint-disable unicorn/prefer-add-event-listener -- handlers by attribute are tested too */
import type { Kit } from './kit.ts';

declare const kit: Kit;

export const xhrEventCases: Record<string, () => unknown> = {
  'XHR event order of a GET': async () => {
    const xhr = kit.xhr('GET', 'json');
    const log = kit.log(xhr, { upload: true });
    return [await kit.finished(xhr), log];
  },
  'XHR event order from before open': async () => {
    const xhr = new XMLHttpRequest();
    const log = kit.log(xhr);
    xhr.open('GET', kit.url('json'));
    log.push('opened');
    xhr.setRequestHeader('X-Requested-With', 'x');
    return [await kit.finished(xhr), log];
  },
  'XHR event order of an upload': async () => {
    const id = kit.id();
    const xhr = kit.xhr('POST', 'echo', id);
    const log = kit.log(xhr, { upload: true, states: false });
    const state = await kit.finished(xhr, 'x'.repeat(1000));
    return [state, log, (await kit.server('seen', id)).preflights];
  },
  'XHR upload without upload listeners has no preflight': async () => {
    const id = kit.id();
    const xhr = kit.xhr('POST', 'echo', id);
    const log = kit.log(xhr);
    const state = await kit.finished(xhr, 'simple');
    return [state, log, (await kit.server('seen', id)).preflights];
  },
  'XHR upload listeners by attribute': async () => {
    const id = kit.id();
    const xhr = kit.xhr('POST', 'echo', id);
    const log: string[] = [];
    xhr.upload.onload = (event) =>
      log.push(`${event.type} ${event.loaded} ${event.total} ${event.lengthComputable}`);
    return [await kit.finished(xhr, 'abc'), log, (await kit.server('seen', id)).preflights];
  },
  'XHR fails on a dead server': async () => {
    const all = [];
    for (const [method, body] of [
      ['GET', null],
      ['POST', 'abc'],
    ] as const) {
      const xhr = kit.xhr(method, 'dead');
      const log = kit.log(xhr, { upload: true });
      // whether bytes of the body count as sent before the failure is a race, also natively
      all.push([await kit.finished(xhr, body), log.filter((line) => !line.startsWith('upload.progress'))]);
    }
    return all;
  },
  'XHR fails when the connection breaks': async () => {
    const id = kit.id();
    const xhr = kit.xhr('GET', 'cut', id);
    const log = kit.log(xhr);
    const finished = kit.finished(xhr);
    await kit.server('arrived', id);
    await kit.server('go', id);
    await finished;
    const ends = log.filter((line) => !/^(progress|readystatechange)/.test(line));
    return [kit.state(xhr), ends];
  },
  'XHR times out': async () => {
    const all = [];
    for (const [method, body] of [
      ['GET', null],
      ['POST', 'abc'],
    ] as const) {
      const xhr = kit.xhr(method, 'never');
      const log = kit.log(xhr, { upload: true });
      xhr.timeout = 900;
      const finished = kit.finished(xhr, body);
      all.push([
        await finished,
        log.filter((line) => !/^upload.(progress|load |loadend|timeout)/.test(line)),
      ]);
    }
    return all;
  },
  'XHR abort before send is silent': async () => {
    const id = kit.id();
    const xhr = kit.xhr('GET', 'text', id);
    const log = kit.log(xhr);
    xhr.abort();
    const silent = [xhr.readyState, log.length];
    const unsent = new XMLHttpRequest();
    unsent.abort();
    // Firefox alone never answers a send() after this, unless open() is called again
    return [silent, unsent.readyState, kit.state(xhr), (await kit.server('seen', id)).arrived];
  },
  'XHR abort in flight closes the socket': async () => {
    const id = kit.id();
    const xhr = kit.xhr('GET', 'never', id);
    const log = kit.log(xhr);
    xhr.send();
    await kit.server('arrived', id);
    xhr.abort();
    log.push(`after ${xhr.readyState}`);
    return [log, kit.state(xhr), (await kit.server('closed', id)).closed];
  },
  'XHR abort while loading': async () => {
    const id = kit.id();
    const xhr = kit.xhr('GET', 'stream', id);
    const log = kit.log(xhr);
    const loading = new Promise<void>((resolve) => {
      xhr.addEventListener('readystatechange', () => xhr.readyState === 2 && resolve());
    });
    xhr.send();
    await loading;
    xhr.abort();
    const lines = log.filter((line) => !/^(progress|readystatechange Event 3)/.test(line));
    return [lines, xhr.readyState, (await kit.server('closed', id)).closed];
  },
  'XHR abort after the end': async () => {
    const xhr = kit.xhr('GET', 'json');
    await kit.finished(xhr);
    const log = kit.log(xhr);
    xhr.abort();
    return [log, kit.state(xhr)];
  },
  'XHR refuses a second send': async () => {
    const id = kit.id();
    const xhr = kit.xhr('POST', 'echo', id);
    const finished = kit.finished(xhr, 'one');
    const second = [kit.now(() => xhr.send('two')), kit.now(() => xhr.setRequestHeader('a', 'b'))];
    return [second, await finished, kit.now(() => xhr.send('three')), (await kit.server('seen', id)).bodies];
  },
  'XHR can be opened again after the end': async () => {
    const xhr = kit.xhr('POST', 'echo');
    xhr.setRequestHeader('X-Requested-With', 'first');
    const first = await kit.finished(xhr, 'first');
    const log = kit.log(xhr);
    xhr.open('GET', kit.url('echo'));
    return [first, kit.state(xhr), await kit.finished(xhr), log];
  },
  'XHR can be opened again in flight': async () => {
    const id = kit.id();
    const xhr = kit.xhr('GET', 'never', id);
    const log = kit.log(xhr);
    xhr.send();
    await kit.server('arrived', id);
    xhr.open('GET', kit.url('json'));
    log.push('opened');
    return [await kit.finished(xhr), log, (await kit.server('closed', id)).closed];
  },
  'XHR can be opened twice before send': async () => {
    const ids = [kit.id(), kit.id()] as const;
    const xhr = kit.xhr('POST', 'echo', ids[0]);
    xhr.setRequestHeader('X-Requested-With', 'forgotten');
    xhr.open('GET', kit.url('echo', ids[1]));
    return [await kit.finished(xhr), (await kit.server('seen', ids[0])).arrived];
  },
  'XHR handlers have their this, target and order': async () => {
    const xhr = kit.xhr('GET', 'json');
    const log: unknown[] = [];
    const removed = (): unknown => log.push('removed');
    xhr.addEventListener('load', () => log.push('first'));
    xhr.onload = function handle(this: XMLHttpRequest, event) {
      log.push(this === xhr && event.target === xhr && event.currentTarget === xhr && event.isTrusted);
    };
    xhr.addEventListener('load', () => log.push('once'), { once: true });
    xhr.addEventListener('load', removed);
    xhr.removeEventListener('load', removed);
    xhr.addEventListener('load', { handleEvent: () => log.push('object') });
    xhr.onreadystatechange = () => log.push(xhr.readyState);
    await kit.finished(xhr);
    xhr.open('GET', kit.url('json'));
    await kit.finished(xhr);
    return log.filter((line) => line !== 3);
  },
  'XHR a handler may start the next request': async () => {
    const xhr = kit.xhr('GET', 'json');
    const log = kit.log(xhr);
    await new Promise<void>((resolve) => {
      xhr.onload = () => {
        xhr.onload = () => resolve();
        xhr.open('GET', kit.url('text'));
        xhr.send();
      };
      xhr.send();
    });
    return [kit.state(xhr), log];
  },
  'XHR errors in handlers do not stop it': async () => {
    const xhr = kit.xhr('GET', 'json');
    xhr.onreadystatechange = () => {
      throw new RangeError('mine');
    };
    return kit.finished(xhr);
  },
  'XHR shows text as it comes': async () => {
    const id = kit.id();
    const xhr = kit.xhr('GET', 'stream', id);
    const texts: string[] = [];
    const first = new Promise<void>((resolve) => {
      xhr.addEventListener(
        'readystatechange',
        () => xhr.readyState === 3 && xhr.responseText !== '' && resolve(),
      );
    });
    const finished = kit.finished(xhr);
    await first;
    texts.push(xhr.responseText, xhr.response as string);
    await kit.server('go', id);
    return [await finished, texts];
  },
};
