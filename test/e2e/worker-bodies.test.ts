/** Requests with a body that the page worker sends again, from a Blob: they arrive as they would by themselves. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { workerEngines } from '../support/browser.ts';
import { newFaults, startFront } from '../support/front.ts';
import { sendJson } from '../support/http.ts';
import { Recorder } from '../support/recorder.ts';
import { untilControlled, useLab } from './lab.ts';
import { logIn, whoami } from './page-calls.ts';
import { askerFiles, askInWorker, workerWays } from './worker-dedicated.ts';

interface Row {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  /** An expression in the worker. */
  readonly body: string;
  /** So many bytes at least. */
  readonly size: number;
}

const PATH = '/_matrix/client/v3/rooms/room/anything';
const MEGABYTE = 1_048_576;
const WORDS = 'größer 𝕏';
const FORM = `(() => {
  const form = new FormData();
  form.append('words', '${WORDS}');
  form.append('file', new Blob([bytes(${MEGABYTE})], { type: 'image/png' }), 'ein Bild.png');
  return form;
})()`;
const LONG = `JSON.stringify({ name: '${WORDS}'.repeat(50000) })`;

const rows: readonly Row[] = [
  { what: 'a megabyte', method: 'PUT', path: PATH, body: `bytes(${MEGABYTE})`, size: MEGABYTE },
  {
    what: 'a megabyte in a Blob',
    method: 'PUT',
    path: PATH,
    body: `new Blob([bytes(${MEGABYTE})], { type: 'image/png' })`,
    size: MEGABYTE,
  },
  { what: 'a form with a file', method: 'POST', path: PATH, body: FORM, size: MEGABYTE },
  {
    what: 'fields',
    method: 'POST',
    path: PATH,
    body: `new URLSearchParams({ words: '${WORDS}' })`,
    size: WORDS.length,
  },
  { what: 'text', method: 'PUT', path: PATH, body: `'${WORDS}'`, size: Buffer.byteLength(WORDS) },
  // it might name an identity server
  {
    what: 'text that is read on its way',
    method: 'POST',
    path: '/_matrix/client/v3/createRoom',
    body: LONG,
    size: 50_000 * Buffer.byteLength(WORDS),
  },
  { what: 'empty text', method: 'PUT', path: PATH, body: `''`, size: 0 },
  { what: 'nothing', method: 'POST', path: PATH, body: 'undefined', size: 0 },
  { what: 'nothing', method: 'DELETE', path: PATH, body: 'undefined', size: 0 },
];

describe.each(workerEngines)("%s: a dedicated worker's requests with a body", (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  /** Signed in; the login named that homeserver. */
  async function start(homeserver: string) {
    const issuer = await lab.homeserver();
    const editLogin = (body: object) => ({ ...body, base_cs_url: homeserver });
    const portal = await lab.portal({ route: () => issuer.url, editLogin });
    const { page } = await lab.client({ files: askerFiles });
    await untilControlled(page);
    const { token } = await logIn(page, portal.url);
    expect((await whoami(page, portal.url, token)).url).toContain(homeserver);
    return { page, portal, token };
  }

  it.each(workerWays)('arrive once and byte for byte, by %s', async (by) => {
    const keeper = lab.keep(await startKeeper());
    const plain = await lab.site({ files: askerFiles });
    const without = await lab.page(`${plain.url}/`);
    const { page, portal, token } = await start(keeper.url);
    for (const [index, { what, method, path, body, size }] of rows.entries()) {
      const arrives = async (asking: Page, base: string, who: string) => {
        const search = `?${who}-${index}`;
        const task = { url: base + path + search, by, method, token, body };
        expect(await askInWorker(asking, task), `${what}, ${who}`).toBe('200');
        return keeper.kept.filter((each) => each.search === search).map(({ request }) => request);
      };
      const natively = await arrives(without, keeper.url, 'natively');
      expect(natively, `${what}`).toHaveLength(1);
      expect(natively[0]?.size, `${what}`).toBeGreaterThanOrEqual(size);
      expect(await arrives(page, portal.url, 'with'), `${method} of ${what}`).toEqual(natively);
    }
    expect(portal.recorder.withToken(token)).toEqual([]);
  });
});

interface Arrived {
  readonly method: string;
  readonly type: string;
  /** The server was told the right one. */
  readonly hasLength: boolean;
  readonly size: number;
  readonly digest: string;
}

/** A homeserver that keeps what it is sent. */
async function startKeeper() {
  const kept: { search: string; request: Arrived }[] = [];
  const { url, close } = await startFront({
    name: 'keeper',
    recorder: new Recorder(),
    faults: newFaults(),
    handle: ({ request, response, search, raw }) => {
      kept.push({ search, request: arrivedAs(request, raw) });
      sendJson(response, 200, { versions: ['v1.1'], user_id: '@alice:keeper.localhost' });
    },
  });
  return { url, kept, close };
}

/** Forms that are the same differ by what is between their parts, in Firefox by its length too. */
function arrivedAs({ method = '', headers }: IncomingMessage, raw: Buffer): Arrived {
  const { 'content-type': type = '', 'content-length': length } = headers;
  const boundary = /boundary=(.+)$/.exec(type)?.[1];
  const same = (text: string): string => (boundary ? text.replaceAll(boundary, 'BOUNDARY') : text);
  const body = Buffer.from(same(raw.toString('latin1')), 'latin1');
  const digest = createHash('sha256').update(body).digest('hex');
  return { method, type: same(type), hasLength: length === String(raw.length), size: body.length, digest };
}
