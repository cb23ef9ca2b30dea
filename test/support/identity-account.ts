import { MatrixError } from './homeserver-store.ts';
import type { Json } from './homeserver-store.ts';
import { identityRoute } from './identity-router.ts';
import type { IdentityCall, IdentityRoute } from './identity-router.ts';

type WhoIs = (openIdToken: string) => string | null;

/** A real server asks the homeserver of that name whose token it is. */
function register(call: IdentityCall, whoIs: WhoIs): Json {
  const { access_token: openIdToken } = call.need('access_token', 'matrix_server_name');
  const user = whoIs(openIdToken);
  if (user === null) throw new MatrixError(401, 'M_UNAUTHORIZED', 'The OpenID token is not valid');
  return { token: call.store.issue(user) };
}

/** Also before the terms are accepted; its error for a token of nobody is one of its own. */
function logout({ store, token }: IdentityCall): Json {
  if (token === null || store.userOf(token) === null)
    throw new MatrixError(401, 'M_UNKNOWN_TOKEN', 'Unrecognised access token');
  store.revoke(token);
  return {};
}

function policies({ store }: IdentityCall): Json {
  const all = Object.entries(store.terms);
  const shown = all.map(([id, { version, name, url }]) => [id, { version, en: { name, url } }] as const);
  return { policies: Object.fromEntries(shown) };
}

function acceptTerms({ store, user, params }: IdentityCall): Json {
  if (!Array.isArray(params.user_accepts))
    throw new MatrixError(400, 'M_MISSING_PARAMS', 'Missing parameters: user_accepts');
  if (user !== null) store.accept(user, params.user_accepts.map(String));
  return {};
}

/** Pings, which both versions have, and the accounts and terms of version 2. */
export function identityAccountRoutes(whoIs: WhoIs): IdentityRoute[] {
  return [
    identityRoute('GET', () => ({}), 'none'),
    identityRoute('v2 POST account/register', (call) => register(call, whoIs), 'none'),
    identityRoute('v2 GET account', ({ user }) => ({ user_id: user })),
    identityRoute('v2 POST account/logout', logout, 'none'),
    identityRoute('v2 GET terms', policies, 'none'),
    identityRoute('v2 POST terms', acceptTerms, 'token'),
  ];
}
