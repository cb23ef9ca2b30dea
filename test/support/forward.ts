import http from 'node:http';
import https from 'node:https';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Exchange } from './front.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const HOP = new Set([
  'host',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'accept-encoding',
]);

/** Node does not resolve *.localhost and *.test reliably; all test servers are on this machine anyway. */
export function addressOf(url: URL): string {
  return url.hostname === '[::1]' ? '::1' : '127.0.0.1';
}

function requestHeaders(exchange: Exchange, url: URL): OutgoingHttpHeaders {
  const { headers } = exchange.request;
  const kept = Object.entries(headers).filter(([name]) => !HOP.has(name));
  return { ...Object.fromEntries(kept), host: url.host, 'content-length': exchange.raw.length };
}

/** Sends the request on to another base URL as a reverse proxy does; the answer is read whole. */
export async function forward(exchange: Exchange, target: string): Promise<Answer> {
  const url = new URL(target.replace(/\/$/, '') + exchange.path + exchange.search);
  const secure = url.protocol === 'https:';
  const options = {
    host: addressOf(url),
    port: Number(url.port) || (secure ? 443 : 80),
    method: exchange.request.method,
    path: url.pathname + url.search,
    headers: requestHeaders(exchange, url),
    // one connection each: nothing idles after the servers close
    agent: false as const,
    ...(secure ? { servername: url.hostname, rejectUnauthorized: false } : {}),
  };
  return new Promise((resolve, reject) => {
    const upstream = (secure ? https : http).request(options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: Buffer.concat(chunks) }),
      );
    });
    upstream.once('error', reject);
    // A long poll whose client left must not stay open at the homeserver.
    exchange.response.once('close', () => upstream.destroy());
    upstream.end(exchange.raw);
  });
}

/** Hands the answer back as it is; the CORS headers are on the response already. */
export function relay(exchange: Exchange, { status, headers, body }: Answer): void {
  const kept = Object.entries(headers).filter(
    ([name]) => !HOP.has(name) && !name.startsWith('access-control-'),
  );
  exchange.response.writeHead(status, { ...Object.fromEntries(kept), 'content-length': body.length });
  exchange.response.end(body);
}
