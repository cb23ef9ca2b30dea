/**
 * Requests of the background's own, after the user pressed a button in the popup and for nothing else. They carry no
 * cookies, no referrer, and (see `hideOrigin`) nothing that tells this installation from another.
 */
import { field, textOf } from '../core/json.ts';
import { browser } from '../webext/browser.ts';
import { patternOf } from '../webext/host-pattern.ts';

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

/** Milliseconds for one request. */
const TIMEOUT = 10_000;

/** The browser does not give access to a server, so that a request would tell it who we are (CORS). */
export class NoAccess extends Error {}

/** Rejects when the server cannot be reached, or redirects. */
export async function request(url: string, { method = 'GET', token, body }: Sent = {}): Promise<Reply> {
  if (!(await browser.permissions.contains({ origins: [patternOf(url)] }))) throw new NoAccess(url);
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

/** Takes `Origin: …-extension://…` off what the background sends: in Firefox it is the identity of an installation. */
export async function hideOrigin(): Promise<void> {
  const { host } = new URL(browser.runtime.getURL(''));
  await browser.declarativeNetRequest.updateSessionRules({
    removeRuleIds: [HIDE_ORIGIN],
    addRules: [
      {
        id: HIDE_ORIGIN,
        priority: 1,
        action: { type: 'modifyHeaders', requestHeaders: [{ header: 'origin', operation: 'remove' }] },
        condition: { initiatorDomains: [host], resourceTypes: ['xmlhttprequest'] },
      },
    ],
  });
}

const HIDE_ORIGIN = 1;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
