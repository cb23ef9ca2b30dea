/**
 * A server that answers as a test wants and tells what reached it. The last segment of a path says how it answers, so
 * that the same page function can talk to `/plain/echo` and to `/_matrix/client/v3/x/echo`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cors, listen, readBody, sendJson } from '../../support/http.ts';

/** What reached the server under one `?id=`. */
interface Seen {
  /** Requests without preflights. */
  arrived: number;
  preflights: number;
  /** `METHOD body` of each, as latin1. */
  bodies: string[];
  /** A connection broke before its answer was complete. */
  closed: boolean;
}

interface Talk {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly seen: Seen;
  readonly body: Buffer;
}

export interface AnswerServer {
  readonly url: string;
  /** Ids in order of arrival. */
  readonly order: string[];
  /** From now on `/versions` takes so many ms, unless the page opens the gate before. */
  readonly shut: (ms: number) => void;
  readonly close: () => Promise<void>;
}

/** Sent by the browser on every connection or only to this host: nothing that a page decides. */
const VOLATILE = /^(host|connection|content-length)$/;

export async function startAnswers(name: string): Promise<AnswerServer> {
  const records = new Map<string, Seen>();
  const order: string[] = [];
  const waiting = new Set<() => void>();
  const opened = new Set<string>();
  let gate = { ms: 0, open: (): void => undefined };
  const changed = (): void => waiting.forEach((check) => check());
  const recordOf = (id: string): Seen => {
    const record = records.get(id) ?? { arrived: 0, preflights: 0, bodies: [], closed: false };
    records.set(id, record);
    return record;
  };
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });

  /** What a page asks about its own requests: `seen`, `arrived`, `closed`, and `go` to let a stream go on. */
  const control = async (what: string, id: string, response: ServerResponse): Promise<void> => {
    if (what === 'open') {
      gate.ms = 0;
      gate.open();
    }
    if (what === 'go') opened.add(id);
    changed();
    if (what === 'arrived') await until(() => recordOf(id).arrived > 0);
    if (what === 'closed') await until(() => recordOf(id).closed);
    sendJson(response, 200, { ...recordOf(id), order });
  };
  const versions = async (response: ServerResponse): Promise<void> => {
    await new Promise<void>((resolve) => {
      gate.open = resolve;
      setTimeout(resolve, gate.ms).unref();
    });
    sendJson(response, 200, { versions: ['v1.1'] });
  };
  const note = (talk: Omit<Talk, 'body'>, id: string): void => {
    talk.seen.arrived += 1;
    order.push(id);
    talk.response.once('close', () => {
      if (!talk.response.writableFinished) talk.seen.closed = true;
      changed();
    });
    changed();
  };

  const listening = await listen(async (request, response) => {
    const url = new URL(request.url ?? '/', server.url);
    const what = url.pathname.split('/').at(-1) ?? '';
    const id = url.searchParams.get('id') ?? '';
    allow(request, response, url);
    if (url.pathname.startsWith('/control/')) return control(what, id, response);
    const seen = recordOf(id);
    if (request.method === 'OPTIONS') {
      seen.preflights += 1;
      response.writeHead(204).end();
      return undefined;
    }
    if (what === 'versions') return versions(response);
    if (what === 'login') return sendJson(response, 200, loginAnswer(await readBody(request)));
    note({ request, response, url, seen }, id);
    const body = await readBody(request);
    seen.bodies.push(`${request.method} ${body.toString('latin1')}`);
    return answer({ request, response, url, seen, body }, what, () => until(() => opened.has(id)));
  });
  const server: AnswerServer = {
    url: `http://${name}.localhost:${listening.port}`,
    order,
    shut(ms) {
      gate = { ms, open: () => undefined };
    },
    close: listening.close,
  };
  return server;
}

/** As Synapse does; with `?cookies`, for credentials. */
function allow(request: IncomingMessage, response: ServerResponse, url: URL): void {
  cors(response);
  response.setHeader('Access-Control-Expose-Headers', '*');
  if (!url.searchParams.has('cookies')) return;
  response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*');
  response.setHeader('Access-Control-Allow-Credentials', 'true');
}

/** The token is the password, so that a test can choose it. */
function loginAnswer(body: Buffer): unknown {
  const { password } = JSON.parse(body.toString()) as { password: string };
  return { user_id: '@alice:example.org', device_id: password, access_token: password };
}

const BODIES: Record<string, readonly [type: string, body: string]> = {
  text: ['text/plain; charset=utf-8', 'plain text, äöü\n'],
  json: ['application/json', '{"a":[1,2,{"b":null}]}'],
  html: ['text/html', '<!doctype html><title>t</title><p id=p>q</p>'],
  xml: ['application/xml', '<r><s>t</s></r>'],
  broken: ['application/json', '{"a":'],
};

async function answer(talk: Talk, what: string, go: () => Promise<void>): Promise<void> {
  const { request, response, url, body } = talk;
  const [type, text] = BODIES[what] ?? [];
  if (type !== undefined) response.writeHead(200, { 'content-type': type }).end(text);
  else if (what === 'echo') sendJson(response, 200, echo(request, body));
  else if (what === 'bytes')
    response.writeHead(200, { 'x-two': ['a', 'b'] }).end(Buffer.from([0, 255, 128, 10]));
  else if (what === 'empty') response.writeHead(204).end();
  else if (what === 'denied') sendJson(response, 401, { errcode: 'M_MISSING', error: 'denied' });
  else if (what === 'missing') sendJson(response, 404, { errcode: 'M_NOT_FOUND', error: 'none' });
  else if (what === 'dead') response.destroy();
  else if (what === 'redirect') {
    const location = url.pathname.replace(/redirect$/, 'echo') + url.search;
    response.writeHead(Number(url.searchParams.get('status')), { location }).end();
  } else if (what === 'stream' || what === 'cut') {
    response.writeHead(200, { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' });
    response.write('first\n');
    await go();
    if (what === 'cut') response.destroy();
    else response.end('second\n');
  } else if (what === 'drip') {
    const timer = setInterval(() => response.write('drop\n'), 20);
    response.once('close', () => clearInterval(timer));
  } else if (what !== 'never') sendJson(response, 500, { error: `no answer for ${what}` });
}

function echo({ method, headers }: IncomingMessage, body: Buffer): unknown {
  // their order on the wire is nothing that a page can see
  const kept = Object.entries(headers)
    .filter(([name]) => !VOLATILE.test(name))
    .toSorted();
  return { method, headers: Object.fromEntries(kept), body: body.toString('latin1') };
}
