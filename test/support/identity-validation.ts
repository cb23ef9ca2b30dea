import { isObject, MatrixError, text } from './homeserver-store.ts';
import type { Json, Threepid } from './homeserver-store.ts';
import { identityRoute } from './identity-router.ts';
import type { IdentityCall, IdentityRoute } from './identity-router.ts';
import { sameForm } from './identity-store.ts';
import type { Binding } from './identity-store.ts';

/** Enough for tests; other numbers must have their code. */
const CALLING_CODES: Record<string, string> = { DE: '49', FR: '33', GB: '44', US: '1' };

function emailOf(call: IdentityCall): Threepid {
  const { email } = call.need('email');
  if (!/^[^@\s]+@[^@\s]+$/.test(email))
    throw new MatrixError(400, 'M_INVALID_EMAIL', 'Invalid e-mail address');
  return { medium: 'email', address: email };
}

function phoneOf(call: IdentityCall): Threepid {
  const { country, phone_number: given } = call.need('country', 'phone_number');
  const number = given.replaceAll(/[\s()./-]/g, '');
  if (!/^\+?\d{5,15}$/.test(number)) throw new MatrixError(400, 'M_INVALID_ADDRESS', 'Invalid phone number');
  const code = number.startsWith('0') ? (CALLING_CODES[country.toUpperCase()] ?? '') : '';
  return {
    medium: 'msisdn',
    address: number.startsWith('+') ? number.slice(1) : code + number.replace(/^0/, ''),
  };
}

function mediumOf({ part }: IdentityCall): 'email' | 'msisdn' {
  const medium = part('medium');
  if (medium === 'email' || medium === 'msisdn') return medium;
  throw new MatrixError(404, 'M_UNRECOGNIZED', 'Unrecognized request');
}

/** No mail goes out: the test asks the server for the code. */
function requestToken(call: IdentityCall): Json {
  const threepid = mediumOf(call) === 'email' ? emailOf(call) : phoneOf(call);
  const { client_secret: secret } = call.need('client_secret');
  const attempt = Number(call.params.send_attempt);
  if (!Number.isInteger(attempt))
    throw new MatrixError(400, 'M_MISSING_PARAMS', 'Missing parameters: send_attempt');
  return { sid: call.store.startValidation(threepid, secret, attempt, text(call.params.next_link)).sid };
}

function submit(call: IdentityCall): boolean {
  const { sid, client_secret: secret, token } = call.need('sid', 'client_secret', 'token');
  const validation = call.store.validation(sid, secret);
  if (mediumOf(call) !== validation.medium || token !== validation.code) return false;
  validation.validatedAt ??= Date.now();
  return true;
}

/** The link in the mail: people open it in a window of its own, without any token. */
function followLink(call: IdentityCall): unknown {
  if (!submit(call)) throw new MatrixError(400, 'M_UNKNOWN', 'The code is wrong');
  const { nextLink } = call.store.validation(String(call.params.sid), String(call.params.client_secret));
  if (nextLink !== null) call.exchange.response.writeHead(302, { location: nextLink }).end();
  return { success: true };
}

function validatedOf(call: IdentityCall): Json {
  const { sid, client_secret: secret } = call.need('sid', 'client_secret');
  const { medium, address, validatedAt } = call.store.validated(sid, secret);
  return { medium, address, validated_at: validatedAt };
}

/** What a lookup of API v1 and a binding answer. */
export function association({ medium, address, mxid }: Binding, server: string): Json {
  const now = Date.now();
  const life = { ts: now, not_before: now - 60_000, not_after: now + 86_400_000 * 365 };
  return { medium, address, mxid, ...life, signatures: { [server]: { 'ed25519:0': 'unsigned' } } };
}

function bind(call: IdentityCall): Json {
  const { store, user } = call;
  const { sid, client_secret: secret, mxid } = call.need('sid', 'client_secret', 'mxid');
  const { medium, address } = store.validated(sid, secret);
  if (user !== null && user !== mxid) throw new MatrixError(403, 'M_FORBIDDEN', 'Not your user id');
  store.bind({ medium, address }, mxid);
  return association({ medium, address, mxid }, store.name);
}

/** By the account itself, or by who has validated the address. */
function unbind(call: IdentityCall): Json {
  const { store, user, params } = call;
  const { mxid } = call.need('mxid');
  const named = isObject(params.threepid) ? params.threepid : {};
  const threepid = sameForm({ medium: text(named.medium) ?? '', address: text(named.address) ?? '' });
  if (user !== mxid) {
    const { sid, client_secret: secret } = params;
    if (typeof sid !== 'string' || typeof secret !== 'string')
      throw new MatrixError(403, 'M_FORBIDDEN', 'Neither your user id nor a validated session');
    const { medium, address } = store.validated(sid, secret);
    if (medium !== threepid.medium || address !== threepid.address)
      throw new MatrixError(403, 'M_FORBIDDEN', 'The session is about another address');
  }
  if (store.find(threepid)?.mxid !== mxid) throw new MatrixError(404, 'M_NOT_FOUND', 'No such binding');
  store.unbind(threepid);
  return {};
}

export function identityValidationRoutes(): IdentityRoute[] {
  return [
    identityRoute('POST validate/:medium/requestToken', requestToken),
    identityRoute('POST validate/:medium/submitToken', (call) => ({ success: submit(call) })),
    identityRoute('GET validate/:medium/submitToken', followLink, 'none'),
    identityRoute('GET 3pid/getValidated3pid', validatedOf),
    identityRoute('POST 3pid/bind', bind),
    // as r0.1.0 printed it
    identityRoute('v1 POST bind', bind),
    identityRoute('POST 3pid/unbind', unbind),
  ];
}
