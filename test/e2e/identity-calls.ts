/** Requests of every form, as pages make them, and what the witnesses say of them. */
import type { Page } from 'puppeteer-core';
import { afterEach, expect } from 'vitest';
import type { Engine } from '../support/browser.ts';
import { attempt } from '../support/drive-page.ts';
import type { Homeserver } from '../support/homeserver.ts';
import type { IdentityServer } from '../support/identity-server.ts';
import type { Recorded, Recorder } from '../support/recorder.ts';
import { hold, type Gate } from './gate.ts';
import { useIdentityLab, type IdentityLab, type IdentityScene } from './identity-lab.ts';
import type { LabOptions } from './lab.ts';
import { call, type Answer } from './page-calls.ts';

export type Form = 'fetch' | 'fetch of a Request' | 'xhr' | 'xhr of a Blob' | 'beacon';
export const forms: readonly Form[] = ['fetch', 'fetch of a Request', 'xhr', 'xhr of a Blob'];

export const IDENTITY = '/_matrix/identity/v2';
export const ACCOUNT_DATA = 'm.identity_server';

export const DISABLED = {
  status: 403,
  body: { errcode: 'M_FORBIDDEN', error: 'This account does not use an identity server.' },
};
export const INVALID = {
  status: 403,
  body: {
    errcode: 'M_FORBIDDEN',
    error: 'The identity server address stored in this account is not valid.',
  },
};
export const NOT_YET = {
  status: 504,
  body: { errcode: 'M_UNKNOWN', error: 'The identity server setting could not be read yet. Try again.' },
};

export interface Sending {
  form?: Form;
  method?: string;
  token?: string;
  /** default: header, but for a beacon, which has none */
  tokenIn?: 'header' | 'query';
  /** as it is */
  text?: string;
  /** of the text; default JSON */
  type?: string;
}

/** A beacon has no answer: its status is -1. */
export async function send(page: Page, href: string, options: Sending = {}): Promise<Answer> {
  const { form = 'fetch', method = 'GET', token, text = null, type = 'application/json' } = options;
  const { tokenIn = form === 'beacon' ? 'query' : 'header' } = options;
  const url = new URL(href);
  const headers: Record<string, string> = text === null ? {} : { 'Content-Type': type };
  if (token !== undefined && tokenIn === 'header') headers.Authorization = `Bearer ${token}`;
  if (token !== undefined && tokenIn === 'query') url.searchParams.set('access_token', token);
  const plain = { form, url: url.href, method, headers, text };
  const answer = await attempt(page, `${method} ${url.href} by ${form}`, () => page.evaluate(inPage, plain));
  return { ...answer, body: objectOf(answer.text) };
}

interface Plain {
  form: Form;
  url: string;
  method: string;
  headers: Record<string, string>;
  text: string | null;
}

async function inPage({ form, url, method, headers, text }: Plain): Promise<Omit<Answer, 'body'>> {
  const blob = (): Blob => new Blob([text ?? ''], { type: headers['Content-Type'] ?? '' });
  if (form === 'beacon') {
    navigator.sendBeacon(url, blob());
    return { status: -1, url: '', text: '' };
  }
  if (form === 'xhr' || form === 'xhr of a Blob') {
    const xhr = new XMLHttpRequest();
    xhr.open(method, url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    await new Promise((resolve) => {
      xhr.addEventListener('loadend', resolve);
      xhr.send(text === null || form === 'xhr' ? text : blob());
    });
    return { status: xhr.status, url: xhr.responseURL, text: xhr.responseText };
  }
  try {
    const init = { method, headers, body: text };
    const response = await (form === 'fetch' ? fetch(url, init) : fetch(new Request(url, init)));
    return { status: response.status, url: response.url, text: await response.text() };
  } catch {
    return { status: 0, url: '', text: '' };
  }
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Registers at an identity server, the client's own by default, as a client does; the token, '' where refused. */
export async function register(
  page: Page,
  { portal, alpha, app }: IdentityScene,
  token: string,
  { base = app.url, user = 'alice' } = {},
): Promise<string> {
  const path = `user/${encodeURIComponent(alpha.userId(user))}/openid/request_token`;
  const { text } = await call(page, portal.url, path, { method: 'POST', token, body: {} });
  const { body } = await send(page, `${base}${IDENTITY}/account/register`, { method: 'POST', text });
  return typeof body.token === 'string' ? body.token : '';
}

/** `GET /_matrix/identity/v2` for each request that arrived. */
export function arrived({ recorder }: IdentityServer): string[] {
  return recorder.requests().map(({ method, url }) => `${method} ${url}`);
}

export function accountDataReads({ recorder }: { recorder: Recorder }): Recorded[] {
  return recorder.requests(({ method, path }) => method === 'GET' && path.endsWith(ACCOUNT_DATA));
}

export interface WitnessedLab extends IdentityLab {
  /** So many writes of account data are the page's own in this test; default none. */
  expectWrites(count: number): void;
}

/** A lab in which every test fails when account data was written that the page did not write. */
export function useWitnessedLab(engine: Engine, options: LabOptions = {}): WitnessedLab {
  const lab = useIdentityLab(engine, options);
  const recorders: Recorder[] = [];
  let expected = 0;
  const watch = <T extends { recorder: Recorder }>(server: T): T => {
    recorders.push(server.recorder);
    return server;
  };
  afterEach(() => {
    const writes = recorders
      .splice(0)
      .flatMap((each) => each.requests(({ method, path }) => /account_data/.test(path) && method !== 'GET'));
    expect(writes, 'writes of account data').toHaveLength(expected);
    expected = 0;
  });
  const { homeserver, portal } = lab;
  lab.homeserver = async (given) => watch(await homeserver(given));
  lab.portal = async (given) => watch(await portal(given));
  return Object.assign(lab, {
    expectWrites(count: number) {
      expected = count;
    },
  });
}

/** Answers to reading account data wait until it is opened. */
export function gate(homeserver: Homeserver): Gate {
  return hold(homeserver, (path, method) => method === 'GET' && path.endsWith(ACCOUNT_DATA));
}

/** All that a page can see of an XHR, and that the same object can be used again. Runs in the page. */
export async function xhrSeen({
  url,
  type,
  next,
}: {
  url: string;
  type: XMLHttpRequestResponseType;
  next: string;
}) {
  const xhr = new XMLHttpRequest();
  const events: string[] = [];
  for (const name of ['readystatechange', 'load', 'loadend', 'error', 'abort', 'timeout'] as const) {
    xhr.addEventListener(name, () => events.push(`${name} ${xhr.readyState}`));
  }
  const done = (): Promise<unknown> =>
    new Promise((resolve) => {
      xhr.addEventListener('loadend', resolve, { once: true });
      xhr.send();
    });
  const plain = async (value: unknown): Promise<unknown> =>
    value instanceof Blob || value instanceof ArrayBuffer ? new Response(value).text() : value;
  xhr.open('GET', url);
  xhr.responseType = type;
  await done();
  const responseText = (): string => {
    try {
      return xhr.responseText;
    } catch (error) {
      return (error as Error).name;
    }
  };
  const { status, readyState, responseURL } = xhr;
  const seen = {
    events: [...events],
    status,
    readyState,
    url: responseURL,
    contentType: xhr.getResponseHeader('Content-TYPE'),
    headers: xhr.getAllResponseHeaders(),
    other: xhr.getResponseHeader('date'),
    response: await plain(xhr.response),
    responseText: responseText(),
  };
  xhr.open('GET', next);
  xhr.responseType = 'json';
  await done();
  return { ...seen, again: [xhr.status, xhr.response as unknown] };
}
