/** Who is asked, and what a client is told, in every state of the account and by every way to ask. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { startIdentityServer, type IdentityServer } from '../support/identity-server.ts';
import {
  arrived,
  DISABLED,
  IDENTITY,
  INVALID,
  register,
  send,
  useWitnessedLab,
  xhrSeen,
} from './identity-calls.ts';
import type { Sending } from './identity-calls.ts';
import type { IdentityScene } from './identity-lab.ts';
import { kinds, sample, untilControlled } from './lab.ts';
import { call, logIn, ways } from './page-calls.ts';

type Content = Record<string, unknown>;
type Scene = IdentityScene & { readonly prefixed: IdentityServer };

/** Which identity server is asked, or what is answered instead. */
const states: readonly [string, (scene: Scene) => Content | null, 'app' | 'named' | 'prefixed' | object][] = [
  ['absent', () => null, 'app'],
  ['{}', () => ({}), 'app'],
  ['of other keys only', () => ({ 'org.example': 1 }), 'app'],
  ['null', () => ({ base_url: null }), DISABLED],
  ['empty', () => ({ base_url: '' }), DISABLED],
  ['a URL', ({ named }) => ({ base_url: named.url, 'org.example': 1 }), 'named'],
  ['a URL with a path', ({ prefixed }) => ({ base_url: `${prefixed.url}//` }), 'prefixed'],
  ['a host name', () => ({ base_url: 'is.example' }), INVALID],
  ['http elsewhere', () => ({ base_url: 'http://is.example' }), INVALID],
  ['a number', () => ({ base_url: 7 }), INVALID],
  ['an object', ({ named }) => ({ base_url: { base_url: named.url } }), INVALID],
];

const FORM = 'application/x-www-form-urlencoded;charset=UTF-8';
const V1 = '/_matrix/identity/api/v1';

interface Request extends Sending {
  path: string;
}

const GETS: readonly Request[] = [
  { path: V1 },
  { path: IDENTITY },
  { path: '/_matrix/identity/versions' },
  { path: `${V1}/lookup?medium=email&address=bob%40example.org` },
];

function posts(token: string, pepper: string): Request[] {
  const lookup = { algorithm: 'none', pepper, addresses: ['bob@example.org email'] };
  const form = 'client_secret=s3cret&email=a%2Bb%40example.org&send_attempt=1';
  return [
    { method: 'POST', path: `${IDENTITY}/lookup`, token, text: JSON.stringify(lookup) },
    { method: 'POST', path: `${V1}/validate/email/requestToken`, text: form, type: FORM },
  ];
}

describe.each(kinds)('%s: the account’s identity server is', (kind) => {
  const lab = useWitnessedLab(kind.engine, { form: kind.form, idleTimeout: 1000, controlled: false });

  async function start(): Promise<Scene> {
    const scene = await lab.start();
    const { openIdUser: whoIs } = scene.alpha;
    const prefixed = await startIdentityServer({ name: 'is2', prefix: '/is/two', whoIs });
    return { ...scene, prefixed: lab.keep(prefixed) };
  }

  const each = states.flatMap(([state, content, goes]) =>
    (['fetch', 'xhr', 'beacon'] as const).map((form) => ({ state, content, goes, form })),
  );

  it.each(sample(kind.form, each, 5))('$state, and asked by $form', async ({ content, goes, form }) => {
    const scene = await start();
    const { page, portal, alpha, app, named, prefixed } = scene;
    alpha.setAccountData('alice', 'm.identity_server', content(scene));
    const { token } = await logIn(page, portal.url, 'alice', { by: form === 'xhr' ? 'xhr' : 'fetch' });
    const issued = await register(page, scene, token);
    const pepper = await pepperOf(page, app.url, issued);
    for (const { recorder } of [app, named, prefixed]) recorder.clear();
    const requests = form === 'beacon' ? posts(issued, pepper) : [...GETS, ...posts(issued, pepper)];
    const right = typeof goes === 'string' ? scene[goes] : null;
    for (const { path, ...request } of requests) {
      const answer = await send(page, app.url + path, { form, ...request });
      if (form === 'beacon') continue;
      if (right === null)
        expect(answer, `${path}`).toMatchObject({ ...(goes as object), url: app.url + path });
      else expect(answer, `${path}`).toMatchObject({ status: 200, url: right.url + path });
    }
    // what the beacons did is known when a later request has its answer
    await send(page, app.url + IDENTITY);
    const last: Request = { path: IDENTITY };
    const expected = [...requests, last].map(({ method = 'GET', path }) => `${method} ${path}`);
    for (const server of [app, named, prefixed]) {
      const seen = (): string[] => arrived(server).map((line) => line.replace(/\?access_token=.*/, ''));
      const prefix = new URL(server.url).pathname.replace(/\/$/, '');
      const lines = server === right ? expected.map((line) => line.replace(' ', ` ${prefix}`)) : [];
      await expect
        .poll(() => seen().toSorted(), { message: server.name, timeout: 10_000 })
        .toEqual(lines.toSorted());
    }
    const bodies = right?.recorder.requests(({ method }) => method === 'POST').map(({ body }) => body);
    if (bodies)
      expect(bodies.toSorted()).toEqual(
        posts(issued, pepper)
          .map(({ text }) => text)
          .toSorted(),
      );
  });

  it.each(sample(kind.form, ['', 'text', 'json', 'arraybuffer', 'blob'] as const, 2))(
    'refused to an XHR of type “%s”',
    async (type) => {
      const { page, portal, alpha, app, named } = await lab.start();
      alpha.setAccountData('alice', 'm.identity_server', { base_url: null });
      await logIn(page, portal.url);
      const url = `${app.url}${IDENTITY}/hash_details`;
      const next = `${alpha.url}/_matrix/client/versions`;
      const seen = await page.evaluate(xhrSeen, { url, type, next });
      const text = JSON.stringify(DISABLED.body);
      expect(seen).toEqual({
        events: ['readystatechange 1', ...seen.events.filter((event) => /[23]$/.test(event)), ...ENDING],
        status: 403,
        readyState: 4,
        url,
        contentType: 'application/json',
        headers: 'content-type: application/json\r\n',
        other: null,
        response: type === 'json' ? DISABLED.body : text,
        responseText: expect.any(String) as unknown,
        again: [200, expect.objectContaining({ versions: expect.any(Array) as unknown }) as unknown],
      });
      expect([...arrived(app), ...arrived(named)]).toEqual([]);
    },
  );

  // as natively
  it.each(sample(kind.form, ['json', 'arraybuffer', 'blob'] as const, 3))(
    'no text to an XHR of type %s',
    async (type) => {
      const { page, portal, alpha, app } = await lab.start();
      alpha.setAccountData('alice', 'm.identity_server', { base_url: null });
      await logIn(page, portal.url);
      const next = `${alpha.url}/_matrix/client/versions`;
      const seen = await page.evaluate(xhrSeen, { url: app.url + IDENTITY, type, next });
      expect(seen.responseText).toBe('InvalidStateError');
    },
  );

  // as natively, `responseURL` and `Response.url` are without the fragment
  it.each(ways)('refused at a URL without its fragment, by %s', async (form) => {
    const { page, portal, alpha, app } = await lab.start();
    alpha.setAccountData('alice', 'm.identity_server', { base_url: null });
    await logIn(page, portal.url);
    const { url } = await send(page, `${app.url}${IDENTITY}#top`, { form });
    expect(url).toBe(app.url + IDENTITY);
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'application/json'])(
    'told a beacon’s type, %s',
    async (type) => {
      const { page, portal, alpha, named, app } = await lab.start();
      alpha.setAccountData('alice', 'm.identity_server', { base_url: named.url });
      await logIn(page, portal.url);
      const types: unknown[] = [];
      named.faults.intercept = ({ headers }) => types.push(headers['content-type']) < 0;
      await send(page, `${app.url}${IDENTITY}/terms`, { form: 'beacon', text: '{}', type });
      await expect.poll(() => types, { timeout: 10_000 }).toEqual([type]);
    },
  );

  it.each(['fetch', 'xhr', 'beacon'] as const)(
    'not asked for before there is a session, by %s',
    async (form) => {
      const { page, app, named, alpha } = await lab.start();
      const [request] = posts('', '').slice(1);
      if (!request) throw new Error('no request');
      // page code asks these: the page worker has no part in them
      for (const killed of kind.form === 'extension' ? [false, true] : [false]) {
        if (killed) await lab.browser.killBackground();
        const { path, ...rest } = request;
        const answer = await send(page, app.url + path, { form, ...rest });
        if (form !== 'beacon') expect(answer).toMatchObject({ status: 200, url: app.url + path });
        await expect.poll(() => arrived(app), { timeout: 10_000 }).toEqual([`POST ${path}`]);
        // nobody waits for the answer of a beacon
        const recorded = () => app.recorder.requests()[0];
        await expect.poll(recorded, { timeout: 10_000 }).toMatchObject({ body: rest.text, status: 200 });
        app.recorder.clear();
      }
      expect([...arrived(named), ...alpha.recorder.requests()]).toEqual([]);
    },
  );

  it.each(['in the same document', 'after a reload'])('not asked for after a sign-out, %s', async (when) => {
    const { page, portal, alpha, app } = await lab.start();
    // it hears of the logout also when the page goes at once
    if (kind.form === 'worker') await untilControlled(page);
    alpha.setAccountData('alice', 'm.identity_server', { base_url: null });
    const { token } = await logIn(page, portal.url);
    expect(await send(page, app.url + IDENTITY)).toMatchObject(DISABLED);
    expect(await call(page, portal.url, 'logout', { method: 'POST', token })).toMatchObject({ status: 200 });
    if (when === 'after a reload') await page.reload({ waitUntil: 'domcontentloaded' });
    for (const form of ['fetch', 'xhr'] as const) {
      for (const { path } of GETS) {
        const answer = await send(page, app.url + path, { form });
        expect(answer).toMatchObject({ status: 200, url: app.url + path });
      }
    }
  });
});

const ENDING = ['readystatechange 4', 'load 4', 'loadend 4'];

async function pepperOf(page: Page, base: string, token: string): Promise<string> {
  const { body } = await send(page, `${base}${IDENTITY}/hash_details`, { token });
  return String(body.lookup_pepper);
}
