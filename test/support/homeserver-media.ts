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

/** Downloads and thumbnails alike: the stored bytes, never scaled. */
function download(context: Context): void {
  const own = context.param('server') === context.store.serverName;
  const found = own ? context.store.media.get(context.param('id')) : undefined;
  if (!found) throw new MatrixError(404, 'M_NOT_FOUND', 'Not found');
  const name = encodeURIComponent(context.param('filename') || (found.filename ?? ''));
  const filename = name === '' ? '' : `; filename*=utf-8''${name}`;
  context.response.writeHead(200, {
    'content-type': found.type,
    'content-length': found.body.length,
    'content-disposition': `inline${filename}`,
    'cross-origin-resource-policy': 'cross-origin',
    'cache-control': 'no-store',
  });
  context.response.end(found.body);
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

/** Under /_matrix/client/v1/media/. */
export function authenticatedMediaRoutes(): Route[] {
  return [...INFO, ...downloads('required')];
}
