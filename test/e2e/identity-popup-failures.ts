/** How each server can fail while an account is changed, and what the popup says of it. */
import type { ServerResponse } from 'node:http';
import { sendJson } from '../support/http.ts';
import type { sentence } from './popup-page.ts';

type Message = Parameters<typeof sentence>[0];
type Answer = (response: ServerResponse) => void;

export const json =
  (status: number, errcode: string): Answer =>
  (response) =>
    sendJson(response, status, { errcode, error: `says ${status}` });
export const html =
  (status: number): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'text/html' }).end('<p>hello');
const dropped: Answer = (response) => void response.destroy();
const redirect: Answer = (response) => void response.writeHead(302, { location: '/elsewhere' }).end();

const PING = ['GET', /^\/_matrix\/identity\/v2$/] as const;
const OPEN_ID = ['POST', /openid\/request_token$/] as const;
const REGISTER = ['POST', /account\/register$/] as const;
const ACCOUNT = ['GET', /v2\/account$/] as const;
export const TERMS_READ = ['GET', /v2\/terms$/] as const;
const TERMS_ACCEPT = ['POST', /v2\/terms$/] as const;
export const READ = ['GET', /m\.identity_server$/] as const;
export const WRITE = ['PUT', /m\.identity_server$/] as const;

interface Failure {
  readonly at: 'next' | 'alpha';
  readonly request: readonly [string, RegExp];
  readonly answer: Answer;
  readonly says: Message;
  /** of the answer, beside the message */
  readonly detail?: string;
}

const identityRefused = 'identityRefused' as const;
const homeserverRefused = 'homeserverRefused' as const;
const homeserverUnreachable = 'homeserverUnreachable' as const;

/** While it is looked into. */
export const looking: readonly [string, Failure][] = [
  ['read: 500', failure('alpha', READ, json(500, 'M_UNKNOWN'), homeserverRefused, '500 M_UNKNOWN says 500')],
  ['read: no answer', failure('alpha', READ, dropped, homeserverUnreachable)],
  [
    'ping: 500',
    failure('next', PING, json(500, 'M_UNKNOWN'), 'notAnIdentityServer', '500 M_UNKNOWN says 500'),
  ],
  ['ping: 404 in HTML', failure('next', PING, html(404), 'notAnIdentityServer', '404')],
  ['ping: a redirect', failure('next', PING, redirect, 'identityUnreachable')],
  ['ping: no answer', failure('next', PING, dropped, 'identityUnreachable')],
  [
    'openid: 403',
    failure('alpha', OPEN_ID, json(403, 'M_FORBIDDEN'), homeserverRefused, '403 M_FORBIDDEN says'),
  ],
  ['openid: no answer', failure('alpha', OPEN_ID, dropped, homeserverUnreachable)],
  [
    'register: 401',
    failure('next', REGISTER, json(401, 'M_UNAUTHORIZED'), identityRefused, '401 M_UNAUTHORIZED'),
  ],
  ['register: 200 in HTML', failure('next', REGISTER, html(200), identityRefused, '200')],
  ['register: a redirect', failure('next', REGISTER, redirect, homeserverUnreachable)],
  ['terms: 500', failure('next', TERMS_READ, json(500, 'M_UNKNOWN'), 'termsUnreadable', '500 M_UNKNOWN')],
  [
    'terms: none that it wants',
    failure('next', TERMS_READ, html(200), identityRefused, 'M_TERMS_NOT_SIGNED'),
  ],
  ['account: 500', failure('next', ACCOUNT, json(500, 'M_UNKNOWN'), identityRefused, '500 M_UNKNOWN')],
  ['everything: HTML', failure('next', ['*', /./], html(200), identityRefused)],
];

/** After it was confirmed, with terms accepted. */
export const writing: readonly [string, Failure][] = [
  [
    'openid: 403',
    failure('alpha', OPEN_ID, json(403, 'M_FORBIDDEN'), homeserverRefused, '403 M_FORBIDDEN says'),
  ],
  [
    'register: 401',
    failure('next', REGISTER, json(401, 'M_UNAUTHORIZED'), identityRefused, '401 M_UNAUTHORIZED'),
  ],
  ['terms: 403', failure('next', TERMS_ACCEPT, json(403, 'M_FORBIDDEN'), identityRefused, '403 M_FORBIDDEN')],
  ['read: 500', failure('alpha', READ, json(500, 'M_UNKNOWN'), homeserverRefused, '500 M_UNKNOWN says 500')],
  ['read: 404 M_UNRECOGNIZED', failure('alpha', READ, json(404, 'M_UNRECOGNIZED'), homeserverRefused, '404')],
  [
    'PUT: 401',
    failure('alpha', WRITE, json(401, 'M_UNKNOWN_TOKEN'), homeserverRefused, '401 M_UNKNOWN_TOKEN'),
  ],
  [
    'PUT: 403',
    failure('alpha', WRITE, json(403, 'M_FORBIDDEN'), homeserverRefused, '403 M_FORBIDDEN says 403'),
  ],
  [
    'PUT: 429',
    failure('alpha', WRITE, json(429, 'M_LIMIT_EXCEEDED'), homeserverRefused, '429 M_LIMIT_EXCEEDED'),
  ],
  ['PUT: 500', failure('alpha', WRITE, json(500, 'M_UNKNOWN'), homeserverRefused, '500 M_UNKNOWN says 500')],
  ['PUT: 502 in HTML', failure('alpha', WRITE, html(502), homeserverRefused, '502')],
  ['PUT: no answer', failure('alpha', WRITE, dropped, homeserverUnreachable)],
];

/** Answers of 200 that are no account data. */
export const odd: readonly [string, Answer][] = [
  ['HTML', html(200)],
  ['null', (response) => sendJson(response, 200, null)],
  ['a list', (response) => sendJson(response, 200, [])],
];

function failure(
  at: Failure['at'],
  request: Failure['request'],
  answer: Answer,
  says: Message,
  detail = '',
): Failure {
  return { at, request, answer, says, detail };
}
