import { describe, expect, it } from 'vitest';
import { identityHandlers } from '../../src/owner/identity-calls.ts';
import { createOwner } from '../../src/owner/owner.ts';
import { NO_ACCOUNTS, reduceIdentity, type IdentityState } from '../../src/core/account.ts';
import { EMPTY, reduce, type State } from '../../src/core/session.ts';
import type { StorageItem } from '../../src/webext/storage-item.ts';
import { identityReplies, type IdentityRuling } from '../../src/wire/identity.ts';
import { ask, D, disabled, going, refused, session, X, Y } from './identity-scene.ts';

const CLIENT = 'https://app.example';
const EVIL = 'https://evil.example';
const IS = '_matrix/identity/v2';

function inMemory<T>(initial: T): StorageItem<T> & { now: T } {
  const item = {
    now: initial,
    read: () => Promise.resolve(item.now),
    write: (value: T) => {
      item.now = value;
      return Promise.resolve();
    },
  };
  return item;
}

/** A background with so many sessions of the client. */
function open(count = 1) {
  const sessions = Array.from({ length: count }, (_, i) => session(i + 1));
  const accounts = inMemory<IdentityState>(NO_ACCOUNTS);
  const handlers = identityHandlers(
    createOwner(inMemory<State>({ ...EMPTY, sessions }), reduce, () => undefined),
    createOwner(accounts, reduceIdentity, () => undefined),
  );
  /** By its short form: a client that calls `METHOD URL`, perhaps with a token. */
  const rule = (line: string, extra: Partial<Parameters<typeof ask>[1]> = {}): Promise<IdentityRuling> =>
    handlers.rule(ask(line, extra), CLIENT);
  const read = (content: unknown, at = 1, status = 200): Promise<boolean> =>
    handlers.read({ id: 's1', status, body: content, at, mine: false }, CLIENT);
  return { ...handlers, ask: rule, read, told: handlers.read, accounts };
}

describe('what a document reads of an account', () => {
  it('ends the wait of its requests', async () => {
    const { ask: rule, read } = open();
    expect(await rule(`POST ${D}/${IS}/lookup`)).toMatchObject({ wait: 8000 });
    expect(await read({ errcode: 'M_UNRECOGNIZED' }, 1, 404)).toBe(false);
    expect(await rule(`POST ${D}/${IS}/lookup`)).toMatchObject({ wait: 8000 });
    expect(await read({ base_url: X })).toBe(true);
    expect(await rule(`POST ${D}/${IS}/lookup`)).toMatchObject(going(`${X}/${IS}/lookup`));
    expect(await read({ base_url: null }, 2)).toBe(true);
    expect(await rule(`POST ${D}/${IS}/lookup`)).toMatchObject(refused(403, 'M_FORBIDDEN'));
  });

  it.each<[string, string, string]>([
    ['another client', 's1', EVIL],
    ['no session', 'gone', CLIENT],
  ])('of %s changes nothing', async (_, id, client) => {
    const { told, accounts } = open();
    expect(await told({ id, status: 200, body: { base_url: null }, at: 1, mine: false }, client)).toBe(false);
    expect(accounts.now).toBe(NO_ACCOUNTS);
  });

  it('at a time to come does not outlast the next', async () => {
    const { read, accounts } = open();
    await read({ base_url: X }, Number.MAX_SAFE_INTEGER);
    await read({ base_url: null }, Date.now() + 5);
    expect(accounts.now.accounts[0]?.identity).toEqual(disabled);
  });
});

describe('a client without sessions', () => {
  it('is not touched', async () => {
    const { ask: rule, accounts } = open(0);
    expect(await rule(`POST ${D}/${IS}/lookup`)).toMatchObject({ ...going(null), body: null, note: null });
    expect(accounts.now).toBe(NO_ACCOUNTS);
  });

  it('shows which server is its own', async () => {
    const { passed, accounts } = open(0);
    await passed({ base: D }, CLIENT);
    await passed({ base: Y }, CLIENT);
    expect(accounts.now.defaults).toEqual([{ client: CLIENT, base: D }]);
  });
});

describe('a user who has no identity server', () => {
  it('gets nothing at the client’s own, and may try out another', async () => {
    const { ask: rule, read, accounts } = open();
    await read({ base_url: null });
    const none = refused(403, 'M_FORBIDDEN');
    for (const path of ['', '/account/register', '/terms', '/lookup']) {
      expect(await rule(`POST ${D}/${IS}${path}`)).toMatchObject(none);
    }
    expect(accounts.now.accounts[0]?.candidate).toBeNull();
    for (const line of [
      `GET ${Y}/${IS}`,
      `POST ${Y}/${IS}/account/register`,
      `GET ${Y}/${IS}/account`,
      `GET ${Y}/${IS}/terms`,
      `POST ${Y}/${IS}/terms`,
    ]) {
      expect(await rule(line)).toMatchObject(going(null));
    }
    expect(await rule(`POST ${Y}/${IS}/lookup`)).toMatchObject(none);
    expect(await rule(`GET ${D}/${IS}`)).toMatchObject(none);
    expect(accounts.now.accounts[0]?.candidate).toBe(Y);
  });

  it('gets nothing at the first server that the client turns to, ever', async () => {
    const { ask: rule, read } = open();
    await read({ base_url: null });
    expect(await rule(`POST ${Y}/${IS}/account/register`)).toMatchObject(refused(403, 'M_FORBIDDEN'));
    expect(await rule(`POST ${Y}/${IS}/account/register`)).toMatchObject(refused(403, 'M_FORBIDDEN'));
  });
});

describe('the account’s server', () => {
  it('does not become the client’s own', async () => {
    const { ask: rule, read, accounts } = open();
    await read({ base_url: X });
    await rule(`GET ${X}/${IS}`);
    expect(accounts.now.defaults).toEqual([]);
    await rule(`GET ${D}/${IS}`);
    expect(accounts.now.defaults).toEqual([{ client: CLIENT, base: D }]);
  });
});

describe('the answer to a noted request', () => {
  it.each<[string, string, string, unknown, string]>([
    ['a token', '', '/account/register', { token: 'secret-token' }, 'secret-token'],
    // Sydent once
    ['a token by its old name', '', '/account/register', { access_token: 'secret-token' }, 'secret-token'],
    ['a validation', 'c', '/validate/email/requestToken', { sid: '1' }, 'c 1'],
  ])('tells whose %s is, as a digest', async (_, secret, path, body, kept) => {
    const { ask: rule, read, answered, accounts } = open();
    await read({ base_url: X });
    const { note } = await rule(`POST ${D}/${IS}${path}`, {
      body: JSON.stringify({ client_secret: secret }),
    });
    if (!note) throw new Error('nothing noted');
    expect(
      identityReplies.rule({ wait: null, answer: null, url: null, body: null, note }).note,
    ).toMatchObject(note);
    await answered({ note, body }, CLIENT);
    expect(accounts.now.issued).toMatchObject([{ client: CLIENT, server: 'is.example', session: 's1' }]);
    expect(JSON.stringify(accounts.now)).not.toContain(kept);
    await read({ base_url: Y }, 2);
    const values = { sid: '1', client_secret: 'c' };
    const next = secret
      ? rule(`POST ${D}/${IS}/validate/email/submitToken`, { body: JSON.stringify(values) })
      : rule(`POST ${D}/${IS}/lookup`, { token: kept });
    expect(await next).toMatchObject(
      secret ? refused(400, 'M_NO_VALID_SESSION') : refused(401, 'M_UNAUTHORIZED'),
    );
  });

  it.each([{}, null, { sid: 7, token: [] }, 'x'])('%j tells nothing', async (body) => {
    const { answered, accounts } = open();
    for (const secret of ['', 'c']) {
      await answered({ note: { server: 'is.example', session: 's1', secret }, body }, CLIENT);
    }
    expect(accounts.now.issued).toEqual([]);
  });

  it('of one client says nothing of another’s', async () => {
    const { ask: rule, read, answered } = open();
    await read({ base_url: X });
    const note = { server: 'is.example', session: 's1', secret: '' };
    await answered({ note: { ...note, server: 'evil.example' }, body: { token: 't' } }, EVIL);
    await answered({ note, body: { token: 't' } }, CLIENT);
    expect(await rule(`POST ${D}/${IS}/lookup`, { token: 't' })).toMatchObject(going(`${X}/${IS}/lookup`));
  });
});

describe('two users of one client', () => {
  it('each have their own identity server', async () => {
    const { ask: rule, told } = open(2);
    const contents = { s1: { base_url: X }, s2: { base_url: null } };
    for (const [id, body] of Object.entries(contents)) {
      await told({ id, status: 200, body, at: 1, mine: false }, CLIENT);
    }
    expect(await rule(`POST ${D}/${IS}/lookup`, { session: 's1' })).toMatchObject(going(`${X}/${IS}/lookup`));
    expect(await rule(`POST ${D}/${IS}/lookup`, { session: 's2' })).toMatchObject(
      refused(403, 'M_FORBIDDEN'),
    );
  });
});
