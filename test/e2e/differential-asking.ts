/** Many requests at once, by what page code does not see; where they arrived, and where `decide` would have them. */
import { decide } from '../../src/core/decide.ts';
import type { Known, Route } from '../../src/core/verdict.ts';
import type { Form } from '../support/browser.ts';
import type { Faults } from '../support/front.ts';
import type { Recorder } from '../support/recorder.ts';
import type { AtHomeOptions } from './at-home.ts';
import type { Lab } from './lab.ts';
import { start, type Scene } from './picture-scene.ts';

/** `SERVER /PATH?QUERY token`, or without `token`; ` | ` between several. */
export type Arrival = string;
export type Ask = (urls: string[], token: string) => Promise<void>;

export interface Stage {
  /** @param rows `BASE /PATH` each */
  asked(rows: readonly string[], ask: Ask): Promise<Arrival[]>;
  /** What the hook would do. @param hasToken the page itself gave it */
  decided(rows: readonly string[], hasToken: boolean): Arrival[];
  /** With the path as it was written: at home without a token, or as and where it was sent. */
  written(row: string, where: 'home' | 'sent', hasToken: boolean): Arrival;
}

interface Server {
  readonly url: string;
  readonly recorder: Recorder;
  readonly faults: Faults;
}

type Servers = Record<'portal' | 'home' | 'other', Server>;

const NUMBER = /([?&])n=(\d+)(&|$)/;

/** A client at home, and servers that answer everything that has a number. */
export async function open(lab: Lab, options: AtHomeOptions): Promise<Stage> {
  const scene = await start(lab, options);
  const { portal, home, page, token } = scene;
  const servers: Servers = { portal, home, other: await lab.homeserver({ name: 'other' }) };
  for (const { faults } of Object.values(servers)) {
    faults.intercept = ({ url = '' }, response) => {
      if (!NUMBER.test(url)) return false;
      response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end();
      return true;
    };
  }
  const numbered = (rows: readonly string[]) => rows.map((row, index) => urlOf(row, index, servers));
  return {
    async asked(rows, ask) {
      for (const { recorder } of Object.values(servers)) recorder.clear();
      await page.evaluate(ask, numbered(rows), token);
      return rows.map((_, index) => arrivalOf(servers, index, token));
    },
    decided: (rows, hasToken) =>
      numbered(rows).map((url) => decidedOn(lab.form, url, hasToken, scene, servers)),
    written(row, where, hasToken) {
      const there = where === 'home' ? row.replace(/^\w+/, 'home') : row;
      const { pathname, search } = new URL(urlOf(there, 0, servers));
      const name = there.startsWith('origin') ? 'portal' : (there.split(' ', 1)[0] ?? '');
      return arrival(name, pathname + search, hasToken && where === 'sent');
    },
  };
}

function urlOf(row: string, index: number, { portal, home, other }: Servers): string {
  const bases = { portal: portal.url, origin: new URL(portal.url).origin, home: home.url, other: other.url };
  const [base = '', path = ''] = row.split(/ (.*)/);
  const [before = '', ...fragment] = `${bases[base as keyof typeof bases]}${path}`.split(/(?=#)/);
  return `${before}${before.includes('?') ? '&' : '?'}n=${index}${fragment.join('')}`;
}

function arrivalOf(servers: Servers, index: number, token: string): Arrival {
  const arrivals = Object.entries(servers).flatMap(([name, { recorder }]) =>
    recorder
      .requests(({ url }) => NUMBER.exec(url)?.[2] === String(index))
      .map((request) => arrival(name, request.url, request.token === token)),
  );
  return arrivals.join(' | ') || 'nowhere';
}

function arrival(name: string, rest: string, hasToken: boolean): Arrival {
  const plain = rest.replace(NUMBER, (_number, before: string, _digits, after) => (after ? before : ''));
  return `${name} ${plain}${hasToken ? ' token' : ''}`;
}

/**
 * What goes home by rule has no token; what stays where the page sent it keeps its own. The page worker does as `decide`
 * says. Requests to identity servers (`rule`) are not the rules' matter.
 */
function decidedOn(form: Form, url: string, hasToken: boolean, scene: Scene, servers: Servers): Arrival {
  const { site, portal, home, token } = scene;
  // of a request with a token of its own the rules do not make another one's
  const media = form === 'worker' || !hasToken;
  const route: Route = { id: '1', portal: portal.url, target: home.url, pending: false, media };
  const request = { method: 'GET', url, page: site.url, token: hasToken ? token : null };
  const verdict = decide({ ...request, body: undefined, sync: false, ruled: false }, knowing(route, token));
  const sent = new URL(verdict.act === 'send' ? verdict.url : url);
  const [name = 'nowhere'] =
    Object.entries(servers).find(([, server]) => new URL(server.url).origin === sent.origin) ?? [];
  const isMoved = sent.origin !== new URL(url).origin;
  const isLeft = form === 'worker' ? verdict.act === 'send' && verdict.dropToken : isMoved;
  const added = verdict.act === 'send' && verdict.addToken !== null;
  return arrival(name, sent.pathname + sent.search, added || (hasToken && !isLeft));
}

function knowing(route: Route, token: string): Known {
  return {
    ready: true,
    awake: true,
    sessionOf: (of) => (of === token ? route : null),
    tokenOf: () => token,
    claimed: null,
    adopting: false,
    marksAll: false,
    last: route,
    signedOut: false,
    recent: [route],
  };
}

/** By a dedicated worker, which has no hook. */
export async function askInWorker(urls: string[], token: string): Promise<void> {
  const code = `onmessage = async ({ data: { urls, token } }) => {
    const headers = { Authorization: 'Bearer ' + token };
    const next = async () => {
      for (let url; (url = urls.pop()); ) await fetch(url, { headers }).catch(() => 0);
    };
    await Promise.all([next(), next(), next(), next(), next(), next()]);
    postMessage('done');
  }`;
  const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
  await new Promise((resolve, reject) => {
    worker.addEventListener('message', resolve);
    worker.addEventListener('error', () => reject(new Error('no worker')));
    worker.postMessage({ urls, token }, []);
  });
  worker.terminate();
}

export async function askByImages(urls: string[]): Promise<void> {
  const load = (url: string) =>
    new Promise((resolve) => {
      const image = new Image();
      image.addEventListener('load', resolve);
      image.addEventListener('error', resolve);
      image.src = url;
    });
  const next = async () => {
    for (let url = urls.pop(); url !== undefined; url = urls.pop()) await load(url);
  };
  await Promise.all([next(), next(), next(), next(), next(), next()]);
}
