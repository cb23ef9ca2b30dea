import crypto from 'node:crypto';
import fs from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificates, type Certificates } from '../support/certificates.ts';
import { readBody, sendJson } from '../support/http.ts';
import { identityAccount, type IdentityAccount } from '../support/sydent-account.ts';
import { startMail, type MailServer } from '../support/mail.ts';
import { Recorder, type Recorded } from '../support/recorder.ts';
import { text, type Answer } from '../support/server-call.ts';
import { fromBrowser, startSydent, type Sydent } from '../support/sydent.ts';
import { startFrontedSynapse, type Synapse } from '../support/synapse.ts';

const v3 = '/_matrix/client/v3';

describe('real identity servers', () => {
  const recorder = new Recorder();
  let certificates: Certificates;
  let mail: MailServer;
  let alpha: Synapse;
  let is1: Sydent;
  let is2: Sydent;

  beforeAll(async () => {
    [certificates, mail] = await Promise.all([makeCertificates(), startMail()]);
    const shared = { recorder, certificates, smtpPort: mail.port };
    [alpha, is1, is2] = await Promise.all([
      startFrontedSynapse({ name: 'alpha', users: ['alice', 'bob', 'carol'], recorder, identity: shared }),
      startSydent({ name: 'is1', ...shared }),
      startSydent({ name: 'is2', ...shared, terms: false }),
    ]);
  });

  afterAll(() => Promise.all([alpha?.close(), is1?.close(), is2?.close(), mail?.close()]));

  afterEach(() => {
    is1.faults.intercept = null;
    recorder.clear();
  });

  const ask = async (user: string, where: string, body: unknown): Promise<Answer> =>
    alpha.call('POST', v3 + where, body, await alpha.token(user));

  const unbind = (user: string, email: string, server?: Sydent): Promise<Answer> =>
    ask(user, '/account/3pid/unbind', { medium: 'email', address: email, id_server: server?.idServer });

  const account = (user: string, server: Sydent): Promise<IdentityAccount> =>
    identityAccount(alpha, user, server, mail);

  /** All that it takes until the server tells whose the address is. */
  async function publish(user: string, email: string, server: Sydent): Promise<IdentityAccount> {
    const own = await account(user, server);
    if (server === is1) await own.agree();
    expect(await own.owner(email)).toBeUndefined();
    await own.bind(await own.validate(email));
    expect(await own.owner(email)).toBe(alpha.userId(user));
    return own;
  }

  const seen = (server: Sydent, path: string): Recorded[] =>
    recorder.requests((recorded) => recorded.server === server.name && recorded.path.endsWith(path));

  it('ask to accept their terms before anything else, if they have any', async () => {
    const at = (server: Sydent, { token }: IdentityAccount) =>
      server.call('GET', '/_matrix/identity/v2/account', undefined, token);
    const own = await account('alice', is1);
    expect(await at(is1, own)).toMatchObject({ status: 403, body: { errcode: 'M_TERMS_NOT_SIGNED' } });
    expect(JSON.stringify(await is1.call('GET', '/_matrix/identity/v2/terms'))).toContain(is1.policy);
    await own.agree();
    expect(await at(is1, own)).toEqual({ status: 200, body: { user_id: alpha.userId('alice') } });
    expect((await at(is2, await account('alice', is2))).status).toBe(200);
    expect(await at(is2, own)).toMatchObject({ status: 401, body: { errcode: 'M_UNAUTHORIZED' } });
  });

  it('tell whose an address is once it is bound, each for itself, until it is unbound', async () => {
    const email = 'alice@example.org';
    const own = await publish('alice', email, is1);
    const elsewhere = await account('alice', is2);
    expect(await elsewhere.owner(email)).toBeUndefined();
    expect(seen(is1, '/3pid/bind').map((bind) => [bind.status, fromBrowser(bind)])).toEqual([[200, false]]);
    expect(seen(is2, '/3pid/bind')).toEqual([]);
    // The homeserver does not list what was only bound.
    const held = await alpha.call('GET', `${v3}/account/3pid`, undefined, await alpha.token('alice'));
    expect(held.body).toEqual({ threepids: [] });

    // Synapse calls it a success also where there was nothing to unbind.
    const success = { status: 200, body: { id_server_unbind_result: 'success' } };
    expect(await unbind('alice', email, is2)).toEqual(success);
    expect(await own.owner(email)).toBe(alpha.userId('alice'));
    expect(await unbind('alice', email, is1)).toEqual(success);
    expect(await own.owner(email)).toBeUndefined();
  });

  it('unbind wherever the homeserver remembers, if nobody says where', async () => {
    const email = 'bob@example.org';
    const owns = [await publish('bob', email, is1), await publish('bob', email, is2)];
    expect((await unbind('bob', email)).body).toEqual({ id_server_unbind_result: 'success' });
    for (const own of owns) expect(await own.owner(email)).toBeUndefined();
    expect((await unbind('bob', email)).body).toEqual({ id_server_unbind_result: 'no-support' });
  });

  it.each([
    [404, 200, { id_server_unbind_result: 'no-support' }],
    [401, 500, { errcode: 'M_UNKNOWN', error: 'Failed to contact identity server' }],
    [500, 500, { errcode: 'M_UNKNOWN', error: 'Failed to contact identity server' }],
  ])('that answer %d to unbind make the homeserver answer %d', async (given, status, body) => {
    is1.faults.intercept = (_request, response) => {
      sendJson(response, given, { errcode: 'M_UNKNOWN', error: 'test' });
      return true;
    };
    expect(await unbind('alice', 'alice@example.org', is1)).toEqual({ status, body });
    expect(seen(is1, '/3pid/unbind')).toHaveLength(1);
  });

  it('send invitations by e-mail, which follow when the address is bound', async () => {
    const email = 'carol@example.org';
    const { token } = await account('alice', is2);
    const room = `/rooms/${encodeURIComponent(await alpha.createRoom('alice', 'Lobby', []))}`;
    const guest = { medium: 'email', address: email, id_server: is2.idServer };
    const bare = await ask('alice', `${room}/invite`, guest);
    expect(bare).toMatchObject({ status: 400, body: { errcode: 'M_MISSING_PARAM' } });
    const invited = await ask('alice', `${room}/invite`, { ...guest, id_access_token: token });
    expect(invited).toEqual({ status: 200, body: {} });
    expect(mail.mails().find(({ to }) => to === email)?.text).toContain('has invited you');
    await publish('carol', email, is2);
    await expect.poll(async () => (await ask('carol', `${room}/join`, {})).status).toBe(200);
  });

  it('are not needed for the mail of the homeserver itself', async () => {
    const email = 'alice@example.net';
    const wanted = { client_secret: crypto.randomUUID(), email, send_attempt: 1 };
    const { status, body } = await ask('alice', '/account/3pid/email/requestToken', wanted);
    expect(status).toBe(200);
    const link = new URL((await mail.codeFor(email)).link ?? '');
    expect(link.origin).toBe(alpha.url);
    expect(link.searchParams.get('sid')).toBe(text(body['sid']));
    expect((await alpha.call('GET', link.pathname + link.search)).status).toBe(200);
    expect(recorder.all).toEqual([]);
  });

  it('are reached with TLS, and the recorder tells browsers from homeservers', async () => {
    const versions = await get(`${is1.url}/_matrix/identity/versions`, { origin: 'http://client.localhost' });
    expect(versions).toMatchObject({ status: 200, origin: '*' });
    const policy = await get(is1.policy, { 'sec-fetch-dest': 'document' });
    expect(policy.content).toContain('Privacy Policy of is1');
    await unbind('carol', 'carol@example.org', is2);
    expect(recorder.all.map((one) => [one.server, one.path, fromBrowser(one)])).toEqual([
      ['is1', '/_matrix/identity/versions', true],
      ['is1', '/privacy', true],
      ['is2', '/_matrix/identity/v2/3pid/unbind', false],
    ]);
  });

  /** Checks the certificate, which fetch could do only for authorities that were named when Node started. */
  async function get(url: string, headers: Record<string, string>) {
    const ca = fs.readFileSync(certificates.caFile);
    const options = { headers, ca, servername: 'localhost', host: '127.0.0.1', agent: false };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      https.get(url, options, resolve).once('error', reject);
    });
    const content = (await readBody(response)).toString();
    return { status: response.statusCode, origin: response.headers['access-control-allow-origin'], content };
  }

  it('leave no process behind', async () => {
    const gone = await startSydent({ name: 'gone', recorder, certificates, smtpPort: mail.port });
    expect(process.kill(gone.pid, 0)).toBe(true);
    await gone.close();
    expect(() => process.kill(gone.pid, 0)).toThrow('ESRCH');
    expect(gone.log()).toContain('Starting Client API HTTP server');
    await gone.close();
  });
});
