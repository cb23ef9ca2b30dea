/**
 * Puts a `Proxy` in the place of a native function: same name, length, properties, `toString` text and errors; only a
 * call is seen. Published interceptors that use a plain function or rebuild requests break hundreds of
 * web-platform-tests; a Proxy breaks none (conformance.md).
 */
import { apply, defineProperty, getOwnPropertyDescriptor } from './natives.ts';

type Run = (self: object, args: readonly unknown[]) => unknown;

/**
 * @param owner object that has the method or accessor as its own property
 * @param key a method, or an accessor whose getter is replaced
 * @returns undoes it, unless somebody else has replaced it since
 */
export function replace(
  owner: object,
  key: string,
  call: (native: Run, self: object, args: unknown[]) => unknown,
): () => void {
  const descriptor = getOwnPropertyDescriptor(owner, key) ?? {};
  const slot = descriptor.get ? 'get' : 'value';
  const native = descriptor[slot] as () => unknown;
  const run: Run = (self, args) => apply(native, self, args);
  // no prototype: a page may have put other traps on Object.prototype
  const handler = {
    __proto__: null,
    apply: (_: unknown, self: object, args: unknown[]) => call(run, self, args),
  };
  const proxy = new Proxy(native, handler);
  defineProperty(owner, key, { ...descriptor, [slot]: proxy });
  return () => {
    if (getOwnPropertyDescriptor(owner, key)?.[slot] === proxy) defineProperty(owner, key, descriptor);
  };
}
