/** Parsers for what crosses a border between contexts: `unknown` in, a typed value out, or a throw that drops it. */

export type Parser<T> = (value: unknown) => T;

export class WireError extends TypeError {}

export function string(max: number): Parser<string> {
  return (value) => (typeof value === 'string' && value.length <= max ? value : fail());
}

export const number: Parser<number> = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? value : fail();

export const boolean: Parser<boolean> = (value) => (typeof value === 'boolean' ? value : fail());

/** For a value that its reader takes apart itself. */
export const anything: Parser<unknown> = (value) => value;

export function oneOf<const T extends string>(...values: readonly T[]): Parser<T> {
  return (value) => values.find((each) => each === value) ?? fail();
}

export function nullable<T>(parser: Parser<T>): Parser<T | null> {
  return (value) => (value === null || value === undefined ? null : parser(value));
}

export function list<T>(parser: Parser<T>, max: number): Parser<T[]> {
  return (value) =>
    Array.isArray(value) && value.length <= max ? value.map((each) => parser(each)) : fail();
}

/** An object's own properties only: a page may have put getters on `Object.prototype`. */
export function object<T>(shape: { readonly [K in keyof T]: Parser<T[K]> }): Parser<T> {
  return (value) => {
    if (typeof value !== 'object' || value === null) return fail();
    const result = { __proto__: null } as unknown as T;
    for (const key of Object.keys(shape) as (keyof T & string)[]) {
      const own: unknown = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
      result[key] = shape[key](own);
    }
    return result;
  };
}

export const nothing: Parser<null> = () => null;

function fail(): never {
  throw new WireError('a message of an unexpected shape');
}
