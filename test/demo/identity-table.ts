/** The account of the identity servers as text. */
import type { Account } from './account.ts';
import type { IdentityAccount, IdentityRow } from './identity-account.ts';
import { grid, listed, verdict } from './table.ts';

const columns: readonly (readonly [title: string, value: (row: IdentityRow) => number])[] = [
  ['nobody signed in', (row) => row.before],
  ['account data not yet known', (row) => row.unknown],
  ['known', (row) => row.known],
  ['asked by a homeserver', (row) => row.byHomeserver],
  ['named to a homeserver', (row) => row.named],
];

export function identityTable({ rows }: IdentityAccount): string {
  const asked = rows
    .filter((row) => row.asked.size > 0)
    .map((row) => `  ${row.server}: ${[...row.asked].map(([what, times]) => often(what, times)).join(', ')}`);
  return [
    grid([
      ['requests', ...columns.map(([title]) => title)],
      ...rows.map((row) => [row.server, ...columns.map(([, value]) => String(value(row)))]),
    ]),
    ...asked,
  ].join('\n');
}

/** On the account data and on the portal, and then a line for each problem. */
export function identityVerdict(
  { reads, writes }: IdentityAccount,
  requests: Account,
  problems: readonly string[],
): string {
  return [
    `  Account data: ${reads} reads of m.identity_server, ${writes} writes.`,
    verdict({ rows: requests.rows, problems: [] }, 'portal'),
    ...listed(problems),
  ].join('\n');
}

function often(what: string, times: number): string {
  return times === 1 ? what : `${what} ×${times}`;
}
