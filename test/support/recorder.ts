import type { IncomingMessage, ServerResponse } from 'node:http';

const BODY_LIMIT = 65_536;

export interface Recorded {
  /** ms epoch */
  at: number;
  /** name of the recording server */
  server: string;
  method: string;
  /** path and query as received */
  url: string;
  path: string;
  /** Bearer header or ?access_token= */
  token: string | null;
  tokenIn: 'header' | 'query' | null;
  origin: string | null;
  /** filled when answered; stays null when the connection broke before that */
  status: number | null;
  /** The browser closed the connection before all of the answer was sent. */
  broken: boolean;
  /** first 64 KB */
  body: string;
  /** sec-fetch-dest */
  dest: string | null;
}

type Filter = (recorded: Recorded) => boolean;

const always: Filter = () => true;

/** The witness: what really arrived at a server, in order of arrival. */
export class Recorder {
  readonly all: Recorded[] = [];

  add(recorded: Recorded): Recorded {
    this.all.push(recorded);
    return recorded;
  }

  clear(): void {
    this.all.length = 0;
  }

  /** Requests except OPTIONS preflights. */
  requests(filter: Filter = always): Recorded[] {
    return this.all.filter((recorded) => recorded.method !== 'OPTIONS' && filter(recorded));
  }

  preflights(filter: Filter = always): Recorded[] {
    return this.all.filter((recorded) => recorded.method === 'OPTIONS' && filter(recorded));
  }

  withToken(token: string): Recorded[] {
    return this.requests((recorded) => recorded.token === token);
  }

  /** Only paths that contain /_matrix/, no preflights. */
  matrix(): Recorded[] {
    return this.requests((recorded) => recorded.path.includes('/_matrix/'));
  }
}

/** The access token of a request and where it was; the header wins, as on Synapse. */
export function tokenOf(request: IncomingMessage): Pick<Recorded, 'token' | 'tokenIn'> {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return { token: bearer, tokenIn: 'header' };
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const query = mark < 0 ? null : new URLSearchParams(url.slice(mark + 1)).get('access_token');
  return query === null ? { token: null, tokenIn: null } : { token: query, tokenIn: 'query' };
}

/** Records a request as it arrives, and its status once it is answered. The body is given later with `note`. */
export function watch(
  recorder: Recorder,
  server: string,
  request: IncomingMessage,
  response: ServerResponse,
): Recorded {
  const url = request.url ?? '/';
  const dest = request.headers['sec-fetch-dest'];
  const recorded = recorder.add({
    at: Date.now(),
    server,
    method: request.method ?? 'GET',
    url,
    path: url.split('?', 1)[0] ?? '/',
    ...tokenOf(request),
    origin: request.headers.origin ?? null,
    status: null,
    broken: false,
    body: '',
    dest: typeof dest === 'string' ? dest : null,
  });
  // 'prefinish' comes before the client can have read the answer: a test that awaited it sees the status.
  response.once('prefinish', () => {
    recorded.status = response.statusCode;
  });
  response.once('close', () => {
    recorded.broken = !response.writableFinished;
  });
  return recorded;
}

export function note(recorded: Recorded, body: Buffer): void {
  recorded.body = body.subarray(0, BODY_LIMIT).toString('utf8');
}
