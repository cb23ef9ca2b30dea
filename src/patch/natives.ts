/**
 * The platform as it was before any script of the page ran. This module is evaluated first; what a page replaces later
 * does not reach us.
 */
export const { apply, defineProperty, getOwnPropertyDescriptor } = Reflect;
const { fetch } = window;
export const { Request, Response, Headers } = window;
export const promiseThen = Promise.prototype.then;
const requestUrl = getter(Request.prototype, 'url');
export const { open, send, setRequestHeader } = XMLHttpRequest.prototype;
export const { dispatchEvent, addEventListener } = EventTarget.prototype;

export function nativeFetch(...args: unknown[]): Promise<Response> {
  return apply(fetch, window, args) as Promise<Response>;
}

/** The URL of a `Request`, of whatever realm; null for anything else, whatever it pretends to be. */
export function urlOfRequest(value: unknown): string | null {
  try {
    return apply(requestUrl, value, []) as string;
  } catch {
    return null;
  }
}

export function getter(owner: object, key: string): () => unknown {
  return getOwnPropertyDescriptor(owner, key)?.get as () => unknown;
}
