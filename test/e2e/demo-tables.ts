/** What the demos print of their servers, and what is right. */

/** A table's lines, one for each server. */
export function rows(output: string, line: RegExp): string[] {
  return [...output.matchAll(line)].map(([, row = '']) => row.replaceAll(/ +/g, ' '));
}

/** Identity servers: nobody signed in, not yet known, known, asked by and named to a homeserver. */
export const identityRows = (output: string): string[] => rows(output, /^ {2}(is\d(?: +\d+){5})$/gm);

const nobody = (server: string): string => `${server} 0 0 0 0 0`;

/** The account names none, a usable one, null, no URL, and one that changes. */
export const STATES: readonly string[] = [
  ['is0 0 0 8 0 1', nobody('is1'), nobody('is2')],
  [nobody('is0'), 'is1 0 0 8 0 1', nobody('is2')],
  [nobody('is0'), nobody('is1'), nobody('is2')],
  [nobody('is0'), nobody('is1'), nobody('is2')],
  [nobody('is0'), 'is1 0 0 5 0 1', 'is2 0 0 5 0 1'],
].flat();

/** At real servers. */
export const REAL_STATES: readonly string[] = [
  nobody('is0'),
  'is1 0 0 6 1 1',
  nobody('is0'),
  'is1 0 0 6 0 0',
];

export const RIGHT = /\n\nOnly those were asked that should be\.\n$/;
