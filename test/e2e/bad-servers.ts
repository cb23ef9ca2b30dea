/** Servers that a login may name and that no client can live on, and names that are no servers at all. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startHomeserver, type Homeserver } from '../support/homeserver.ts';
import type { Tls } from '../support/http.ts';
import { Recorder } from '../support/recorder.ts';
import { startSite } from '../support/static-site.ts';

export const BAD_SERVERS = [
  'a dead port',
  'a server without CORS',
  'a server that answers HTML',
  'a server that answers 404',
  'a server that answers 500',
  'a self-signed certificate',
  'a wrong public_baseurl',
] as const;

export type Bad = (typeof BAD_SERVERS)[number];

/** Those whose CORS lets a page see that they are no homeserver. */
export function answersPages(bad: Bad): boolean {
  return bad.startsWith('a server that answers');
}

export interface BadServer {
  url: string;
  recorder: Recorder;
  close(): Promise<void>;
}

export async function startBad(bad: Bad): Promise<BadServer> {
  switch (bad) {
    case 'a dead port':
      return dead();
    case 'a server without CORS':
      return withoutCors();
    case 'a server that answers HTML':
      return answering(200);
    case 'a server that answers 404':
      return answering(404);
    case 'a server that answers 500':
      return answering(500);
    case 'a self-signed certificate':
      return startHomeserver({ name: 'named', tls: selfSigned('named.localhost') });
    case 'a wrong public_baseurl':
      return startSite({ name: 'intern', files: { '/index.html': '<!doctype html>Welcome' } });
  }
}

async function dead(): Promise<BadServer> {
  const { url, close } = await startHomeserver({ name: 'dead' });
  await close();
  return { url, recorder: new Recorder(), close: () => Promise.resolve() };
}

async function withoutCors(): Promise<Homeserver> {
  const server = await startHomeserver({ name: 'named' });
  server.faults.preflights = true;
  server.faults.intercept = (_request, response) => {
    for (const name of response.getHeaderNames()) {
      if (name.startsWith('access-control-')) response.removeHeader(name);
    }
    return false;
  };
  return server;
}

async function answering(status: number): Promise<Homeserver> {
  const server = await startHomeserver({ name: 'named' });
  server.faults.intercept = (_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end('<!doctype html><h1>It works!</h1>');
    return true;
  };
  return server;
}

function selfSigned(host: string): Tls {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'homeward-tls-'));
  try {
    const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
    const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const args = ['req', '-x509', ...kind, '-days', '2', ...subject, '-keyout', key, '-out', cert];
    execFileSync('openssl', args, { stdio: 'pipe' });
    return { key: fs.readFileSync(key, 'utf8'), cert: fs.readFileSync(cert, 'utf8') };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
