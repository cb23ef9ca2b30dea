import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EMPTY, reduce, type Session } from '../../src/core/session.ts';
import { digest } from '../../src/owner/digest.ts';
import { createOwner, type Item } from '../../src/owner/owner.ts';
import type { SiteOwner } from '../../src/site/owner.ts';
import type { ToPage, Where } from '../../src/site/messages.ts';

const C = 'https://client.example';
const P = 'https://portal.example';
const T = 'https://hs1.example';
const FILE = '/_matrix/media/v3/download/hs1.example/abc';

interface Page {
  readonly type: string;
  postMessage(message: ToPage, ports: MessagePort[]): void;
}

/** The pages that are open; what they say of a GET. */
const pages = new Map<string, Page>();
const network = vi.fn<(request: Request) => Promise<Response>>(() => Promise.resolve(new Response('{}')));

vi.stubGlobal('fetch', network);
vi.stubGlobal('self', {
  origin: C,
  clients: {
    get: (id: string) => Promise.resolve(pages.get(id)),
    matchAll: () => Promise.resolve([...pages.values()]),
  },
});
const { answer } = await import('../../src/worker/answer.ts');

function page(where: Where | 'silent', type = 'window'): Page {
  return {
    type,
    postMessage(_, [port]) {
      if (where !== 'silent') port?.postMessage(where);
    },
  };
}

async function ownerOf(
  ...sessions: Partial<Session>[]
): Promise<SiteOwner & { call: ReturnType<typeof vi.fn> }> {
  const all = sessions.map((session, index): Session => ({
    id: `s${index}`,
    client: C,
    portal: P,
    named: T,
    namedBy: 'well_known',
    redirected: false,
    standing: { at: 'home' },
    media: true,
    user: '@a:hs1',
    device: null,
    access: [],
    refresh: [],
    began: 1,
    used: index,
    movedFrom: null,
    refused: null,
    superseded: false,
    ...session,
  }));
  const item: Item<typeof EMPTY> = {
    read: () => Promise.resolve({ ...EMPTY, sessions: all }),
    write: () => Promise.resolve(),
  };
  const call = vi.fn<() => Promise<null>>(() => Promise.resolve(null));
  const owner = createOwner(item, reduce, () => undefined);
  return { sessions: owner, accounts: null as never, call: call as never };
}

const home = async (token = 'tHome'): Promise<Partial<Session>> => ({ access: [await digest(token)] });

/** What went out: URL as a server sees it, token. */
const sent = (): (string | null)[][] =>
  network.mock.calls.map(([request]) => [
    request.url.replace(/#.*/, ''),
    request.headers.get('authorization'),
  ]);

beforeEach(() => void network.mockClear());
afterEach(() => pages.clear());

describe('a request without a token', () => {
  const picture = new Request(P + FILE);

  it('goes where the page says, with the token that it says', async () => {
    pages.set('c', page({ url: T + FILE, token: 'tHome' }));
    await answer(picture, 'c', await ownerOf(await home()));
    expect(sent()).toEqual([[T + FILE, 'Bearer tHome']]);
  });

  it('goes as it is where the page says so', async () => {
    pages.set('c', page(null));
    await answer(picture, 'c', await ownerOf(await home()));
    expect(sent()).toEqual([[P + FILE, null]]);
  });

  it.each([
    ['whose page is not there', undefined],
    ['of a worker', page({ url: T + FILE, token: 'tHome' }, 'worker')],
  ])('%s goes home without one', async (_, asker) => {
    if (asker) pages.set('c', asker);
    await answer(picture, 'c', await ownerOf(await home()));
    expect(sent()).toEqual([[`${T}/_matrix/client/v1/media/download/hs1.example/abc`, null]]);
  });

  describe('that a client’s own service worker asks for, nobody knows for whom,', () => {
    const mine = { url: T + FILE, token: 'tHome' };
    it.each<[string, Page[], (string | null)[]]>([
      ['goes where the only page that knows says', [page(null), page(mine)], [T + FILE, 'Bearer tHome']],
      ['goes where all say', [page(mine), page(mine)], [T + FILE, 'Bearer tHome']],
      [
        'gets no token where they do not agree',
        [page(mine), page({ ...mine, token: 'tOther' })],
        [`${T}/_matrix/client/v1/media/download/hs1.example/abc`, null],
      ],
    ])('%s', async (_, open, where) => {
      open.forEach((each, index) => pages.set(`p${index}`, each));
      await answer(picture, '', await ownerOf(await home()));
      expect(sent()).toEqual([where]);
    });
  });

  it('stays where it is sent while nobody is at home elsewhere', async () => {
    await answer(
      picture,
      '',
      await ownerOf({ named: null, standing: { at: 'portal', why: 'names-nothing' } }),
    );
    await answer(picture, '', await ownerOf({ client: 'https://other.example' }));
    expect(sent()).toEqual([
      [P + FILE, null],
      [P + FILE, null],
    ]);
  });
});

describe('a request with a token', () => {
  const sync = (token: string): Request =>
    new Request(`${P}/_matrix/client/v3/sync`, { headers: { Authorization: `Bearer ${token}` } });

  it('goes home with it', async () => {
    await answer(sync('tHome'), '', await ownerOf(await home()));
    expect(sent()).toEqual([[`${T}/_matrix/client/v3/sync`, 'Bearer tHome']]);
  });

  it('of a session that only an open page still knows goes home', async () => {
    let isThere = false;
    const asked = vi.fn<(message: ToPage) => void>(() => {
      isThere = true;
    });
    pages.set('c', {
      type: 'window',
      postMessage(message, [port]) {
        asked(message);
        port?.postMessage(true);
      },
    });
    const owner = await ownerOf(await home());
    const { run } = owner.sessions;
    const deleted = (work: Parameters<typeof run>[0]) =>
      run((state, apply) => work(isThere ? state : EMPTY, apply));
    await answer(sync('tHome'), '', { ...owner, sessions: { run: deleted as typeof run } });
    expect(asked.mock.calls).toEqual([[{ homeward: 'remake' }]]);
    expect(sent()).toEqual([[`${T}/_matrix/client/v3/sync`, 'Bearer tHome']]);
  });

  it("that is nobody's goes where it is sent", async () => {
    await answer(sync('tOther'), '', await ownerOf(await home()));
    expect(sent()).toEqual([[`${P}/_matrix/client/v3/sync`, 'Bearer tOther']]);
  });

  it('of another client of this browser goes where it is sent', async () => {
    await answer(sync('tHome'), '', await ownerOf({ ...(await home()), client: 'https://other.example' }));
    expect(sent()).toEqual([[`${P}/_matrix/client/v3/sync`, 'Bearer tHome']]);
  });

  it('tells when the homeserver does not know it any more', async () => {
    const owner = await ownerOf(await home());
    const body = { errcode: 'M_UNKNOWN_TOKEN', soft_logout: false };
    network.mockResolvedValueOnce(Response.json(body, { status: 401 }));
    await answer(sync('tHome'), '', owner);
    expect(owner.call).toHaveBeenCalledWith('unknownToken', { id: 's0', token: 'tHome' });
  });

  it('waits for a homeserver that is being asked', async () => {
    const sessions = [{ ...(await home()), standing: { at: 'pending' } as Session['standing'] }];
    const owner = await ownerOf(...sessions);
    const { run } = owner.sessions;
    let looks = 0;
    // the third look finds it at home
    const settling = (work: Parameters<typeof run>[0]) =>
      run((state, apply) => {
        looks += 1;
        const standing = looks > 3 ? ({ at: 'home' } as const) : ({ at: 'pending' } as const);
        return work({ ...state, sessions: state.sessions.map((each) => ({ ...each, standing })) }, apply);
      });
    await answer(sync('tHome'), '', { ...owner, sessions: { run: settling as typeof run } });
    expect(looks).toBeGreaterThan(3);
    expect(sent()).toEqual([[`${T}/_matrix/client/v3/sync`, 'Bearer tHome']]);
  });
});

describe('a login by a worker', () => {
  it('stays at the portal, without the token of a session at home, and is learnt', async () => {
    const owner = await ownerOf(await home());
    const said = { user_id: '@b:hs1', access_token: 'tNew', device_id: 'D', well_known: {} };
    network.mockResolvedValueOnce(Response.json(said));
    const login = new Request(`${P}/_matrix/client/v3/login`, {
      method: 'POST',
      headers: { Authorization: 'Bearer tHome' },
      body: JSON.stringify({ type: 'm.login.password' }),
    });
    await answer(login, '', owner);
    expect(sent()).toEqual([[`${P}/_matrix/client/v3/login`, null]]);
    expect(owner.call).toHaveBeenCalledWith('begin', { portal: P, finalUrl: '', body: said });
  });
});
