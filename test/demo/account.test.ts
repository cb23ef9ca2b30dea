import { describe, expect, it } from 'vitest';
import { account, leaks, type Entry } from './account.ts';
import { table, verdict } from './table.ts';

const client = '/_matrix/client/v3';
const servers = ['portal', 'alpha', 'beta'];
const expected = { portal: 'portal', issuers: new Map([['t', 'alpha']]), home: 'alpha' };

function entry(server: string, line: string, token: string | null = null, status = 200): Entry {
  const [method = '', path = ''] = line.split(' ');
  return { server, method, path, token, status };
}

const login = [
  entry('portal', `GET ${client}/login`),
  entry('portal', `OPTIONS ${client}/login`, null, 204),
  entry('portal', `POST ${client}/login`),
  entry('alpha', `POST ${client}/login`),
];
const session = [
  entry('alpha', 'GET /_matrix/client/versions'),
  entry('alpha', `OPTIONS ${client}/sync`, null, 204),
  entry('alpha', `GET ${client}/sync`, 't'),
];
const media = ['/_matrix/media/v3/download/a/b', '/_matrix/client/v1/media/download/a/b'];
const pictures = [
  entry('alpha', `OPTIONS ${media[1]}`, null, 204),
  entry('alpha', `GET ${media[1]}`, 't'),
  entry('alpha', `GET ${media[0]}`, null, 404),
];
const signOut = [entry('alpha', `POST ${client}/logout`, 't'), entry('portal', `GET ${client}/login`)];

function problems(...extra: Entry[]): readonly string[] {
  return account([...login, ...session, ...extra, ...signOut], servers, expected).problems;
}

describe('the account of the demo', () => {
  it('counts by server and phase, without preflights', () => {
    const result = account([...login, ...session, ...pictures, ...signOut], servers, expected);
    const none = { before: 0, after: 0, withToken: 0, signedOut: 0, media: 0, mediaWithToken: 0 };
    expect(result).toEqual({
      rows: [
        { ...none, server: 'portal', before: 2, signedOut: 1 },
        { ...none, server: 'alpha', before: 1, after: 5, withToken: 3, media: 1, mediaWithToken: 1 },
        { ...none, server: 'beta' },
      ],
      problems: [],
    });
    expect(table(result)).toMatch(/^ {2}alpha +1 +5 +3 +0 +1 +1$/m);
    expect(verdict(result, 'portal')).toBe(
      "  The portal saw 0 requests after the login, 0 of them with the session's token.",
    );
  });

  it('finds a token at the portal, at any time and on any path', () => {
    const sync = entry('portal', `GET ${client}/sync`, 't', 401);
    expect(problems(sync)).toEqual([`portal: GET ${client}/sync (with a token of alpha)`]);
    expect(problems(entry('portal', `GET ${client}/login`, 'unknown'))).toHaveLength(1);
    expect(problems(entry('portal', 'GET /_matrix/client/v1/media/config', 't'))).toHaveLength(1);
    const late = account([...login, ...session, ...signOut, sync], servers, expected);
    expect(late.problems).toHaveLength(1);
    expect(verdict(late, 'portal')).toContain(`\n    portal: GET ${client}/sync (with a token of alpha)`);
    expect(leaks(sync, expected)).toBe(true);
  });

  it('finds a token at the homeserver that has not issued it', () => {
    expect(problems(entry('beta', `GET ${client}/sync`, 't', 401))).toEqual([
      `beta: GET ${client}/sync (with a token of alpha)`,
    ]);
  });

  it('finds a request at the portal without a token, and a preflight', () => {
    for (const line of [`GET ${client}/publicRooms`, `OPTIONS ${client}/sync`, `POST ${client}/refresh`])
      expect(problems(entry('portal', line))).toEqual([`portal: ${line} (between login and sign-out)`]);
  });

  it('finds a picture at the portal, with and without a token', () => {
    for (const path of media) {
      expect(problems(entry('portal', `GET ${path}`))).toEqual([
        `portal: GET ${path} (between login and sign-out)`,
      ]);
      expect(problems(entry('portal', `GET ${path}`, 't'))).toEqual([
        `portal: GET ${path} (with a token of alpha)`,
      ]);
    }
  });

  it("leaves the portal what is the portal's", () => {
    for (const path of [
      '/_matrix/client/versions',
      `${client}/login`,
      `${client}/register`,
      '/_matrix/client/api/v1/login',
      '/.well-known/matrix/client',
    ])
      expect(problems(entry('portal', `GET ${path}`))).toEqual([]);
  });

  it('is not content when nobody came home', () => {
    const nobody = account(login, servers, expected);
    expect(nobody.problems).toEqual(["alpha: no request with the session's token"]);
    const refused = [
      entry('portal', `POST ${client}/login`, null, 403),
      entry('alpha', `POST ${client}/login`, null, 403),
    ];
    expect(account([...refused, ...session], servers, expected).rows[1]).toMatchObject({
      before: 3,
      after: 0,
    });
  });
});
