/** A client's dedicated worker that asks servers by itself, seen by no page code. Its page keeps what it says. */
import type { Page } from 'puppeteer-core';
import { until } from '../support/drive-page.ts';
import { INDEX } from './lab.ts';

export const workerWays = ['fetch', 'fetch of a Request', 'xhr'] as const;

export interface Task {
  readonly url: string;
  /** default: fetch */
  readonly by?: (typeof workerWays)[number];
  /** default: GET */
  readonly method?: string;
  readonly token?: string;
  /** An expression in the worker, which has `bytes(size)`; default: there is none. */
  readonly body?: string;
}

interface Kept {
  dedicated: Worker;
  said: string[];
}

const SCRIPT = `
  const bytes = (size) => Uint8Array.from({ length: size }, (_, index) => (index * 31) % 251);
  const say = (line) => self.postMessage(line);
  let stop = () => undefined;

  const byXhr = (url, { method, headers, body }) => {
    const xhr = new XMLHttpRequest();
    stop = () => xhr.abort();
    xhr.addEventListener('abort', () => say('AbortError'));
    xhr.addEventListener('error', () => say('error'));
    xhr.addEventListener('readystatechange', () => {
      if (xhr.readyState === 2) say(String(xhr.status));
    });
    xhr.addEventListener('load', () => say('end'));
    xhr.open(method, url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.send(body);
  };

  const byFetch = async (url, given, isRequest) => {
    const controller = new AbortController();
    stop = () => controller.abort();
    const init = { ...given, signal: controller.signal };
    const response = await (isRequest ? fetch(new Request(url, init)) : fetch(url, init));
    say(String(response.status));
    const reader = response.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      say(new TextDecoder().decode(part.value));
    }
    say('end');
  };

  self.onmessage = ({ data }) => {
    if (data === 'stop') return stop();
    const { url, by, method = 'GET', token, body = 'undefined' } = data;
    const headers = token ? { Authorization: 'Bearer ' + token } : {};
    const init = { method, headers, body: new Function('bytes', 'return ' + body)(bytes) };
    if (by === 'xhr') byXhr(url, init);
    else byFetch(url, init, by === 'fetch of a Request').catch((error) => say(error.name));
  };
`;

export const askerFiles: Readonly<Record<string, string>> = { '/index.html': INDEX, '/asker.js': SCRIPT };

/** What it says then: a status, by fetch the parts of the answer and `end`, or the name of an error. */
export async function startInWorker(page: Page, task: Task): Promise<void> {
  await page.evaluate((given) => {
    const kept = window as unknown as Kept;
    kept.said = [];
    kept.dedicated = new Worker('/asker.js');
    kept.dedicated.addEventListener('message', ({ data }) => kept.said.push(String(data)));
    kept.dedicated.addEventListener('error', () => kept.said.push('no worker'));
    kept.dedicated.postMessage(given, []);
  }, task);
}

/** In order. */
export function said(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as Kept).said);
}

/** The worker aborts what it asks for. */
export async function abortInWorker(page: Page): Promise<void> {
  await page.evaluate(() => (window as unknown as Kept).dedicated.postMessage('stop', []));
}

/** The page ends its worker. */
export async function endWorker(page: Page): Promise<void> {
  await page.evaluate(() => (window as unknown as Kept).dedicated.terminate());
}

/** @returns the status, or the name of the error */
export async function askInWorker(page: Page, task: Task): Promise<string> {
  await startInWorker(page, task);
  return until(page, `${task.url} by a worker`, () => (window as unknown as Kept).said[0]);
}
