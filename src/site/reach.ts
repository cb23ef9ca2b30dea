/**
 * Whether a script may be the service worker of a scope: of its own folder and what is below it, as browsers have it
 * (Service Workers, "Register"). Otherwise a file that somebody has uploaded to the site could be had as its worker.
 */
export function reaches({ origin, pathname, href }: URL, scope: string): boolean {
  if (/%2f|%5c/i.test(pathname) || /%2f|%5c/i.test(scope)) return false;
  return new URL(scope).origin === origin && scope.startsWith(new URL('./', href).href);
}
