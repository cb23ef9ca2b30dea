/** The entry of the npm package, for the build of whoever hosts a client: it lies beside the files that it tells of. */
import type * as Entry from './index.d.ts';

/** Of package.json: the build puts it in. */
declare const VERSION: string;

const NAMES = ['homeward.js', 'homeward-sw.js', 'homeward-settings.js', 'homeward.html'];

/** Windows has its drive after the first slash. */
function pathOf({ pathname }: URL): string {
  return decodeURIComponent(pathname).replace(/^\/(?=[A-Za-z]:\/)/, '');
}

export const files: typeof Entry.files = NAMES.map((name) => pathOf(new URL(name, import.meta.url)));
export const version: typeof Entry.version = VERSION;
