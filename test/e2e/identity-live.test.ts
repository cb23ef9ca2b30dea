/** A change of the account data while the client runs, and several accounts in one client. */
import { describe, expect, it } from 'vitest';
import type { Homeserver } from '../support/homeserver.ts';
import { sendJson } from '../support/http.ts';
import {
  accountDataReads,
  ACCOUNT_DATA,
  arrived,
  DISABLED,
  IDENTITY,
  register,
  send,
  useWitnessedLab,
} from './identity-calls.ts';
import { kinds } from './lab.ts';
import { call, logIn, whoami, ways } from './page-calls.ts';

const LOOKUP = `${IDENTITY}/hash_details`;

/** What tells of news, from a position on. */
const streams: readonly (readonly [method: string, path: (from: string) => string])[] = [
  ['GET', (from) => `/_matrix/client/v3/sync?timeout=0&since=s${from}`],
  ['GET', (from) => `/_matrix/client/r0/sync?timeout=0&since=s${from}`],
  ['GET', () => '/_matrix/client/v3/sync'],
  ['GET', () => '/_matrix/client/r0/initialSync'],
  ['GET', () => '/_matrix/client/api/v1/initialSync'],
  ['GET', (from) => `/_matrix/client/r0/events?timeout=0&from=s${from}`],
  ['GET', (from) => `/_matrix/client/api/v1/events?timeout=0&from=s${from}`],
  ['POST', (from) => `/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?timeout=0&pos=p${from}`],
  ['POST', (from) => `/_matrix/client/v4/sync?timeout=0&pos=p${from}`],
];
const SLIDING = JSON.stringify({ lists: {}, extensions: { account_data: { enabled: true } } });

const readers = ['fetch json', 'fetch text', 'xhr text', 'xhr json'] as const;

describe.each(kinds)('%s: a change of the identity server', ({ engine, form }) => {
  const lab = useWitnessedLab(engine, { form, controlled: false });

  it.each(readers)('is followed as a page reads of it by %s, which is as it came', async (reader) => {
    const { page, portal, alpha, app, named } = await lab.start();
    const other = await lab.identityServer('is2');
    const { token } = await logIn(page, portal.url);
    expect((await send(page, app.url + IDENTITY)).url).toBe(app.url + IDENTITY);
    app.recorder.clear();
    for (const [index, [method, path]] of streams.entries()) {
      const { next_batch: at } = JSON.parse(await asked(alpha, token, 'GET', '/_matrix/client/v3/sync')) as {
        next_batch: string;
      };
      const quiet = {
        url: portal.url + path(at.slice(1)),
        method,
        token,
        body: method === 'GET' ? null : SLIDING,
      };
      const reads = accountDataReads(alpha).length;
      if (/(since|from|pos)=/.test(quiet.url)) await page.evaluate(readBy, { ...quiet, reader });
      expect(accountDataReads(alpha), `${quiet.url} tells nothing`).toHaveLength(reads);
      const { url } = index % 2 === 0 ? named : other;
      alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: url });
      const read = await page.evaluate(readBy, { ...quiet, reader });
      const answer = await send(page, app.url + LOOKUP);
      expect(answer.url, `${quiet.url} tells`).toBe(url + LOOKUP);
      expect(read).toBe(await asked(alpha, token, method, path(at.slice(1))));
    }
    expect(arrived(app)).toEqual([]);
  });

  it.each(ways)('is followed after the client’s own PUT, by %s', async (by) => {
    const { page, portal, alpha, app, named } = await lab.start();
    const { token } = await logIn(page, portal.url);
    const path = `user/${encodeURIComponent(alpha.userId('alice'))}/account_data/m.identity_server`;
    const put = (url: string | null) =>
      call(page, portal.url, path, { by, method: 'PUT', token, body: { base_url: url } });
    await put(named.url);
    expect((await send(page, app.url + LOOKUP, { form: by })).url).toBe(named.url + LOOKUP);
    alpha.faults.intercept = (request, response) => {
      if (request.method === 'PUT') sendJson(response, 403, { errcode: 'M_FORBIDDEN', error: '' });
      return request.method === 'PUT';
    };
    expect(await put(null)).toMatchObject({ status: 403 });
    expect((await send(page, app.url + LOOKUP, { form: by })).url, 'refused').toBe(named.url + LOOKUP);
    alpha.faults.intercept = null;
    await put(null);
    expect(await send(page, app.url + LOOKUP, { form: by })).toMatchObject(DISABLED);
    expect(arrived(app)).toEqual([]);
    lab.expectWrites(3);
  });

  it('that one tab sees counts in the others', async () => {
    const { page, portal, alpha, app, named, site } = await lab.start();
    const { token } = await logIn(page, portal.url);
    const tab = await lab.page(`${site.url}/`);
    await whoami(tab, portal.url, token);
    expect((await send(tab, app.url + LOOKUP)).url).toBe(app.url + LOOKUP);
    alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: named.url });
    await call(page, portal.url, 'sync', { token });
    expect((await send(page, app.url + LOOKUP)).url).toBe(named.url + LOOKUP);
    expect((await send(tab, app.url + LOOKUP)).url).toBe(named.url + LOOKUP);
    const late = await lab.page(`${site.url}/`);
    expect((await send(late, app.url + IDENTITY)).url).toBe(named.url + IDENTITY);
  });

  it('is the account’s whose token the request has, else of the one used last', async () => {
    const scene = await lab.start();
    const { page, portal, alpha, app, named } = scene;
    alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: named.url });
    alpha.setAccountData('bob', ACCOUNT_DATA, { base_url: null });
    const alice = await logIn(page, portal.url, 'alice');
    const issued = await register(page, scene, alice.token);
    const bob = await logIn(page, portal.url, 'bob');
    expect(await send(page, app.url + LOOKUP), 'the last is bob').toMatchObject(DISABLED);
    const own = await send(page, app.url + LOOKUP, { token: issued });
    expect(own, 'a token of alice’s').toMatchObject({ status: 200, url: named.url + LOOKUP });
    await whoami(page, portal.url, alice.token);
    expect((await send(page, app.url + LOOKUP)).url, 'the last is alice').toBe(named.url + LOOKUP);
    for (const { recorder } of [app, named]) recorder.clear();

    await page.reload({ waitUntil: 'domcontentloaded' });
    expect(await send(page, app.url + IDENTITY), 'none was used').toMatchObject(DISABLED);
    const early = await send(page, app.url + LOOKUP);
    expect(early.status, 'none was used').toBeGreaterThanOrEqual(400);
    expect([...arrived(app), ...arrived(named)]).toEqual([]);
    await whoami(page, portal.url, alice.token);
    expect((await send(page, app.url + LOOKUP)).url, 'alice was used').toBe(named.url + LOOKUP);
    await whoami(page, portal.url, bob.token);
    expect(await send(page, app.url + LOOKUP), 'bob was used').toMatchObject(DISABLED);
    expect(arrived(app)).toEqual([]);
  });
});

/** The same from here; names below `.localhost` do not resolve everywhere. */
async function asked(homeserver: Homeserver, token: string, method: string, path: string): Promise<string> {
  const { port } = new URL(homeserver.url);
  const headers = { Authorization: `Bearer ${token}` };
  const init = method === 'GET' ? { headers } : { headers, method, body: SLIDING };
  return (await fetch(`http://127.0.0.1:${port}${path}`, init)).text();
}

interface Read {
  url: string;
  method: string;
  token: string;
  body: string | null;
  reader: (typeof readers)[number];
}

/** What the page gets, as text. Runs in the page. */
async function readBy({ url, method, token, body, reader }: Read): Promise<string> {
  const Authorization = `Bearer ${token}`;
  if (reader.startsWith('fetch')) {
    const response = await fetch(url, { method, body, headers: { Authorization } });
    return reader === 'fetch text' ? response.text() : JSON.stringify(await response.json());
  }
  const xhr = new XMLHttpRequest();
  xhr.open(method, url);
  xhr.setRequestHeader('Authorization', Authorization);
  if (reader === 'xhr json') xhr.responseType = 'json';
  await new Promise((resolve) => {
    xhr.addEventListener('loadend', resolve);
    xhr.send(body);
  });
  return reader === 'xhr json' ? JSON.stringify(xhr.response) : xhr.responseText;
}
