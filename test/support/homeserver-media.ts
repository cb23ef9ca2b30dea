import { fixed, route } from './homeserver-router.ts';
import type { Context, Route } from './homeserver-router.ts';
import { MatrixError, randomName } from './homeserver-store.ts';
import type { Json } from './homeserver-store.ts';

function upload(context: Context): Json {
  const id = randomName();
  const type = context.request.headers['content-type'] ?? 'application/octet-stream';
  context.store.media.set(id, { type, filename: context.query.get('filename'), body: context.raw });
  return { content_uri: `mxc://${context.store.serverName}/${id}` };
}

/** What `Range` asks for, from and to inclusive; null: everything, as for a header that is not understood. */
function rangeOf(header: string | undefined, size: number): [number, number] | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  const [from = '', to = ''] = match?.slice(1) ?? [];
  if (from !== '') return [Number(from), to === '' ? size - 1 : Math.min(Number(to), size - 1)];
  return to === '' ? null : [Math.max(size - Number(to), 0), size - 1];
}

/** The whole of it or, as media elements want it when they seek, a part. */
function sendMedia({ request, response }: Context, body: Buffer, headers: Record<string, string>): void {
  const range = rangeOf(request.headers.range, body.length);
  const whole = { ...headers, 'accept-ranges': 'bytes' };
  if (range === null) {
    response.writeHead(200, { ...whole, 'content-length': body.length }).end(body);
    return;
  }
  const [from, to] = range;
  if (from > to) {
    response.writeHead(416, { ...whole, 'content-range': `bytes */${body.length}` }).end();
    return;
  }
  const part = body.subarray(from, to + 1);
  const place = { 'content-range': `bytes ${from}-${to}/${body.length}`, 'content-length': part.length };
  response.writeHead(206, { ...whole, ...place }).end(part);
}

/** Downloads and thumbnails alike: the stored bytes, never scaled. */
function download(context: Context): void {
  const own = context.param('server') === context.store.serverName;
  const found = own ? context.store.media.get(context.param('id')) : undefined;
  if (!found) throw new MatrixError(404, 'M_NOT_FOUND', 'Not found');
  const name = encodeURIComponent(context.param('filename') || (found.filename ?? ''));
  const filename = name === '' ? '' : `; filename*=utf-8''${name}`;
  sendMedia(context, found.body, {
    'content-type': found.type,
    'content-disposition': `inline${filename}`,
    'cross-origin-resource-policy': 'cross-origin',
    'cache-control': 'no-store',
  });
}

function downloads(auth: 'required' | 'none'): Route[] {
  return ['download/:server/:id', 'download/:server/:id/:filename', 'thumbnail/:server/:id'].map((path) =>
    route(`GET ${path}`, download, auth),
  );
}

const INFO = [
  ...fixed(['GET config'], () => ({ 'm.upload.size': 16 * 1024 * 1024 })),
  ...fixed(['GET preview_url'], () => ({})),
];

/** Under /_matrix/media/VERSION/. Without `legacy` downloads are 404, as on Synapse today. */
export function mediaRoutes(legacy: boolean): Route[] {
  return [route('POST upload', upload), ...INFO, ...(legacy ? downloads('none') : [])];
}

/** Under /_matrix/client/v1/media/: nothing on a server from before there was such a thing. */
export function authenticatedMediaRoutes(known: boolean): Route[] {
  return known ? [...INFO, ...downloads('required')] : [];
}
