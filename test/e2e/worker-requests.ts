/** Requests that are watched from both ends: the page's and the server's. */
import type { Page } from 'puppeteer-core';
import type { Homeserver } from '../support/homeserver.ts';
import type { Way } from './page-calls.ts';

/** Keeps the server's answer back; says when the browser has closed the connection. */
export function keepBack(home: Homeserver, path: string): () => string[] {
  const seen: string[] = [];
  home.faults.intercept = (_request, response, at) => {
    if (at !== path) return false;
    seen.push('arrived');
    response.once('close', () => seen.push('closed'));
    return true;
  };
  return () => seen;
}

export function startAndAbort(by: Way, url: string, headers: Record<string, string>): void {
  const kept = window as unknown as { abortIt(): void; ended: string };
  kept.ended = '';
  const end = (how: string): void => {
    kept.ended = how;
  };
  if (by === 'fetch') {
    const controller = new AbortController();
    kept.abortIt = () => controller.abort();
    fetch(url, { headers, signal: controller.signal }).then(
      () => end('answered'),
      (error: Error) => end(error.name),
    );
  } else {
    const xhr = new XMLHttpRequest();
    kept.abortIt = () => xhr.abort();
    xhr.open('GET', url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.addEventListener('loadend', () => end('AbortError'));
    xhr.send();
  }
}

export interface Uploaded {
  /** One after the other, repeated ones once. */
  readonly events: string[];
  readonly loaded: number;
  readonly total: number;
  readonly status: number;
}

export function upload(url: string, headers: Record<string, string>, size: number): Promise<Uploaded> {
  const xhr = new XMLHttpRequest();
  const seen = { events: [] as string[], loaded: 0, total: 0, status: 0 };
  for (const type of ['loadstart', 'progress', 'load', 'loadend', 'error', 'abort'] as const) {
    xhr.upload.addEventListener(type, ({ loaded, total }) => {
      if (seen.events.at(-1) !== type) seen.events.push(type);
      Object.assign(seen, { loaded, total });
    });
  }
  xhr.open('POST', url);
  for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
  return new Promise((resolve) => {
    xhr.addEventListener('loadend', () => resolve({ ...seen, status: xhr.status }));
    xhr.send(new Uint8Array(size));
  });
}

/**
 * By what Chromium had the requests to a path answered, as far as it has noted them: 'network' is its static routes,
 * without the worker (`workerStart` is then the time of the look at the routes).
 */
export function sourcesOf(page: Page, path: string): Promise<string[]> {
  return page.evaluate((wanted) => {
    const all = performance
      .getEntriesByType('resource')
      .filter(({ name }) => new URL(name).pathname === wanted);
    return all.map(
      (each) => (each as unknown as { workerMatchedSourceType: string }).workerMatchedSourceType,
    );
  }, path);
}

/** Milliseconds for each of so many requests, one after the other. */
export function timeOf(page: Page, path: string, count: number): Promise<number> {
  return page.evaluate(
    async (url, times) => {
      const before = performance.now();
      for (let each = 0; each < times; each += 1) await (await fetch(`${url}?${each}`)).text();
      return (performance.now() - before) / times;
    },
    path,
    count,
  );
}
