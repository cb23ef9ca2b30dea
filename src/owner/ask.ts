/** Requests of Homeward's own, after the user pressed a button and for nothing else. */
import { field, textOf } from '../core/json.ts';

export interface Reply {
  readonly status: number;
  readonly ok: boolean;
  /** Parsed JSON, null when it is none. */
  readonly body: unknown;
}

export interface Sent {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly token?: string;
  readonly body?: unknown;
}

/** Rejects when the server cannot be reached, or redirects; with `NoAccess` when it may not be asked. */
export type Ask = (url: string, sent?: Sent) => Promise<Reply>;

/** Milliseconds for one request. */
const TIMEOUT = 10_000;

/** The browser does not give access to a server, so that a request would tell it who we are (CORS). */
export class NoAccess extends Error {}

/** Without cookies or a referrer. */
export async function ask(url: string, { method = 'GET', token, body }: Sent = {}): Promise<Reply> {
  const headers: Record<string, string> = {};
  if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const response = await fetch(url, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    credentials: 'omit',
    redirect: 'error',
    referrerPolicy: 'no-referrer',
    cache: 'no-store',
    signal: AbortSignal.timeout(TIMEOUT),
  });
  const text = await response.text();
  return { status: response.status, ok: response.ok, body: parse(text) };
}

/** What an error answer says. */
export function errorText({ status, body }: Reply): string {
  const said = [textOf(field(body, 'errcode')), textOf(field(body, 'error'))].filter((part) => part !== null);
  return [String(status), ...said].join(' ').slice(0, 300);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
