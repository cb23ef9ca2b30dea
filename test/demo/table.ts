/** The account as text. */
import type { Account, Row } from './account.ts';

const columns: readonly (readonly [title: string, value: (row: Row) => number])[] = [
  ['before login', (row) => row.before],
  ['after login', (row) => row.after],
  ["of these with the session's token", (row) => row.withToken],
  ['after sign-out', (row) => row.signedOut],
];

export function table({ rows }: Account): string {
  const first = Math.max(...rows.map(({ server }) => server.length));
  const lines = [
    ['requests'.padEnd(first), ...columns.map(([title]) => title)],
    ...rows.map((row) => [
      row.server.padEnd(first),
      ...columns.map(([title, value]) => String(value(row)).padStart(title.length)),
    ]),
  ];
  return lines.map((cells) => `  ${cells.join('   ')}`).join('\n');
}

/** One line on the portal, and then one for each problem. */
export function verdict({ rows, problems }: Account, portal: string): string {
  const row = rows.find(({ server }) => server === portal);
  const count = `The portal saw ${row?.after ?? 0} requests after the login,`;
  const lines = [`  ${count} ${row?.withToken ?? 0} of them with the session's token.`];
  if (problems.length > 0) lines.push('  Not right:', ...problems.map((problem) => `    ${problem}`));
  return lines.join('\n');
}
