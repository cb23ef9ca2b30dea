import type { IncomingMessage, ServerResponse } from 'node:http';
import { cors, listen, readBody, sendJson } from './http.ts';
import type { Tls } from './http.ts';
import { note, watch } from './recorder.ts';
import type { Recorded, Recorder } from './recorder.ts';

export interface Faults {
  /**
   * Sees any request (body already read: it is in the recorder) before normal handling; true when it answered.
   * The CORS headers are set already and may be removed again.
   */
  intercept:
    ((request: IncomingMessage, response: ServerResponse, path: string) => boolean | Promise<boolean>) | null;
  /** ms to wait before answering paths that match */
  delay: Array<{ path: RegExp; ms: number }>;
  /** let `intercept` and `delay` see OPTIONS preflights too */
  preflights: boolean;
  /** edits the login answer */
  loginBody: ((body: Record<string, unknown>) => unknown) | null;
  /** honour refresh_token: true in a login */
  refreshTokens: boolean;
}

export function newFaults(): Faults {
  return { intercept: null, delay: [], preflights: false, loginBody: null, refreshTokens: false };
}

/** One request to a Matrix server; `path` is without the server's prefix and still percent-encoded. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  path: string;
  /** with the question mark, or empty */
  search: string;
  raw: Buffer;
  recorded: Recorded;
}

export interface FrontOptions {
  name: string;
  host?: string | undefined;
  listenHost?: string | undefined;
  port?: number | undefined;
  prefix?: string | undefined;
  tls?: Tls | undefined;
  recorder: Recorder;
  faults: Faults;
  handle: (exchange: Exchange) => void | Promise<void>;
}

export interface Front {
  url: string;
  close: () => Promise<void>;
}

/** Waits, but no longer than the client does: so nothing is left behind when a server closes. */
export async function pause(response: ServerResponse, ms: number): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      response.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    response.once('close', done);
  });
}

async function disturb(faults: Faults, { request, response, recorded }: Exchange): Promise<boolean> {
  if (recorded.method === 'OPTIONS' && !faults.preflights) return false;
  for (const { path, ms } of faults.delay) if (path.test(recorded.path)) await pause(response, ms);
  if (response.destroyed) return true;
  return (await faults.intercept?.(request, response, recorded.path)) ?? false;
}

/** What homeserver and portal have in common: recording, CORS, preflights, faults and the prefix. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const { name, recorder, faults, prefix = '', tls, listenHost } = options;
  const listening = await listen(
    async (request, response) => {
      const recorded = watch(recorder, name, request, response);
      cors(response);
      const raw = await readBody(request);
      note(recorded, raw);
      const inside = recorded.path.startsWith(`${prefix}/`);
      const path = inside ? recorded.path.slice(prefix.length) : recorded.path;
      const exchange = {
        request,
        response,
        path,
        search: recorded.url.slice(recorded.path.length),
        raw,
        recorded,
      };
      if (await disturb(faults, exchange)) return;
      if (request.method === 'OPTIONS') response.writeHead(204).end();
      else if (inside) await options.handle(exchange);
      else sendJson(response, 404, { errcode: 'M_UNRECOGNIZED', error: 'Outside of this server' });
    },
    { host: listenHost, port: options.port, tls },
  );
  const host = options.host ?? (listenHost === '::1' ? '[::1]' : `${name}.localhost`);
  return {
    url: `${tls ? 'https' : 'http'}://${host}:${listening.port}${prefix}`,
    close: listening.close,
  };
}
