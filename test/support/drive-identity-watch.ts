// What a client with a UI asked its own SDK to do: its UI often does not show what came back.
import type { Page } from 'puppeteer-core';
import { until } from './drive-page.ts';

interface Call {
  method: string;
  args: unknown[];
  /** One of them is there when the call has ended. */
  value?: unknown;
  error?: string;
  endedAt?: number;
}

declare global {
  interface Window {
    sdkCalls?: Call[];
  }
}

/** From now on the page notes the calls of these methods of its SDK's client, in `sdkCalls`; earlier ones go. */
export async function watchSdk(page: Page, methods: string[]): Promise<void> {
  await page.evaluate((names) => {
    const client = Object(window.mxMatrixClientPeg?.get());
    window.sdkCalls = [];
    for (const method of names) {
      if (Object.hasOwn(client, method)) continue; // is watched since before
      const original = client[method] as (...args: unknown[]) => Promise<unknown>;
      client[method] = function watched(...args: unknown[]) {
        const call: Call = { method, args };
        window.sdkCalls?.push(call);
        const answer = original.apply(this, args);
        answer.then(
          (value) => Object.assign(call, { value: value ?? null, endedAt: Date.now() }),
          (error: unknown) => {
            const [code, status] = ['errcode', 'httpStatus'].map((key) => Reflect.get(Object(error), key));
            const text = [code, status, String(error)].filter(Boolean).join(' ');
            Object.assign(call, { error: text, endedAt: Date.now() });
          },
        );
        return answer;
      };
    }
  }, methods);
}

/**
 * Waits until the method was called with that among its arguments, and has ended; gives its result or rejects with
 * its error. Also rejects when the client gets no further than to a method of `before` that failed.
 */
export async function outcome<T>(page: Page, method: string, about: string, before: string[]): Promise<T> {
  const text = await until(
    page,
    `${method}: answer`,
    (name, wanted, ways) => {
      const calls = window.sdkCalls ?? [];
      const own = calls.findLast(
        (each) => each.method === name && JSON.stringify(each.args).includes(wanted ?? ''),
      );
      if (own) return own.endedAt === undefined ? null : JSON.stringify(own);
      const last = calls.findLast((each) => ways?.split(' ').includes(each.method));
      const stuck = last?.error !== undefined && Date.now() - Number(last.endedAt) > 2000;
      const shown = document.querySelector('.mx_InviteDialog .error, .mx_ErrorDialog')?.textContent;
      const hint = document.querySelector('.mx_AddressPickerDialog_identityServer')?.textContent;
      const error = stuck ? last.error : shown || hint;
      return error ? JSON.stringify({ error }) : null;
    },
    method,
    about,
    before.join(' '),
  );
  const call = JSON.parse(text) as { value: T; error?: string };
  if (call.error !== undefined) throw new Error(`${method}: ${call.error}`);
  return call.value;
}
