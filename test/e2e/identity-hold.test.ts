/** Until it is known what the account says nothing reaches an identity server, and not for ever. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { sendJson } from '../support/http.ts';
import type { Homeserver } from '../support/homeserver.ts';
import {
  accountDataReads,
  ACCOUNT_DATA,
  arrived,
  DISABLED,
  forms,
  gate,
  IDENTITY,
  NOT_YET,
  send,
  useWitnessedLab,
} from './identity-calls.ts';
import { kinds, sample } from './lab.ts';
import { logIn, whoami, ways } from './page-calls.ts';

const LOOKUP = `${IDENTITY}/hash_details`;

/** Answers that decide nothing. */
const failures: readonly [string, (response: ServerResponse) => void][] = [
  ['500', (response) => sendJson(response, 500, { errcode: 'M_UNKNOWN', error: '' })],
  ['404 M_UNRECOGNIZED', (response) => sendJson(response, 404, { errcode: 'M_UNRECOGNIZED', error: '' })],
  ['405 M_UNRECOGNIZED', (response) => sendJson(response, 405, { errcode: 'M_UNRECOGNIZED', error: '' })],
  ['404 in HTML', (response) => void response.writeHead(404, { 'content-type': 'text/html' }).end('<p>no')],
  ['200 in HTML', (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hi')],
  ['401', (response) => sendJson(response, 401, { errcode: 'M_UNKNOWN_TOKEN', error: '' })],
  ['403', (response) => sendJson(response, 403, { errcode: 'M_FORBIDDEN', error: '' })],
  ['429', (response) => sendJson(response, 429, { errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 1 })],
  ['a redirect', (response) => void response.writeHead(302, { location: '/_matrix/client/versions' }).end()],
  ['no answer', (response) => void response.destroy()],
];

function failing(homeserver: Homeserver, fail: (response: ServerResponse) => void): void {
  homeserver.faults.intercept = (request, response, path) => {
    const fails = request.method === 'GET' && path.endsWith(ACCOUNT_DATA);
    if (fails) fail(response);
    return fails;
  };
}

describe.each(kinds)('%s: while the account data is not known', (kind) => {
  const lab = useWitnessedLab(kind.engine, { form: kind.form, controlled: false });

  it.each(sample(kind.form, forms, 3))('requests wait for it, by %s', async (form) => {
    const { page, portal, alpha, app, named } = await lab.start();
    alpha.setAccountData('alice', 'm.identity_server', { base_url: named.url });
    const held = gate(alpha);
    const { token } = await logIn(page, portal.url);
    const lookup = send(page, app.url + LOOKUP, { form });
    const terms = send(page, `${app.url}${IDENTITY}/terms`, { form, method: 'POST', text: '{}' });
    const ping = send(page, app.url + IDENTITY, { form });
    await expect.poll(() => accountDataReads(alpha), { timeout: 10_000 }).toHaveLength(1);
    // a request that does not concern an identity server does not wait
    await whoami(page, portal.url, token);
    expect([...arrived(app), ...arrived(named)]).toEqual([]);
    held.open();
    expect(await ping).toMatchObject({ status: 200, url: named.url + IDENTITY });
    expect((await lookup).url).toBe(named.url + LOOKUP);
    expect((await terms).url).toBe(`${named.url}${IDENTITY}/terms`);
    expect(arrived(app)).toEqual([]);
    expect(accountDataReads(alpha)).toMatchObject([{ token, tokenIn: 'header', status: 200 }]);
    expect(accountDataReads(portal)).toEqual([]);
  });

  it.each(ways)('a beacon waits for it too, after a login by %s', async (by) => {
    const { page, portal, alpha, app, named } = await lab.start();
    alpha.setAccountData('alice', 'm.identity_server', { base_url: named.url });
    const held = gate(alpha);
    const { token } = await logIn(page, portal.url, 'alice', { by });
    const path = `${IDENTITY}/terms`;
    await send(page, app.url + path, { form: 'beacon', text: 'x', type: 'text/plain' });
    await expect.poll(() => accountDataReads(alpha), { timeout: 10_000 }).toHaveLength(1);
    await whoami(page, portal.url, token);
    expect([...arrived(app), ...arrived(named)]).toEqual([]);
    held.open();
    await expect.poll(() => arrived(named), { timeout: 10_000 }).toEqual([`POST ${path}`]);
    expect(arrived(app)).toEqual([]);
  });

  it.each(sample(kind.form, failures, 4))('for it is answered by %s, it is asked again', async (_, fail) => {
    const { page, portal, alpha, app, named } = await lab.start();
    alpha.setAccountData('alice', 'm.identity_server', { base_url: named.url });
    failing(alpha, fail);
    const { token } = await logIn(page, portal.url);
    const lookup = send(page, app.url + LOOKUP);
    await expect.poll(() => accountDataReads(alpha).length, { timeout: 10_000 }).toBeGreaterThan(1);
    expect([...arrived(app), ...arrived(named)]).toEqual([]);
    alpha.faults.intercept = null;
    expect((await lookup).url).toBe(named.url + LOOKUP);
    expect(accountDataReads(alpha).every((read) => read.token === token)).toBe(true);
    expect([...arrived(app), ...accountDataReads(portal)]).toEqual([]);
  });

  it('for too long, requests are answered, pings first; later they work', async () => {
    const { page, portal, alpha, app, named } = await lab.start();
    alpha.setAccountData('alice', 'm.identity_server', { base_url: named.url });
    failing(alpha, (response) => sendJson(response, 500, { errcode: 'M_UNKNOWN', error: '' }));
    await logIn(page, portal.url);
    const order: string[] = [];
    const paths = [LOOKUP, '/_matrix/identity/api/v1/lookup?medium=email&address=a%40b.c', IDENTITY];
    const requests = ways.flatMap((form) =>
      paths.map(async (path) => {
        const answer = await send(page, app.url + path, { form });
        order.push(path);
        return answer;
      }),
    );
    for (const answer of await Promise.all(requests)) expect(answer).toMatchObject(NOT_YET);
    expect(order.slice(0, 2)).toEqual([IDENTITY, IDENTITY]);
    expect([...arrived(app), ...arrived(named)]).toEqual([]);
    alpha.faults.intercept = null;
    const works = async (): Promise<string> => (await send(page, app.url + LOOKUP)).url;
    await expect.poll(works, { timeout: 60_000 }).toBe(named.url + LOOKUP);
    expect(arrived(app)).toEqual([]);
  });

  it.each([
    ['a server', 'another server'],
    ['a server', 'none'],
    ['none', 'a server'],
  ] as const)('after a reload, pings know the last one: %s, and lookups wait: %s', async (before, after) => {
    const { page, portal, alpha, app, named } = await lab.start();
    const other = await lab.identityServer('is2');
    const urls = { 'a server': named.url, 'another server': other.url, none: null };
    const told = (which: keyof typeof urls, path: string): object =>
      urls[which] === null ? { ...DISABLED, url: app.url + path } : { url: urls[which] + path };
    alpha.setAccountData('alice', 'm.identity_server', { base_url: urls[before] });
    const { token } = await logIn(page, portal.url);
    expect(await send(page, app.url + LOOKUP)).toMatchObject(told(before, LOOKUP));
    alpha.setAccountData('alice', 'm.identity_server', { base_url: urls[after] });
    const held = gate(alpha);
    for (const { recorder } of [alpha, app, named, other]) recorder.clear();
    await page.reload({ waitUntil: 'domcontentloaded' });
    // before this document has used any token, too
    expect(await send(page, app.url + IDENTITY)).toMatchObject(told(before, IDENTITY));
    await whoami(page, portal.url, token);
    const lookup = send(page, app.url + LOOKUP);
    await expect.poll(() => accountDataReads(alpha), { timeout: 10_000 }).toHaveLength(1);
    expect(await send(page, app.url + IDENTITY, { form: 'xhr' })).toMatchObject(told(before, IDENTITY));
    const lookups = [app, named, other].flatMap(arrived).filter((line) => line.endsWith(LOOKUP));
    expect(lookups).toEqual([]);
    held.open();
    expect(await lookup).toMatchObject(told(after, LOOKUP));
    expect(accountDataReads(alpha)).toMatchObject([{ token }]);
    expect(arrived(app)).toEqual([]);
  });
});
