import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { listen, readBody } from './http.ts';
import type { Tls } from './http.ts';
import { note, Recorder, watch } from './recorder.ts';

export interface SiteFile {
  body: string | Buffer;
  type?: string;
  headers?: Record<string, string>;
}

export interface SiteOptions {
  /** http://NAME.localhost:PORT */
  name: string;
  host?: string;
  listenHost?: string;
  /** default: a free one */
  port?: number;
  /** The page worker is part of it; default: false. */
  homeward?: boolean;
  /** folder to serve */
  root?: string;
  /** by path from the root of the site ('/config.json' or 'config.json'); they go before those of `root` */
  files?: Record<string, string | SiteFile>;
  /** text replacements in .json, .html and .js files, e.g. the portal URL that was built in -> the real one */
  replace?: Record<string, string>;
  /**
   * The identity server that the client's config.json names; null: none (without a name vector-web has one built
   * in: do not). Default: a name that does not exist. Read anew for every request, as `replace` is.
   */
  identityServer?: string | null;
  headers?: Record<string, string>;
  recorder?: Recorder;
  tls?: Tls;
}

export interface Site {
  /** The page worker is part of it, as its host would add it. */
  homeward: boolean;
  /** no trailing slash; same as `origin` */
  url: string;
  origin: string;
  recorder: Recorder;
  close: () => Promise<void>;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.wasm': 'application/wasm',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
};

const REPLACED = new Set(['.json', '.html', '.js', '.mjs']);

const WORKER = path.resolve(import.meta.dirname, '../../dist/worker');

/** Its bootstrap goes before everything else that a page runs. */
function withHomeward(html: string): string {
  return html.replace(/<head[^>]*>|(?<=<!doctype html>)/i, '$&<script src="/homeward.js"></script>');
}

async function find(options: SiteOptions, name: string): Promise<SiteFile | null> {
  const given = options.files?.[name] ?? options.files?.[name.slice(1)];
  if (given !== undefined) return typeof given === 'object' ? given : { body: given };
  if (options.root === undefined) return null;
  const root = path.resolve(options.root);
  const file = path.join(root, name);
  if (!file.startsWith(root + path.sep)) return null;
  const body = await readFile(file).catch(() => null);
  return body === null ? null : { body };
}

function edited(body: string | Buffer, replacements: Record<string, string>): string | Buffer {
  const entries = Object.entries(replacements);
  if (entries.length === 0) return body;
  let content = body.toString();
  for (const [from, to] of entries) content = content.replaceAll(from, () => to);
  return content;
}

/** What the build.mjs in the folders of test/clients writes into config.json. */
const BUILT_IN = 'http://is0.localhost:8411';
const NOWHERE = 'http://identity.invalid';

const IDENTITY_KEYS = new Set(['default_is_url', 'm.identity_server']);

function withIdentityServer(body: string, chosen: string | null = NOWHERE): string {
  if (!body.includes(BUILT_IN)) return body;
  if (chosen !== null) return body.replaceAll(BUILT_IN, chosen);
  return JSON.stringify(
    JSON.parse(body, (key, value: unknown) => (IDENTITY_KEYS.has(key) ? undefined : value)),
  );
}

function nameOf(requested: string): string | null {
  try {
    const name = decodeURIComponent(requested);
    return name.endsWith('/') ? `${name}index.html` : name;
  } catch {
    return null;
  }
}

/** Serves a built web client, or a few files given by the test; nothing is cached. */
export async function startSite(options: SiteOptions): Promise<Site> {
  const { name, listenHost, port, tls } = options;
  const recorder = options.recorder ?? new Recorder();
  const site = { homeward: options.homeward ?? false };
  const listening = await listen(
    async (request, response) => {
      const recorded = watch(recorder, name, request, response);
      note(recorded, await readBody(request));
      const headers = { 'cache-control': 'no-store', ...options.headers };
      const wanted = nameOf(recorded.path);
      const ours = site.homeward && wanted !== null && /^\/homeward[-\w]*\.\w+$/.test(wanted);
      const file = wanted === null ? null : await find(ours ? { ...options, root: WORKER } : options, wanted);
      if (wanted === null || file === null) {
        response.writeHead(404, { ...headers, 'content-type': 'text/plain' }).end('Not found');
        return;
      }
      const extension = path.extname(wanted);
      const type = file.type ?? TYPES[extension] ?? 'application/octet-stream';
      let body = REPLACED.has(extension) ? edited(file.body, options.replace ?? {}) : file.body;
      if (wanted === '/config.json') body = withIdentityServer(body.toString(), options.identityServer);
      if (site.homeward && wanted === '/index.html') body = withHomeward(body.toString());
      response.writeHead(200, { 'content-type': type, ...headers, ...file.headers }).end(body);
    },
    { host: listenHost, port, tls },
  );
  const origin = `${tls ? 'https' : 'http'}://${options.host ?? `${name}.localhost`}:${listening.port}`;
  return Object.assign(site, { url: origin, origin, recorder, close: listening.close });
}
