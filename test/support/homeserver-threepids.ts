import { route } from './homeserver-router.ts';
import type { Context, Route } from './homeserver-router.ts';
import { isObject, MatrixError, randomName, text } from './homeserver-store.ts';
import type { Json, Threepid, User } from './homeserver-store.ts';

/** The address of a body: in the two forms that requests for a token have, and as bindings name it. */
function threepid(body: Json, medium: string | null): Threepid {
  const address = text(body[medium === 'email' ? 'email' : 'phone_number']) ?? text(body.address);
  if (medium === null || address === null)
    throw new MatrixError(400, 'M_MISSING_PARAM', 'Missing params: medium or address');
  return { medium, address };
}

/** No mail is sent: any token will do for the sid given out here. */
function requestToken(context: Context): Json {
  const medium = context.param('medium');
  if (medium !== 'email' && medium !== 'msisdn')
    throw new MatrixError(404, 'M_UNRECOGNIZED', 'Unrecognized request');
  const sid = randomName();
  context.store.validations.set(sid, threepid(context.body(), medium));
  return { sid };
}

/** Under all its names; r0 releases had a list in `auth`. */
function credentials(holder: Json): Json | null {
  const given =
    holder.three_pid_creds ?? holder.threePidCreds ?? holder.threepid_creds ?? holder.threepidCreds;
  const first: unknown = Array.isArray(given) ? given[0] : given;
  return isObject(first) ? first : null;
}

const STAGES = new Set<unknown>(['m.login.email.identity', 'm.login.msisdn']);

/**
 * Who proves by this `auth` to own an account. A sid of an identity server is believed, for nobody asks that
 * server; it says nothing about whose it is, so the caller must have a token.
 */
export function ownerOf(context: Context, auth: Json): User | null {
  const sid = text(credentials(auth)?.sid);
  if (!STAGES.has(auth.type) || sid === null) return null;
  const known = context.store.validations.get(sid);
  if (!known) return context.token === null ? null : context.caller().user;
  const users = [...context.store.users.values()];
  const owner = users.find(({ threepids }) => threepids.some((one) => one.address === known.address));
  return context.token === null || owner === context.caller().user ? (owner ?? null) : null;
}

function list(context: Context): Json {
  const { threepids } = context.caller().user;
  return { threepids: threepids.map((one) => ({ ...one, validated_at: 1, added_at: 1 })) };
}

/** An address validated elsewhere is not known here: then the request is only recorded. */
function add(context: Context): Json {
  const body = context.body();
  const sid = text((credentials(body) ?? body).sid);
  if (sid === null) throw new MatrixError(400, 'M_MISSING_PARAM', 'Missing params: sid');
  const known = context.store.validations.get(sid);
  if (known) context.caller().user.threepids.push(known);
  return {};
}

function bind(context: Context): Json {
  const body = context.body();
  const missing = ['sid', 'client_secret', 'id_server'].filter((key) => text(body[key]) === null);
  if (missing.length === 0) return {};
  throw new MatrixError(400, 'M_MISSING_PARAM', `Missing params: ${missing.join(', ')}`);
}

function unbind(context: Context, forget: boolean): Json {
  const body = context.body();
  const { medium, address } = threepid(body, text(body.medium));
  const { user } = context.caller();
  if (forget) {
    user.threepids = user.threepids.filter((one) => one.medium !== medium || one.address !== address);
  }
  return { id_server_unbind_result: 'success' };
}

/** Third-party identifiers. The identity servers that bodies name are never contacted. */
export function threepidRoutes(): Route[] {
  return [
    route('GET account/3pid', list),
    route('POST account/3pid', add),
    route('POST account/3pid/add', add),
    route('POST account/3pid/bind', bind),
    route('POST account/3pid/unbind', (context) => unbind(context, false)),
    route('POST account/3pid/delete', (context) => unbind(context, true)),
    route('POST account/3pid/:medium/requestToken', requestToken, 'optional'),
    route('POST account/password/:medium/requestToken', requestToken, 'none'),
    route('POST register/:medium/requestToken', requestToken, 'none'),
  ];
}
