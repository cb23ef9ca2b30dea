/** Requests as the page of a client makes them. */
import type { Page } from 'puppeteer-core';
import { attempt } from '../support/drive-page.ts';

export type Way = 'fetch' | 'xhr';
export const ways: readonly Way[] = ['fetch', 'xhr'];

export interface Call {
  by?: Way;
  method?: string;
  token?: string;
  /** default: header */
  tokenIn?: 'header' | 'query';
  /** sent as JSON */
  body?: unknown;
}

export interface Answer {
  /** 0: a network error */
  status: number;
  /** after redirects, as the page sees it */
  url: string;
  text: string;
  /** of a JSON object, else empty */
  body: Record<string, unknown>;
}

interface Plain {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string | null;
}

const CLIENT = '/_matrix/client/v3/';

/** @param where a base URL; `path` is below the client-server API unless it begins with a slash */
export async function call(page: Page, where: string, path: string, options: Call = {}): Promise<Answer> {
  const { by = 'fetch', method = 'GET', token, tokenIn = 'header', body } = options;
  const url = new URL(where + (path.startsWith('/') ? path : CLIENT + path));
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (token !== undefined && tokenIn === 'header') headers.Authorization = `Bearer ${token}`;
  if (token !== undefined && tokenIn === 'query') url.searchParams.set('access_token', token);
  const plain = { url: url.href, method, headers, body: body === undefined ? null : JSON.stringify(body) };
  const answer = await attempt(page, `${method} ${url.href} by ${by}`, () =>
    page.evaluate(by === 'fetch' ? byFetch : byXhr, plain),
  );
  return { ...answer, body: parse(answer.text) };
}

export function password(user: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
  const identifier = { type: 'm.id.user', user };
  return { type: 'm.login.password', identifier, password: `pw-${user}`, ...extra };
}

export interface LoggedIn extends Answer {
  token: string;
}

/** Logs in as a page does; throws if the answer is no login. */
export async function logIn(
  page: Page,
  portal: string,
  user = 'alice',
  options: Call & { extra?: Record<string, unknown> } = {},
): Promise<LoggedIn> {
  const { extra, ...rest } = options;
  const answer = await call(page, portal, 'login', { method: 'POST', body: password(user, extra), ...rest });
  const token = answer.body.access_token;
  if (answer.status !== 200 || typeof token !== 'string') {
    throw new Error(`the login of ${user} was answered with ${answer.status}: ${answer.text.slice(0, 200)}`);
  }
  return { ...answer, token };
}

/** `GET /account/whoami`: 200 only where the token is known. */
export function whoami(page: Page, where: string, token: string, options: Call = {}): Promise<Answer> {
  return call(page, where, 'account/whoami', { token, ...options });
}

/** `GET /versions` without a token. */
export function versions(page: Page, where: string, options: Call = {}): Promise<Answer> {
  return call(page, where, '/_matrix/client/versions', options);
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

async function byFetch({ url, ...init }: Plain): Promise<Omit<Answer, 'body'>> {
  try {
    const response = await fetch(url, init);
    return { status: response.status, url: response.url, text: await response.text() };
  } catch {
    return { status: 0, url: '', text: '' };
  }
}

function byXhr({ url, method, headers, body }: Plain): Promise<Omit<Answer, 'body'>> {
  return new Promise((resolve) => {
    const xhr = new XMLHttpRequest();
    xhr.open(method, url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.addEventListener('loadend', () =>
      resolve({ status: xhr.status, url: xhr.responseURL, text: xhr.responseText }),
    );
    xhr.send(body);
  });
}
