/** Page functions about `XMLHttpRequest`: the object, what is sent and what comes back. */
import type { Kit } from './kit.ts';

declare const kit: Kit;

export const xhrCases: Record<string, () => unknown> = {
  'XHR looks native': () => {
    const flagsOf = (key: string): unknown => {
      const { value, get, set, ...flags } =
        Object.getOwnPropertyDescriptor(XMLHttpRequest.prototype, key) ?? {};
      const functions = [value, get, set].map((each: unknown) =>
        typeof each === 'function'
          ? [
              each.name,
              each.length,
              /\[native code\]/.test(Function.prototype.toString.call(each)),
              'prototype' in each,
            ]
          : typeof each,
      );
      return { flags, functions };
    };
    const keys = Reflect.ownKeys(XMLHttpRequest.prototype).map(String);
    const xhr = new XMLHttpRequest();
    return {
      members: keys.map((key) => [key, flagsOf(key)]),
      own: [Reflect.ownKeys(xhr), Object.keys(xhr), JSON.stringify(xhr)],
      statics: Reflect.ownKeys(XMLHttpRequest).map(String),
      text: String(XMLHttpRequest),
      identity: [
        xhr instanceof XMLHttpRequest,
        xhr.constructor === XMLHttpRequest,
        xhr[Symbol.toStringTag as never],
      ],
      upload: [xhr.upload === xhr.upload, xhr.upload instanceof XMLHttpRequestUpload],
      constants: [XMLHttpRequest.DONE, xhr.UNSENT, xhr.OPENED, xhr.HEADERS_RECEIVED, xhr.LOADING, xhr.DONE],
      inOrder: Object.keys(XMLHttpRequest.prototype),
    };
  },
  'XHR methods refuse a foreign this': () =>
    ['open', 'send', 'abort', 'setRequestHeader'].map((key) => {
      const method = XMLHttpRequest.prototype[key as 'send'];
      const { get } = Object.getOwnPropertyDescriptor(XMLHttpRequest.prototype, 'readyState') ?? {};
      const use = (self: unknown) => kit.now(() => Reflect.apply(method, self, ['a', 'b']));
      const read = (self: unknown) => kit.now(() => Reflect.apply(get as () => unknown, self, []));
      return [use({}), use(undefined), use(7), use(XMLHttpRequest.prototype), read({}), read(null)];
    }),
  'XHR methods check their arguments': () => {
    const xhr = new XMLHttpRequest();
    const any = xhr as unknown as Record<string, (...args: unknown[]) => unknown>;
    const thrower = {
      toString() {
        throw new RangeError('mine');
      },
    };
    return [
      kit.now(() => any['open']?.()),
      kit.now(() => any['open']?.('GET')),
      kit.now(() => xhr.open('a b', kit.url('echo'))),
      kit.now(() => xhr.open('TRACE', kit.url('echo'))),
      kit.now(() => xhr.open('GET', 'http://:::')),
      kit.now(() => any['open']?.('GET', thrower)),
      kit.now(() => any['open']?.(Symbol('m'), kit.url('echo'))),
      xhr.readyState,
      kit.now(() => xhr.setRequestHeader('a', 'b')),
      kit.now(() => xhr.send()),
      kit.now(() => xhr.open('GET', kit.url('echo'))),
      kit.now(() => any['setRequestHeader']?.('a')),
      kit.now(() => xhr.setRequestHeader('a b', 'c')),
      kit.now(() => xhr.setRequestHeader('X-Requested-With', 'a\nb')),
      xhr.readyState,
    ];
  },
  'XHR converts open arguments once and in order': async () => {
    const id = kit.id();
    const calls: string[] = [];
    const named = (name: string, value: string) => ({
      toString() {
        calls.push(name);
        return value;
      },
    });
    const xhr = new XMLHttpRequest();
    xhr.open(
      named('method', 'get') as unknown as string,
      named('url', kit.url('echo', id)) as unknown as string,
    );
    xhr.setRequestHeader(
      named('name', 'Date') as unknown as string,
      named('value', 'v') as unknown as string,
    );
    xhr.setRequestHeader(
      named('name', 'X-Requested-With') as unknown as string,
      named('value', 'v') as never,
    );
    return [await kit.finished(xhr), calls];
  },
  'XHR can be subclassed': async () => {
    const calls: string[] = [];
    class Mine extends XMLHttpRequest {
      override open(...args: [string, string | URL]): void {
        calls.push('open');
        super.open(...args);
      }
      override send(body?: XMLHttpRequestBodyInit | null): void {
        calls.push('send');
        super.send(body);
      }
      override setRequestHeader(name: string, value: string): void {
        calls.push('header');
        super.setRequestHeader(name, value);
      }
      override get readyState(): number {
        return super.readyState + 10;
      }
    }
    const xhr = new Mine();
    xhr.open('POST', kit.url('echo'));
    xhr.setRequestHeader('X-Requested-With', 'x');
    const result = await kit.finished(xhr, 'body');
    return [result, calls, xhr instanceof Mine, xhr instanceof XMLHttpRequest, xhr.constructor === Mine];
  },
  'XHR takes a URL object and a lower-case method': async () => {
    const xhr = new XMLHttpRequest();
    const id = kit.id();
    xhr.open('put', new URL(kit.url('echo', id)));
    return [await kit.finished(xhr, 'p'), (await kit.server('seen', id)).arrived];
  },
  'XHR combines headers': async () => {
    const xhr = kit.xhr('POST', 'echo');
    xhr.setRequestHeader('X-Requested-With', 'a');
    xhr.setRequestHeader('x-requested-with', 'b');
    xhr.setRequestHeader('Authorization', `Bearer ${kit.token()}`);
    xhr.setRequestHeader('Content-Type', 'x/y');
    return kit.finished(xhr, '{}');
  },
  'XHR sends bodies of every kind': async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const form = new FormData();
    form.append('a', new Blob(['b']), 'n.txt');
    const dom = new DOMParser().parseFromString('<r>ä</r>', 'application/xml');
    const html = document.implementation.createHTMLDocument('t');
    const texts = ['text ä', '', null, undefined, new URLSearchParams('a=ä b')];
    const blobs = [new Blob(['b'], { type: 'x/y' }), new Blob(['b']), bytes.buffer, bytes.subarray(7, 11)];
    const all = [];
    for (const body of [...texts, ...blobs, form, dom, html]) {
      const id = kit.id();
      const state = JSON.stringify(await kit.finished(kit.xhr('POST', 'echo', id), body));
      const { bodies, preflights } = await kit.server('seen', id);
      const [boundary = '?'] = /(?<=boundary=)[-\w]+/.exec(state) ?? [];
      all.push(
        [state, bodies.join(' '), preflights].map((each) => String(each).replaceAll(boundary, 'BOUNDARY')),
      );
    }
    return all;
  },
  'XHR drops the body of a GET': async () => {
    const xhr = kit.xhr('GET', 'echo');
    const log = kit.log(xhr, { upload: true });
    return [await kit.finished(xhr, 'ignored'), log];
  },
  'XHR answers in every responseType': async () => {
    const all = [];
    const types = ['', 'text', 'json', 'blob', 'arraybuffer', 'document'] as const;
    for (const path of ['json', 'html', 'xml', 'bytes', 'broken', 'empty', 'denied']) {
      for (const type of types) {
        const xhr = kit.xhr('GET', path);
        xhr.responseType = type;
        const state = await kit.finished(xhr);
        const { response } = xhr as { response: unknown };
        const same = response === xhr.response;
        const text = response instanceof Blob ? await response.text() : JSON.stringify(response);
        const bytes = response instanceof ArrayBuffer ? new Uint8Array(response).join(' ') : '';
        const markup = response instanceof Document ? response.documentElement.outerHTML : '';
        all.push([path, type, state, same, text, bytes, markup]);
      }
    }
    return all;
  },
  'XHR refuses responseText for json': async () => {
    const xhr = kit.xhr('GET', 'json');
    xhr.responseType = 'json';
    const early = [kit.now(() => xhr.responseText), String(xhr.response)];
    await kit.finished(xhr);
    return [
      early,
      kit.now(() => xhr.responseText),
      kit.now(() => xhr.responseXML),
      kit.now(() => (xhr.responseType = 'text')),
    ];
  },
  'XHR works synchronously': () => {
    const all = [];
    for (const [method, path, body] of [
      ['GET', 'json', null],
      ['POST', 'echo', 'sync body'],
      ['GET', 'dead', null],
      ['GET', 'missing', null],
    ] as const) {
      const xhr = new XMLHttpRequest();
      xhr.open(method, kit.url(path), false);
      const log = kit.log(xhr, { upload: true });
      xhr.setRequestHeader('X-Requested-With', 'x');
      const refused = [kit.now(() => (xhr.responseType = 'json')), kit.now(() => (xhr.timeout = 5))];
      all.push([kit.now(() => xhr.send(body)), kit.state(xhr), refused, log]);
    }
    return all;
  },
  'XHR overrides the MIME type': async () => {
    const xhr = kit.xhr('GET', 'html');
    xhr.overrideMimeType('application/xml; charset=latin1');
    const state = await kit.finished(xhr);
    return [state, xhr.responseXML?.contentType, kit.now(() => xhr.overrideMimeType('a/b'))];
  },
  'XHR tells headers': async () => {
    const xhr = kit.xhr('GET', 'bytes');
    const before = [xhr.getAllResponseHeaders(), xhr.getResponseHeader('x-two')];
    await kit.finished(xhr);
    return [
      before,
      xhr.getResponseHeader('X-Two'),
      xhr.getResponseHeader('none'),
      xhr.getAllResponseHeaders().split('\r\n').length,
    ];
  },
  'XHR keeps the fragment out of responseURL and follows redirects': async () => {
    const plain = new XMLHttpRequest();
    plain.open('GET', `${kit.url('text')}#fragment`);
    const all = [await kit.finished(plain)];
    for (const status of [302, 307])
      all.push(await kit.finished(kit.xhr('POST', `redirect?status=${status}`), 'kept?'));
    return all;
  },
};
