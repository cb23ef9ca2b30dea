import { describe, expect, it } from 'vitest';
import { Recorder, type Recorded } from '../support/recorder.ts';
import { identityAccount, type IdentityAccount } from './identity-account.ts';
import { identityTable } from './identity-table.ts';
import { IdentityWitness } from './identity-witness.ts';

const servers = ['is0', 'is1', 'is2'].map((name) => ({ name, idServer: `${name}.localhost:1` }));
const client = '/_matrix/client/v3';
const data = `/user/%40alice%3Aalpha/account_data/m.identity_server`;
const v2 = '/_matrix/identity/v2';

type Extra = Partial<Pick<Recorded, 'status' | 'token' | 'origin' | 'body'>>;

/** `is1: GET /path`, answered at once. */
function arrive(witness: Recorder, line: string, { status = 200, ...extra }: Extra = {}): void {
  const [, server = '', method = '', path = ''] = /^(\w+): (\w+) (.*)$/.exec(line) ?? [];
  const token = { token: null, tokenIn: null };
  const from = { origin: 'http://client.localhost', dest: 'empty' };
  const more = { ...from, status: null, broken: false, body: '', ...extra };
  const recorded = witness.add({ at: 0, server, method, url: path, path, ...token, ...more });
  recorded.status = status;
}

const login = [`alpha: POST ${client}/login`, `portal: POST ${client}/login`];
const read = `alpha: GET ${client}${data}`;
const lookup = (server: string): string => `${server}: POST ${v2}/lookup`;

/** What an account that names this server comes to, when these requests arrive. */
function after(allowed: string | null, ...lines: (string | [string, Extra])[]): IdentityAccount {
  const witness = new IdentityWitness('is0', (userId) => (userId === '@alice:alpha' ? allowed : 'is2'));
  for (const line of lines) {
    if (line === 'reload') witness.reopened();
    else if (typeof line === 'string') arrive(witness, line);
    else arrive(witness, ...line);
  }
  return identityAccount(witness.noted, servers);
}

describe('the account of the identity servers', () => {
  it('counts by server and by what could be known', () => {
    const ping = `is0: GET ${v2}`;
    const bind = { body: JSON.stringify({ id_server: 'is1.localhost:1' }) };
    const result = after(
      'is1',
      ping,
      ...login,
      read,
      `is1: OPTIONS ${v2}/lookup`,
      lookup('is1'),
      lookup('is1'),
      [`alpha: POST ${client}/account/3pid/bind`, bind],
    );
    const none = { before: 0, unknown: 0, known: 0, byHomeserver: 0, named: 0 };
    expect(result).toMatchObject({
      rows: [
        { ...none, server: 'is0', before: 1 },
        { ...none, server: 'is1', known: 2, named: 1 },
        { ...none, server: 'is2' },
      ],
      reads: 1,
      writes: 0,
      problems: [],
    });
    expect(identityTable(result)).toMatch(/^ {2}is1 +0 +0 +2 +0 +1$/m);
    expect(identityTable(result)).toContain('\n  is1: POST v2/lookup ×2');
  });

  it.each([
    ['is1', 'is0', 'the account has is1'],
    ['is1', 'is2', 'the account has is1'],
    ['is0', 'is1', 'the account has is0'],
    [null, 'is0', 'the account has none'],
    [null, 'is1', 'the account has none'],
  ])('finds, where the account has %s, a request at %s', (allowed, asked, why) => {
    const found = [`${asked}: POST ${v2}/lookup (${why})`];
    expect(after(allowed, ...login, read, lookup(asked)).problems).toEqual(found);
    const byHomeserver = after(allowed, ...login, read, [lookup(asked), { origin: null }]);
    expect(byHomeserver.problems).toEqual(found);
    const preflight = after(allowed, ...login, read, `${asked}: OPTIONS ${v2}/lookup`);
    expect(preflight.problems).toEqual([`${asked}: OPTIONS ${v2}/lookup (${why})`]);
  });

  it('finds a request before the account data was known, after a login and after a reload', () => {
    const found = [`is1: POST ${v2}/lookup (before the account data was known)`];
    expect(after('is1', ...login, lookup('is1'), read).problems).toEqual(found);
    expect(after('is1', ...login, [read, { status: 500 }], lookup('is1')).problems).toEqual(found);
    expect(after('is1', ...login, read, 'reload', lookup('is1')).problems).toEqual(found);
    expect(after('is1', ...login, read, 'reload', read, lookup('is1')).problems).toEqual([]);
    const out = after('is1', ...login, read, `alpha: POST ${client}/logout`, lookup('is1'));
    expect(out.problems).toEqual([`is1: POST ${v2}/lookup (while nobody was signed in)`]);
  });

  it('finds a write of account data, wherever it arrived', () => {
    for (const server of ['alpha', 'portal']) {
      const result = after('is1', ...login, read, `${server}: PUT ${client}${data}`);
      expect(result).toMatchObject({ writes: 1, reads: 1 });
      expect(result.problems).toEqual([`${server}: PUT ${client}${data} (account data was written)`]);
    }
  });

  it('finds a body that names another server', () => {
    const invite = `alpha: POST ${client}/rooms/r/invite`;
    const body = { body: JSON.stringify({ id_server: 'is0.localhost:1' }) };
    for (const allowed of ['is1', null]) {
      const { problems, rows } = after(allowed, ...login, read, [invite, body]);
      expect(problems).toEqual([`${invite} (names is0.localhost:1)`]);
      expect(rows[0]).toMatchObject({ named: 1 });
    }
    expect(after('is0', ...login, read, [invite, body]).problems).toEqual([]);
  });

  it('finds a token at a server that it is not of', () => {
    const sync = `alpha: GET ${client}/sync`;
    const session = after('is1', ...login, read, [sync, { token: 's' }], [lookup('is1'), { token: 's' }]);
    expect(session.problems).toEqual([`is1: POST ${v2}/lookup (with a token of alpha)`]);
    const other = after('is1', ...login, read, [lookup('is1'), { token: 't' }], [sync, { token: 't' }]);
    expect(other.problems).toEqual([`alpha: GET ${client}/sync (with a token of is1)`]);
  });
});
