/**
 * What an attacker's page runs, as text: each way in which a page can make a request. `attack(by, shots)` fires them all
 * and tells what each came to; `throughFrame(by, shots)` lets the last frame of the page do it.
 */
import type { SiteFile } from '../support/static-site.ts';

/** For dedicated, shared and service workers. */
const WORKER = `
  const fire = async ({ url, method }) => {
    try {
      return String((await fetch(url, { method })).status);
    } catch {
      return 'failed';
    }
  };
  const take = async ({ data, ports }) => ports[0].postMessage(await Promise.all(data.map(fire)));
  self.onmessage = take;
  self.onconnect = ({ ports }) => {
    ports[0].onmessage = take;
  };
  self.oninstall = () => self.skipWaiting();
  self.onactivate = (event) => event.waitUntil(self.clients.claim());
`;
/** The same, answering its pages' requests too. */
const SERVING = `${WORKER}
  self.onfetch = (event) => event.respondWith(fetch(event.request));
`;

/** One shot each. */
const SINGLY = `
  const ended = (start) => new Promise((resolve) => {
    setTimeout(resolve, 10_000, 'silent');
    start(() => resolve('done'), () => resolve('failed'));
  });
  const element = (name, url, of = {}) => ended((done, failed) => {
    const made = Object.assign(document.createElement(name), of);
    made.onload = made.onloadedmetadata = done;
    made.onerror = failed;
    made[name === 'link' ? 'href' : name === 'object' ? 'data' : 'src'] = url;
    document.body.append(made);
  });
  const frame = (name) => Object.assign(document.createElement('iframe'), { name });
  const singly = {
    fetch: async ({ url, method, token }) =>
      String((await fetch(url, { method, headers: token ? { Authorization: 'Bearer ' + token } : {} })).status),
    'no-cors fetch': async ({ url, method }) => (await fetch(url, { method, mode: 'no-cors' })).type,
    xhr: ({ url, method, token }) => new Promise((resolve) => {
      const xhr = new XMLHttpRequest();
      xhr.open(method, url);
      if (token) xhr.setRequestHeader('Authorization', 'Bearer ' + token);
      xhr.onloadend = () => resolve(String(xhr.status));
      xhr.send();
    }),
    image: ({ url }) => element('img', url),
    'crossorigin image': ({ url }) => element('img', url, { crossOrigin: 'anonymous' }),
    video: ({ url }) => element('video', url, { preload: 'auto' }),
    audio: ({ url }) => element('audio', url, { preload: 'auto' }),
    style: ({ url }) => element('link', url, { rel: 'stylesheet' }),
    script: ({ url }) => element('script', url),
    object: ({ url }) => element('object', url),
    frame: ({ url }) => element('iframe', url),
    css: async ({ url }) => {
      const made = document.createElement('p');
      made.textContent = 'x';
      made.style.backgroundImage = 'url("' + url + '")';
      document.body.append(made);
    },
    font: async ({ url }) => (await new FontFace('x', 'url("' + url + '")').load()).status,
    beacon: async ({ url }) => String(navigator.sendBeacon(url, '{}')),
    form: async ({ url, method }) => {
      const name = 'to' + Math.random();
      const form = Object.assign(document.createElement('form'), { action: url, method, target: name });
      document.body.append(frame(name), form);
      form.submit();
    },
  };
`;

/** All shots at once. */
const BY_WORKERS = `
  const hand = (to, shots) => new Promise((resolve, reject) => {
    setTimeout(reject, 15_000, new Error('the worker is silent'));
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    to.onerror = () => reject(new Error('no worker'));
    to.postMessage(shots, [port2]);
  });
  const serviceWorker = async (url) => {
    const { installing, waiting, active } = await navigator.serviceWorker.register(url);
    const worker = installing ?? waiting ?? active;
    while (worker.state !== 'activated') await new Promise((next) => setTimeout(next, 20));
    return worker;
  };
  const together = {
    worker: (shots) => hand(new Worker('/worker.js'), shots),
    'data worker': (shots) => hand(new Worker('data:text/javascript,' + encodeURIComponent(WORKER)), shots),
    'blob worker': (shots) =>
      hand(new Worker(URL.createObjectURL(new Blob([WORKER], { type: 'text/javascript' }))), shots),
    'shared worker': (shots) => hand(new SharedWorker('/worker.js').port, shots),
    'service worker': async (shots) =>
      hand(navigator.serviceWorker.controller ?? (await serviceWorker('/worker.js')), shots),
  };
`;

const PAGE = `
  const WORKER = ${JSON.stringify(WORKER)};
  ${SINGLY}
  ${BY_WORKERS}
  const failure = (error) => 'failed: ' + (error && error.message);
  window.attack = (by, shots) =>
    by in together
      ? together[by](shots).catch((error) => [failure(error)])
      : Promise.all(shots.map((shot) => singly[by](shot).catch(failure)));
  addEventListener('message', async ({ data, source }) => {
    if (data && data.attack) source.postMessage({ answer: await attack(data.attack, data.shots) }, '*');
  });
  window.throughFrame = (by, shots) => new Promise((resolve) => {
    const take = ({ data }) => {
      if (!data || !data.answer) return;
      removeEventListener('message', take);
      resolve(data.answer);
    };
    addEventListener('message', take);
    [...document.querySelectorAll('iframe')].at(-1).contentWindow.postMessage({ attack: by, shots }, '*');
  });
  /** Until the page is controlled by its own service worker. */
  window.serve = async () => {
    const worker = await serviceWorker('/serving.js');
    while (navigator.serviceWorker.controller !== worker) await new Promise((next) => setTimeout(next, 20));
  };
`;

const INDEX =
  '<!doctype html><meta charset="utf-8"><title>site</title><link rel="icon" href="data:,"><body><script src="/attack.js"></script>';

/** For `startSite`. */
export const ATTACK_FILES: Readonly<Record<string, string | SiteFile>> = {
  '/index.html': INDEX,
  '/attack.js': PAGE,
  '/worker.js': WORKER,
  '/serving.js': SERVING,
};
