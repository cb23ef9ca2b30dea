import { describe, expect, it } from 'vitest';
import { readdress, type Address } from '../../src/request/readdress.ts';

const FROM = 'https://portal.example/_matrix/client/v3/anything';
const TO = 'https://hs1.example/_matrix/client/v3/anything';

const bytesOf = async (request: Request): Promise<Buffer> => Buffer.from(await request.arrayBuffer());

describe('the body of a re-addressed request', () => {
  const form = new FormData();
  form.append('words', 'größer 𝕏');
  form.append('file', new Blob([new Uint8Array(1000)], { type: 'image/png' }), 'ein Bild.png');
  const megabyte = Uint8Array.from({ length: 1_048_576 }, (_, index) => (index * 31) % 251);

  it.each<[string, BodyInit]>([
    ['text', 'größer 𝕏'],
    ['a megabyte', megabyte],
    ['a Blob', new Blob([megabyte], { type: 'image/png' })],
    ['a Blob of no type', new Blob([megabyte])],
    ['a form with a file', form],
    ['fields', new URLSearchParams({ words: 'größer 𝕏' })],
  ])('is as it was: %s', async (_, body) => {
    const request = new Request(FROM, { method: 'PUT', body });
    const type = request.headers.get('content-type');
    const before = await bytesOf(request.clone());
    const sent = await readdress(request, { url: TO });
    expect(before.length).toBeGreaterThan(0);
    expect(sent.headers.get('content-type')).toBe(type);
    expect(Buffer.compare(await bytesOf(sent), before)).toBe(0);
  });

  it('keeps a type that says another thing than the Blob', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = new Blob(['{}'], { type: 'text/plain' });
    const sent = await readdress(new Request(FROM, { method: 'PUT', headers, body }), { url: TO });
    expect(sent.headers.get('content-type')).toBe('application/json');
  });

  it.each([
    ['POST', undefined],
    ['DELETE', undefined],
    ['PUT', ''],
    ['PUT', new Blob([])],
  ])('is none where it was empty: %s', async (method, body) => {
    const request = new Request(FROM, body === undefined ? { method } : { method, body });
    const sent = await readdress(request, { url: TO });
    expect(sent).toMatchObject({ method, body: null });
  });

  it.each(['GET', 'HEAD'])('is none, and is not asked for: %s', async (method) => {
    const sent = await readdress(new Request(FROM, { method }), { url: TO });
    expect(sent).toMatchObject({ method, body: null });
  });

  it('is another where one is given', async () => {
    const headers = { 'content-type': 'application/json' };
    const request = new Request(FROM, { method: 'POST', headers, body: '{"id_server":"a"}' });
    const sent = await readdress(request, { url: TO, body: '{"id_server":"größer"}' });
    expect(sent.headers.get('content-type')).toBe('application/json');
    expect(await sent.text()).toBe('{"id_server":"größer"}');
  });

  it('is used at once, so that nobody else can read it', async () => {
    const request = new Request(FROM, { method: 'POST', body: 'text' });
    const sent = readdress(request, { url: TO });
    expect(request.bodyUsed).toBe(true);
    expect(await (await sent).text()).toBe('text');
  });
});

describe('a re-addressed request', () => {
  it('is what it was but for its URL', async () => {
    const given = {
      method: 'PUT',
      cache: 'no-store',
      redirect: 'manual',
      referrer: 'https://client.example/room',
      referrerPolicy: 'origin',
      integrity: 'sha256-x',
      keepalive: true,
    } as const;
    const headers = { 'x-requested-with': 'client', accept: 'application/json' };
    const sent = await readdress(new Request(FROM, { ...given, headers }), { url: TO });
    expect(sent).toMatchObject({ ...given, url: TO });
    expect(Object.fromEntries(sent.headers)).toEqual(headers);
  });

  it.each(['about:client', ''])('names itself as the page does: “%s”', async (referrer) => {
    const sent = await readdress(new Request(FROM, { referrer }), { url: TO });
    expect(sent.referrer).toBe(referrer);
  });

  it('ends when the first is aborted', async () => {
    const controller = new AbortController();
    const request = new Request(FROM, { signal: controller.signal });
    const sent = await readdress(request, { url: TO });
    expect(sent.signal.aborted).toBe(false);
    controller.abort();
    expect([request.signal.aborted, sent.signal.aborted]).toEqual([true, true]);
  });

  it.each<[string, Partial<Address>, string | null]>([
    ['its own token', {}, 'Bearer own'],
    ['its own token: none is added', { addToken: null, dropToken: false }, 'Bearer own'],
    ['no token', { dropToken: true }, null],
    ['another token', { addToken: 'other' }, 'Bearer other'],
    ['another token in the place of its own', { addToken: 'other', dropToken: true }, 'Bearer other'],
  ])('has %s', async (_, address, expected) => {
    const request = new Request(FROM, { headers: { authorization: 'Bearer own' } });
    const sent = await readdress(request, { url: TO, ...address });
    expect(sent.headers.get('authorization')).toBe(expected);
    expect(request.headers.get('authorization'), 'the first').toBe('Bearer own');
  });
});

describe('credentials and CORS', () => {
  const range = { range: 'bytes=0-' };

  it.each<[RequestMode, Record<string, string>, string | null, RequestMode]>([
    ['cors', {}, null, 'cors'],
    ['same-origin', {}, null, 'cors'],
    ['no-cors', {}, null, 'no-cors'],
    ['no-cors', {}, 'token', 'cors'],
    ['no-cors', range, null, 'cors'],
  ])('at another server: %s, %o, token %s', async (mode, headers, addToken, expected) => {
    const request = new Request(FROM, { mode, headers, credentials: 'include' });
    const sent = await readdress(request, { url: TO, addToken });
    expect(sent).toMatchObject({ mode: expected, credentials: 'omit' });
  });

  it.each<[RequestMode, Record<string, string>]>([
    ['cors', {}],
    ['same-origin', {}],
    ['no-cors', {}],
    ['no-cors', range],
  ])('stay as they are at the same server: %s, %o', async (mode, headers) => {
    const request = new Request(FROM, { mode, headers, credentials: 'include' });
    const sent = await readdress(request, { url: `${FROM}#hw-pass` }, true);
    expect(sent).toMatchObject({ mode, credentials: 'include' });
  });
});

// WebKit has them among the headers of a request; no homeserver allows them (spec, "Web browser clients")
describe('headers of the browser itself', () => {
  const given = {
    'icy-metadata': '1',
    'cache-control': 'no-cache',
    authorization: 'Bearer t',
    range: 'bytes=0-',
  };
  const simple = ['authorization', 'range'];

  it.each<[string, RequestMode, string, Record<string, string>, string[]]>([
    ['a player', 'no-cors', 'video', {}, simple],
    ['a player with CORS', 'cors', 'audio', {}, simple],
    ['an EventSource', 'cors', '', { accept: 'text/event-stream' }, ['accept', ...simple]],
    ['a page', 'cors', '', {}, Object.keys(given).toSorted()],
  ])('of %s', async (_, mode, destination, more, expected) => {
    const request = new Request(FROM, { mode, headers: { ...given, ...more } });
    Object.defineProperty(request, 'destination', { value: destination });
    const sent = await readdress(request, { url: TO });
    expect([...sent.headers.keys()]).toEqual(expected);
  });
});
