/** Values that servers and pages hand us. */

/** What may be an access token: printable ASCII, so that it fits in a header. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,4096}$/.test(value);
}

/** An own property of a JSON object, else undefined. */
export function field(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value ? value : null;
}
