/** What an XMLHttpRequest does natively between `send()` and its end, for one that is held. */
import { apply, dispatchEvent } from './natives.ts';

export type Body = Exclude<XMLHttpRequestBodyInit, ReadableStream> | Document | null | undefined;

export type Ending = 'abort' | 'timeout' | 'error' | 'load';

/**
 * Ends a request that never went out, with the events a sent one gives
 * (https://xhr.spec.whatwg.org/#request-error-steps). They are not `isTrusted`: no native end can be had without a
 * request.
 */
export function end(xhr: XMLHttpRequest, kind: Ending, hasBody: boolean): void {
  const fire = (target: EventTarget, type: string): void => {
    apply(dispatchEvent, target, [new (type === 'readystatechange' ? Event : ProgressEvent)(type)]);
  };
  const upload = hasBody ? xhr.upload : new EventTarget();
  fire(xhr, 'loadstart');
  fire(upload, 'loadstart');
  fire(xhr, 'readystatechange');
  for (const target of [upload, xhr]) {
    fire(target, kind);
    fire(target, 'loadend');
  }
}

/** A copy of a body that the page may change after `send()` returned. */
export function snapshot(body: Body): Body {
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return new Blob([body]);
  if (body instanceof URLSearchParams) return new URLSearchParams(body);
  if (body instanceof Document) return body.cloneNode(true) as Document;
  if (!(body instanceof FormData)) return body ?? null;
  const copy = new FormData();
  for (const [name, value] of body) copy.append(name, value as string);
  return copy;
}

/** The text of a body that may route a request: at once for a string, later for a Blob; null for what cannot. */
export function textOf(body: Body): string | Promise<string> | null {
  if (body instanceof Blob) return body.text();
  return typeof body === 'string' ? body : null;
}
