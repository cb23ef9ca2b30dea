import { describe, expect, it } from 'vitest';
import { PASS, type Route, type Sketch, type Verdict } from '../../src/core/verdict.ts';
import { createDecisions } from '../../src/page/decisions.ts';
import endpoints from '../data/endpoints.json' with { type: 'json' };

const P = 'https://portal.example';
const T = 'https://hs1.example/base';
const route: Route = { id: 's', portal: P, target: T, pending: false, media: true };
const sketch = (url: string, extra: Partial<Sketch> = {}): Sketch => ({
  method: 'GET',
  url,
  page: 'https://app.example/',
  token: null,
  body: undefined,
  sync: false,
  ruled: false,
  ...extra,
});
const send: Extract<Verdict, { act: 'send' }> = {
  act: 'send',
  url: `${T}/_matrix/client/v3/sync`,
  dropToken: false,
  addToken: null,
  watch: null,
  uses: null,
  orPortal: null,
};

/** Without the time. */
function noted(request: Sketch, verdict: Verdict): string[] {
  const decisions = createDecisions();
  decisions.note(request, verdict);
  return decisions.all().map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''));
}

describe('what is remembered of a decision', () => {
  it.each<[string, Verdict, string]>([
    ['passes', PASS, 'passes'],
    ['passes at home', { ...PASS, uses: route }, 'passes, its session is there'],
    ['passes past the net', { ...PASS, marked: `${P}/x#hw-pass` }, 'passes, past the net'],
    ['goes', send, `goes to ${T}`],
    ['goes with a token', { ...send, addToken: 'syt_secret' }, `goes to ${T}, with its token`],
    ['goes without', { ...send, dropToken: true }, `goes to ${T}, without the token`],
    ['waits for the background', { act: 'hold', until: { for: 'ready' } }, 'waits for the background'],
    [
      'waits for an owner',
      { act: 'hold', until: { for: 'token', token: 'syt_secret', base: P } },
      "waits for its token's session",
    ],
    ['waits for the check', { act: 'hold', until: { for: 'target', route } }, 'waits for the check'],
    ['is ruled', { act: 'rule', session: 's' }, 'the account decides'],
    ['is read', { act: 'read' }, 'its body decides'],
    ['is answered', { act: 'answer', status: 403, text: '{"errcode":"secret"}' }, 'answered 403'],
    ['is refused', { act: 'refuse' }, 'refused'],
  ])('%s', (_, verdict, told) => {
    expect(noted(sketch(`${P}/_matrix/client/v3/sync?since=1`, { token: 'syt_secret' }), verdict)).toEqual([
      `GET ${P} client/v3/sync (token): ${told}`,
    ]);
  });

  it('whether it had a token', () => {
    expect(noted(sketch('//portal.example/_matrix/client/r0/sync', { method: 'HEAD' }), PASS)).toEqual([
      `HEAD ${P} client/r0/sync (no token): passes`,
    ]);
  });

  it.each([`${P}/index.html`, 'data:text/plain,x', 'http://[', `${P}/.well-known/matrix/client`])(
    'nothing of what is not Matrix’s: %s',
    (url) => expect(noted(sketch(url), PASS)).toEqual([]),
  );

  it('is the last 50, the newest last', () => {
    const decisions = createDecisions();
    for (let n = 0; n < 120; n += 1) decisions.note(sketch(`${P}/_matrix/client/v${n % 90}/sync`), PASS);
    expect(decisions.all()).toHaveLength(50);
    expect(decisions.all().at(-1)).toContain(`/v${119 % 90}/`);
    expect(decisions.all()[0]).toContain(`/v${70 % 90}/`);
  });

  it('is a line of bounded length, whatever is asked', () => {
    const [line = ''] = noted(sketch(`${P}/_matrix/${'client/'.repeat(5000)}`), PASS);
    expect(line.length).toBeLessThan(300);
  });
});

/** Realistic values of what paths name. */
const IDS: Readonly<Record<string, string>> = {
  roomId: '!aSecretRoom:secret.example',
  roomIdOrAlias: '%23a_secret_alias:secret.example',
  roomAlias: '%23a_secret_alias:secret.example',
  userId: '@secret_user:secret.example',
  eventId: '$secretEventId-x_y',
  parentEventId: '$secretEventId-x_y',
  deviceId: 'SECRETDEVICE',
  serverName: 'secret.example',
  mediaId: 'AbCsecretDeF',
  fileName: 'secret%20letter.pdf',
  txnId: 'm1700000000.secret',
  stateKey: '@secret_user:secret.example',
  sessionId: 'c2VjcmV0L3Nlc3Npb24',
  version: '7secret',
  filterId: '7secret',
  rendezvousId: 'SECRET-5',
};
const SECRET = /secret/i;

describe('nobody and nothing is named', () => {
  it.each(endpoints.endpoints.map(({ method, paths }) => [method, paths[0] ?? ''] as const))(
    '%s %s',
    (method, template) => {
      const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => IDS[name] ?? 'Secret.1');
      const url = `${P}${path}?access_token=syt_secret&q=secret#secret`;
      const lines = noted(sketch(url, { method, token: 'syt_secret' }), {
        ...send,
        url: T + path,
        addToken: 'syt_secret',
      });
      expect(lines.filter((line) => SECRET.test(line.replace('secret_storage', '')))).toEqual([]);
    },
  );

  it('nor by what is encoded, or by case', () => {
    const url = `${P}/_matrix/client/v3/rooms/%21SECRET%3Ax/%73ecret%2Fsecret`;
    expect(noted(sketch(url), PASS).join('\n')).not.toMatch(SECRET);
  });

  it('nor by a user name and password in the URL', () => {
    const url = 'https://secret:secret@portal.example/_matrix/client/v3/sync';
    expect(noted(sketch(url), PASS).join('\n')).not.toMatch(SECRET);
  });

  // of small letters only, as people and clients choose them
  it.each([
    ['the keyword of a push rule', 'client/v3/pushrules/global/content/secret'],
    ['a device', 'client/v3/devices/secret_phone'],
    ['the server of a file', 'media/v3/download/secret/AbC'],
    ['the id of a file', 'media/v3/download/x.example/secret'],
    ['a state key', 'client/v3/rooms/!r:x/state/m.room.member/secret'],
    ['a tag', 'client/v3/user/@a:b/rooms/!r:x/tags/secret'],
    ['a user without a server', 'client/r0/profile/secret'],
  ])('nor in plain small words: %s', (_, path) => {
    expect(noted(sketch(`${P}/_matrix/${path}`), PASS).join('\n')).not.toMatch(SECRET);
  });
});
