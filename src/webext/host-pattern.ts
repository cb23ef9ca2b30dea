/**
 * The match pattern of a URL's host. Ports cannot be named: Firefox accepts them in a pattern and then matches nothing
 * (platform.md a).
 */
export function patternOf(url: string): string {
  const { protocol, hostname } = new URL(url);
  return `${protocol}//${hostname}/*`;
}

/** The match pattern of every host by the scheme of a URL. */
export function everyHost(url: string): string {
  return `${new URL(url).protocol}//*/*`;
}
