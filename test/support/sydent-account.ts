import crypto from 'node:crypto';
import type { MailServer } from './mail.ts';
import { bodyOf, text } from './server-call.ts';
import type { Sydent } from './sydent.ts';
import type { Synapse } from './synapse.ts';

/** A proven validation of an address. */
export interface Validated {
  client_secret: string;
  sid: string;
}

/** A user of a homeserver at an identity server, as clients do it but past the fronts. */
export interface IdentityAccount {
  token: string;
  /** Accepts the policy, where there is one to accept. */
  agree(): Promise<void>;
  /** Proves that the address is the user's, with the mail that comes. */
  validate(email: string): Promise<Validated>;
  /** Has the homeserver bind a validated address. */
  bind(validated: Validated): Promise<void>;
  /** Whose the address is, as the identity server tells; undefined: nobody's. */
  owner(email: string): Promise<string | undefined>;
}

const v2 = '/_matrix/identity/v2';
const v3 = '/_matrix/client/v3';

export async function identityAccount(
  synapse: Synapse,
  user: string,
  sydent: Sydent,
  mail: MailServer,
): Promise<IdentityAccount> {
  const homeserver = async (where: string, body: unknown) =>
    bodyOf(await synapse.call('POST', v3 + where, body, await synapse.token(user)), where);
  const openId = await homeserver(`/user/${synapse.userId(user)}/openid/request_token`, {});
  const registered = await sydent.call('POST', `${v2}/account/register`, openId);
  const token = text(bodyOf(registered, 'account/register')['access_token']);
  const ask = async (method: string, where: string, body?: unknown) =>
    bodyOf(await sydent.call(method, v2 + where, body, token), where);
  return {
    token,
    async agree() {
      await ask('POST', '/terms', { user_accepts: [sydent.policy] });
    },
    async validate(email) {
      const client_secret = crypto.randomUUID();
      const wanted = { client_secret, email, send_attempt: 1 };
      const asked = await ask('POST', '/validate/email/requestToken', wanted);
      const validated = { client_secret, sid: text(asked['sid']) };
      const { token: code } = await mail.codeFor(email);
      await ask('POST', '/validate/email/submitToken', { ...validated, token: code });
      return validated;
    },
    async bind(validated) {
      const server = { id_server: sydent.idServer, id_access_token: token };
      await homeserver('/account/3pid/bind', { ...validated, ...server });
    },
    async owner(email) {
      const pepper = text((await ask('GET', '/hash_details'))['lookup_pepper']);
      const hash = crypto.createHash('sha256').update(`${email} email ${pepper}`).digest('base64url');
      const found = await ask('POST', '/lookup', { addresses: [hash], algorithm: 'sha256', pepper });
      const owners: unknown[] = Object.values(found['mappings'] ?? {});
      return owners[0] === undefined ? undefined : text(owners[0]);
    },
  };
}
