/** The account as text. */
import type { Account, Row } from './account.ts';

const columns: readonly (readonly [title: string, value: (row: Row) => number])[] = [
  ['before login', (row) => row.before],
  ['after login', (row) => row.after],
  ["of these with the session's token", (row) => row.withToken],
  ['after sign-out', (row) => row.signedOut],
  ['media without a token', (row) => row.media],
  ['with one', (row) => row.mediaWithToken],
];

export function table({ rows }: Account): string {
  return grid([
    ['requests', ...columns.map(([title]) => title)],
    ...rows.map((row) => [row.server, ...columns.map(([, value]) => String(value(row)))]),
  ]);
}

/** The first line has the titles; what is below the first of them is text, the rest numbers. */
export function grid(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]?.map((_title, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  return lines
    .map((cells) =>
      cells.map((cell, column) =>
        column === 0 ? cell.padEnd(widths?.[column] ?? 0) : cell.padStart(widths?.[column] ?? 0),
      ),
    )
    .map((cells) => `  ${cells.join('   ')}`)
    .join('\n');
}

/** One line on the portal, and then one for each problem. */
export function verdict({ rows, problems }: Account, portal: string): string {
  const row = rows.find(({ server }) => server === portal);
  const count = `The portal saw ${row?.after ?? 0} requests after the login,`;
  const lines = [`  ${count} ${row?.withToken ?? 0} of them with the session's token.`];
  return [...lines, ...listed(problems)].join('\n');
}

export function listed(problems: readonly string[]): string[] {
  return problems.length > 0 ? ['  Not right:', ...problems.map((problem) => `    ${problem}`)] : [];
}
