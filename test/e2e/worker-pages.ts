/** Workers and frames of a client that ask its homeserver by themselves, and service workers of clients. */
import type { Page } from 'puppeteer-core';
import { attempt } from '../support/drive-page.ts';
import type { SiteFile } from '../support/static-site.ts';

const INDEX = '<!doctype html><meta charset="utf-8"><title>client</title><link rel="icon" href="data:,">';

/** Asks for whoever sends it a port. */
const ASK = `
  const ask = async ({ url, token }) => {
    try {
      const { status } = await fetch(url, { headers: { Authorization: 'Bearer ' + token } });
      return String(status);
    } catch (error) {
      return String(error);
    }
  };
`;
const WORKER = `${ASK}
  const take = async ({ data, ports }) => ports[0].postMessage(await ask(data));
  self.onmessage = take;
  self.onconnect = ({ ports }) => {
    ports[0].onmessage = take;
  };
`;

/** The page tells it the token, and what it takes for its homeserver. */
const SERVICE_WORKER = `${ASK}
  let session = '';
  let homeserver = '';
  self.oninstall = () => self.skipWaiting();
  self.onactivate = (event) => event.waitUntil(self.clients.claim());
  self.onmessage = async ({ data, ports }) => {
    session = data.token;
    homeserver = data.homeserver;
    ports[0].postMessage(data.url ? await ask(data) : 'taken');
  };
  const bearer = (headers) => {
    const all = new Headers(headers);
    all.set('Authorization', 'Bearer ' + session);
    return all;
  };
  const isMedia = (url) => url.includes('/_matrix/') && url.includes('/media/');
`;

/** What each makes of a request. */
const ANSWERS = {
  'answers every GET': `(event) => {
    if (event.request.method === 'GET') event.respondWith(fetch(event.request));
  }`,
  // Hydrogen's
  'adds the token to the request': `(event) => {
    let { request } = event;
    if (request.method !== 'GET') return;
    const { origin, pathname } = new URL(request.url);
    if (pathname.startsWith('/_matrix/client/v1/media') && origin === homeserver) {
      request = new Request(request, { mode: 'cors', credentials: 'omit', headers: bearer(request.headers) });
    }
    event.respondWith(fetch(request));
  }`,
  'adds the token to the URL': `(event) => {
    const { url } = event.request;
    if (isMedia(url)) event.respondWith(fetch(url, { headers: bearer() }));
  }`,
  // Element's
  'asks for versions and maps the path': `(event) => {
    const { url } = event.request;
    if (!isMedia(url)) return;
    const answer = async () => {
      const base = url.slice(0, url.indexOf('/_matrix/'));
      const asked = await fetch(base + '/_matrix/client/versions', { headers: bearer() });
      const known = (await asked.json()).versions.includes('v1.11');
      return known ? fetch(url.replace('/media/v3/', '/client/v1/media/'), { headers: bearer() }) : fetch(event.request);
    };
    event.respondWith(answer());
  }`,
};
export type ServiceWorkerKind = keyof typeof ANSWERS;
export const serviceWorkers = Object.keys(ANSWERS) as ServiceWorkerKind[];

export function workerFiles(
  kind: ServiceWorkerKind = 'answers every GET',
): Record<string, string | SiteFile> {
  return {
    '/index.html': INDEX,
    '/worker.js': WORKER,
    '/sw.js': `${SERVICE_WORKER} self.onfetch = ${ANSWERS[kind]};`,
  };
}

export interface Asker {
  readonly kind: string;
  /** query: there is no way to set a header. */
  readonly tokenIn: 'header' | 'query';
  /** Of an opaque origin: the browser does not say whose request it is. */
  readonly opaque?: true;
  ask(page: Page, url: string, token: string): Promise<string>;
}

const by = (
  kind: string,
  code: (url: string, token: string, extra: string) => Promise<string> | string,
  extra = '',
  more: Partial<Asker> = {},
): Asker => ({
  kind,
  tokenIn: 'header',
  ask: (page, url, token) => attempt(page, `ask by ${kind}`, () => page.evaluate(code, url, token, extra)),
  ...more,
});

const IN_FRAME = `${ASK} ask(GIVEN).then((result) => parent.postMessage(result, '*'));`;

export const askers: readonly Asker[] = [
  by('dedicated worker', byWorker, '/worker.js'),
  by('module worker', byWorker, '/worker.js?module'),
  by('blob: worker', byWorker, `blob:${WORKER}`),
  by('data: worker', byWorker, `data:text/javascript,${encodeURIComponent(WORKER)}`, { opaque: true }),
  by('shared worker', bySharedWorker),
  by("client's own service worker", askServiceWorker),
  by('sendBeacon', byBeacon, '', { tokenIn: 'query' }),
  by('EventSource', byEventSource, '', { tokenIn: 'query' }),
  by('keepalive fetch', byKeepalive),
  by('about:blank frame', byBlankFrame),
  by('srcdoc frame', bySrcdoc, `|${IN_FRAME}`),
  by('sandboxed frame', bySrcdoc, `allow-scripts|${IN_FRAME}`, { opaque: true }),
  by('initial empty document of a frame', byInitialDocument),
];

/** Done when it answers this page's requests. */
export function startServiceWorker(page: Page, token: string, homeserver: string): Promise<string> {
  const started = () => page.evaluate(askServiceWorker, '', token, homeserver);
  return attempt(page, "the client's own service worker is in charge", started);
}

function byWorker(url: string, token: string, source: string): Promise<string> {
  const blob = () => URL.createObjectURL(new Blob([source.slice(5)], { type: 'text/javascript' }));
  const type = source.endsWith('?module') ? 'module' : 'classic';
  const worker = new Worker(source.startsWith('blob:') ? blob() : source, { type });
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    worker.addEventListener('error', () => resolve('no worker'));
    port1.addEventListener('message', ({ data }) => resolve(String(data)));
    port1.start();
    worker.postMessage({ url, token }, [port2]);
  });
}

function bySharedWorker(url: string, token: string): Promise<string> {
  const { port } = new SharedWorker('/worker.js');
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.addEventListener('message', ({ data }) => resolve(String(data)));
    port1.start();
    port.postMessage({ url, token }, [port2]);
  });
}

async function askServiceWorker(url: string, token: string, homeserver: string): Promise<string> {
  const { installing, waiting, active } = await navigator.serviceWorker.register('/sw.js');
  const worker = installing ?? waiting ?? active;
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (navigator.serviceWorker.controller === worker) resolve();
    };
    navigator.serviceWorker.addEventListener('controllerchange', look);
    look();
  });
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.addEventListener('message', ({ data }) => resolve(String(data)));
    port1.start();
    navigator.serviceWorker.controller?.postMessage({ url, token, homeserver }, [port2]);
  });
}

function byBeacon(url: string): string {
  return String(navigator.sendBeacon(url, '{}'));
}

function byEventSource(url: string): Promise<string> {
  const source = new EventSource(url);
  return new Promise((resolve) => {
    source.addEventListener('error', () => {
      source.close();
      resolve('ended');
    });
  });
}

async function byKeepalive(url: string, token: string): Promise<string> {
  const headers = { Authorization: `Bearer ${token}` };
  return String((await fetch(url, { headers, keepalive: true })).status);
}

async function byBlankFrame(url: string, token: string): Promise<string> {
  const frame = document.createElement('iframe');
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
  document.body.append(frame);
  await loaded;
  const { fetch: fetchThere } = frame.contentWindow as Window & typeof globalThis;
  const response = await fetchThere(url, { headers: { Authorization: `Bearer ${token}` } }).catch(String);
  return typeof response === 'string' ? response : String(response.status);
}

/** @param given what the sandbox allows (empty: no sandbox), a bar, the script */
function bySrcdoc(url: string, token: string, given: string): Promise<string> {
  const [sandbox = '', code = ''] = given.split('|', 2);
  const frame = document.createElement('iframe');
  if (sandbox) frame.setAttribute('sandbox', sandbox);
  const script = code.replace('GIVEN', JSON.stringify({ url, token }));
  frame.srcdoc = `<!doctype html><script>${script}</script>`;
  return new Promise((resolve) => {
    addEventListener('message', ({ data, source }) => {
      if (source === frame.contentWindow) resolve(String(data));
    });
    document.body.append(frame);
  });
}

/** In the turn in which the frame begins to load something else. */
function byInitialDocument(url: string, token: string): string {
  const frame = document.createElement('iframe');
  frame.src = '/index.html';
  document.body.append(frame);
  const { fetch: fetchThere } = frame.contentWindow as Window & typeof globalThis;
  // else it ends with the document
  const keepalive = true;
  void fetchThere(url, { headers: { Authorization: `Bearer ${token}` }, keepalive }).catch(() => undefined);
  return 'sent';
}
