import http from 'node:http';
import https from 'node:https';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface Tls {
  key: string;
  cert: string;
}

export interface ListenOptions {
  host?: string | undefined;
  port?: number | undefined;
  tls?: Tls | undefined;
}

export interface Listening {
  port: number;
  server: Server;
  close: () => Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

async function run(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await handler(request, response);
  } catch (error) {
    // A client that went away in the middle is no error of ours, and there is nobody left to tell.
    if (response.destroyed || response.headersSent) return;
    sendJson(response, 500, { errcode: 'M_UNKNOWN', error: String(error) });
  }
}

/** Listens on 127.0.0.1 and a free port unless told otherwise. */
export async function listen(handler: Handler, options: ListenOptions = {}): Promise<Listening> {
  const listener = (request: IncomingMessage, response: ServerResponse) =>
    void run(handler, request, response);
  const server = options.tls ? https.createServer(options.tls, listener) : http.createServer(listener);
  // 'connection' is the raw TCP socket for both kinds of server, so closing covers half-done TLS handshakes.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  const close = async () => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { port: address.port, server, close };
}

export async function readBody(request: IncomingMessage, limit = 16 * 1024 * 1024): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new Error(`body is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value) ?? 'null');
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-cache, no-store, must-revalidate',
    'content-length': body.length,
  });
  response.end(body);
}

/** Exactly what Synapse sends with every answer, errors and preflights included. */
export function cors(response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, DELETE, OPTIONS');
  response.setHeader('Access-Control-Allow-Headers', 'X-Requested-With, Content-Type, Authorization, Date');
  response.setHeader('Access-Control-Expose-Headers', 'Synapse-Trace-Id, Server');
}
