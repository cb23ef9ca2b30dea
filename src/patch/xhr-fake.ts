/** The answer that an XMLHttpRequest has got from nobody: what its getters say. */
import { replace } from './replace.ts';

export interface Fake {
  readonly status: number;
  readonly text: string;
  readonly url: string;
}

type Say = (fake: Fake, xhr: XMLHttpRequest, args: readonly unknown[]) => unknown;

const TYPE = 'application/json';

const SAYS: Record<string, Say> = {
  status: ({ status }) => status,
  statusText: () => '',
  responseURL: ({ url }) => url,
  responseText: ({ text }, { responseType }) => {
    if (responseType && responseType !== 'text') throw new DOMException('Not text.', 'InvalidStateError');
    return text;
  },
  response: ({ text }, { responseType }) => bodyAs(text, responseType),
  getAllResponseHeaders: () => `content-type: ${TYPE}\r\n`,
  getResponseHeader: (_, __, [name]) => (/^content-type$/i.test(name as string) ? TYPE : null),
};

/**
 * @param fakeOf undefined: it has a real answer, or none yet
 * @returns what undoes it
 */
export function patchFakes(
  prototype: XMLHttpRequest,
  fakeOf: (xhr: object) => Fake | undefined,
): (() => void)[] {
  return Object.keys(SAYS).map((key) =>
    replace(prototype, key, (run, self, args) => {
      const fake = fakeOf(self);
      return fake ? SAYS[key]?.(fake, self as XMLHttpRequest, args) : run(self, args);
    }),
  );
}

function bodyAs(text: string, type: XMLHttpRequestResponseType): unknown {
  if (type === 'json') return JSON.parse(text) as unknown;
  const blob = new Blob([text], { type: TYPE });
  if (type === 'arraybuffer') return new TextEncoder().encode(text).buffer;
  return type === 'blob' ? blob : text;
}
