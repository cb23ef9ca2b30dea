/** What one identity server issued stays with it: tokens, and validations by their `sid`. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { sendJson } from '../support/http.ts';
import type { IdentityServer } from '../support/identity-server.ts';
import { ACCOUNT_DATA, arrived, IDENTITY, register, send, useWitnessedLab } from './identity-calls.ts';
import type { Form } from './identity-calls.ts';
import type { IdentityScene } from './identity-lab.ts';
import { kinds, sample } from './lab.ts';
import { call, logIn, ways } from './page-calls.ts';

const FOREIGN_TOKEN = {
  status: 401,
  body: { errcode: 'M_UNAUTHORIZED', error: expect.any(String) as unknown },
};
const LOOKUP = `${IDENTITY}/hash_details`;
const SECRET = 's3cret';

interface Switched extends IdentityScene {
  /** Of the homeserver. */
  readonly token: string;
  /** Of the identity server that the account named first. */
  readonly old: string;
  /** The one it names now. */
  readonly next: IdentityServer;
}

const whens = ['at once', 'after a reload'] as const;
const each = ways.flatMap((by) => whens.map((when) => ({ by, when })));

describe.each(kinds)('%s: of an identity server that the account has left,', ({ engine, form }) => {
  const lab = useWitnessedLab(engine, { form });
  const rows = sample(form, each, 3);
  const few = sample(form, ways, 2);

  /** The account named one server, and names another. `before`: what happens at the first. */
  async function switched(
    when: (typeof whens)[number],
    before?: (scene: IdentityScene, issued: string) => Promise<unknown>,
    first: 'app' | 'named' = 'named',
  ): Promise<Switched> {
    const scene = await lab.start();
    const { page, portal, alpha, named } = scene;
    const next = await lab.identityServer('is2');
    const content = first === 'app' ? null : { base_url: named.url };
    alpha.setAccountData('alice', ACCOUNT_DATA, content);
    const { token } = await logIn(page, portal.url);
    const old = await register(page, scene, token);
    expect(scene[first].tokens()).toEqual([old]);
    await before?.(scene, old);
    alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: next.url });
    if (when === 'after a reload') await page.reload({ waitUntil: 'domcontentloaded' });
    await call(page, portal.url, 'sync', { token });
    return { ...scene, token, old, next };
  }

  it.each(rows)('a token is answered here and reaches nobody, $when, by $by', async ({ by, when }) => {
    const scene = await switched(when);
    const { page, app, named, next, old, token } = scene;
    const pasts = [app, named, next].map((server) => arrived(server).length);
    for (const tokenIn of ['header', 'query'] as const) {
      const url = `${app.url}${IDENTITY}/account`;
      const answer = await send(page, url, { form: by, token: old, tokenIn });
      expect(answer).toMatchObject(FOREIGN_TOKEN);
      expect(answer.url.split('?')[0]).toBe(url);
      const lookup = { form: by, token: old, tokenIn, method: 'POST', text: '{"addresses":["secret"]}' };
      expect(await send(page, `${app.url}${IDENTITY}/lookup`, lookup)).toMatchObject(FOREIGN_TOKEN);
    }
    expect([app, named, next].map((server) => arrived(server).length)).toEqual(pasts);
    const fresh = await register(page, scene, token);
    expect(next.tokens()).toEqual([fresh]);
    const answer = await send(page, app.url + LOOKUP, { form: by, token: fresh });
    expect(answer).toMatchObject({ status: 200, url: next.url + LOOKUP });
    expect([...next.recorder.withToken(old), ...app.recorder.withToken(old)]).toEqual([]);
  });

  it.each(rows)('a token of the client’s own too, $when, by $by', async ({ by, when }) => {
    const { page, app, next, old } = await switched(when, undefined, 'app');
    app.recorder.clear();
    expect(await send(page, app.url + LOOKUP, { form: by, token: old })).toMatchObject(FOREIGN_TOKEN);
    expect([...arrived(app), ...arrived(next)]).toEqual([]);
  });

  it.each(few)('a token of which nothing is known goes nowhere else than it is sent, by %s', async (by) => {
    const { page, app, next } = await switched('at once');
    await send(page, app.url + LOOKUP, { form: by, token: 'of_the_clients_own' });
    expect(next.recorder.withToken('of_the_clients_own')).toEqual([]);
  });

  it.each(rows)('a validation is not gone on with elsewhere, $when, by $by', async ({ by, when }) => {
    const sids: string[] = [];
    const validate = async ({ page, app, named }: IdentityScene, token: string): Promise<void> => {
      fixSids(named);
      sids.push(await begin(page, app, token, by));
    };
    const scene = await switched(when, validate);
    const { page, app, named, next, token, portal, alpha } = scene;
    fixSids(next);
    const fresh = await register(page, scene, token);
    expect(sids).toEqual(['7']);
    for (const { recorder } of [named, next, alpha]) recorder.clear();
    const proof = { sid: '7', client_secret: SECRET };
    const text = JSON.stringify({ ...proof, token: '123456' });
    for (const path of ['validate/email/submitToken', '3pid/bind']) {
      const url = `${app.url}${IDENTITY}/${path}`;
      const answer = await send(page, url, { form: by, method: 'POST', token: fresh, text });
      expect(answer, `${path}`).toMatchObject({ status: 400, url });
    }
    const query = `${IDENTITY}/3pid/getValidated3pid?${new URLSearchParams(proof).toString()}`;
    expect(await send(page, app.url + query, { form: by, token: fresh })).toMatchObject({ status: 400 });
    const body = { ...proof, id_server: app.idServer, id_access_token: fresh };
    const bind = await call(page, portal.url, 'account/3pid/bind', { by, method: 'POST', token, body });
    expect(bind).toMatchObject({ status: 400, body: { errcode: 'M_SERVER_NOT_TRUSTED' } });
    expect([...arrived(named), ...arrived(next)]).toEqual([]);
    expect(alpha.recorder.requests(({ path }) => path.endsWith('/bind'))).toEqual([]);
    // another one, with the same sid, that this server began
    expect(await begin(page, app, fresh, by, 'other')).toBe('7');
    const own = JSON.stringify({ sid: '7', client_secret: 'other', token: '123456' });
    const url = `${app.url}${IDENTITY}/validate/email/submitToken`;
    await send(page, url, { form: by, method: 'POST', token: fresh, text: own });
    expect(next.recorder.requests().at(-1)).toMatchObject({ method: 'POST', body: own });
  });

  const all = each.flatMap((one) => [false, true].map((isKnown) => ({ ...one, isKnown })));
  const beside = sample(form, all, 7);

  it.each(beside)('a token is not beside another’s name, $when, by $by, known: $isKnown', async (given) => {
    const { by, when, isKnown } = given;
    const { page, portal, alpha, app, named, next, token, ...scene } = await switched(when);
    const old = isKnown ? scene.old : 'of_the_clients_own';
    const address = { medium: 'email', address: 'bob@example.org' };
    const invite = { ...address, id_server: app.idServer, id_access_token: old };
    const validation = { client_secret: SECRET, email: 'a@example.org', send_attempt: 1 };
    const bodies = [
      ['rooms/!r:alpha.localhost/invite', invite],
      ['createRoom', { invite_3pid: [invite] }],
      ['account/3pid/bind', { sid: '1', client_secret: SECRET, ...invite }],
      ['account/3pid/email/requestToken', { ...validation, ...invite }],
      ['account/password', { auth: { threepid_creds: { sid: '1', client_secret: SECRET, ...invite } } }],
    ] as const;
    for (const [path, body] of bodies)
      await call(page, portal.url, path, { by, method: 'POST', token, body });
    const sent = alpha.recorder.requests(({ body }) => body.includes(old));
    // of which nothing is known: it stays beside the name that it came with
    if (isKnown) expect(sent).toEqual([]);
    for (const { body } of sent) expect(body).toContain(`"id_server":"${app.idServer}"`);
    for (const { body } of sent) expect(body).not.toContain(next.idServer);
    expect(alpha.recorder.requests(({ body }) => body.includes(named.idServer))).toEqual([]);
    expect(next.recorder.withToken(old)).toEqual([]);
  });
});

/** Every validation has the same `sid`, as those of servers that count. */
function fixSids(server: IdentityServer): void {
  server.faults.intercept = (_, response, path) => {
    const isBegin = path.endsWith('/requestToken') && server.recorder.all.at(-1)?.method === 'POST';
    if (isBegin) sendJson(response, 200, { sid: '7' });
    return isBegin;
  };
}

async function begin(
  page: Page,
  app: IdentityServer,
  token: string,
  form: Form,
  secret = SECRET,
): Promise<string> {
  const text = JSON.stringify({ client_secret: secret, email: 'a@example.org', send_attempt: 1 });
  const url = `${app.url}${IDENTITY}/validate/email/requestToken`;
  const { body } = await send(page, url, { form, method: 'POST', token, text });
  return String(body.sid);
}
