import { createHash } from 'node:crypto';
import { MatrixError, randomName, text } from './homeserver-store.ts';
import type { Json } from './homeserver-store.ts';
import { identityRoute } from './identity-router.ts';
import type { IdentityCall, IdentityRoute } from './identity-router.ts';
import type { Binding, IdentityStore } from './identity-store.ts';
import { association } from './identity-validation.ts';

const KEY_ID = 'ed25519:0';

/** How a client of API v2 asks for an address with `sha256`. */
export function hashOf(address: string, medium: string, pepper: string): string {
  return createHash('sha256').update(`${address} ${medium} ${pepper}`).digest('base64url');
}

function byHash(store: IdentityStore, asked: string): Binding | undefined {
  return store.bindings.find(({ address, medium }) => hashOf(address, medium, store.pepper) === asked);
}

function byText(store: IdentityStore, asked: string): Binding | undefined {
  const [, address = '', medium = ''] = /^(.*) (\S+)$/.exec(asked) ?? [];
  return store.find({ address, medium });
}

function lookup(call: IdentityCall): Json {
  const { store, params } = call;
  const { algorithm, pepper } = call.need('algorithm', 'pepper');
  if (!Array.isArray(params.addresses))
    throw new MatrixError(400, 'M_MISSING_PARAMS', 'Missing parameters: addresses');
  if (algorithm !== 'sha256' && algorithm !== 'none')
    throw new MatrixError(400, 'M_INVALID_PARAM', 'The algorithm is not supported');
  if (pepper !== store.pepper) {
    const expected = { algorithm, lookup_pepper: store.pepper };
    throw new MatrixError(400, 'M_INVALID_PEPPER', 'Unknown or invalid pepper', expected);
  }
  const find = algorithm === 'sha256' ? byHash : byText;
  const found = params.addresses.map(String).map((asked) => [asked, find(store, asked)?.mxid] as const);
  return { mappings: Object.fromEntries(found.filter(([, mxid]) => mxid !== undefined)) };
}

function lookupOne(call: IdentityCall): Json {
  const { medium, address } = call.need('medium', 'address');
  const found = call.store.find({ medium, address });
  return found ? association(found, call.store.name) : {};
}

function lookupMany({ store, params }: IdentityCall): Json {
  const asked: unknown[] = Array.isArray(params.threepids) ? params.threepids : [];
  const threepids = asked.flatMap((pair) => {
    const [medium, address] = Array.isArray(pair) ? pair.map(String) : [];
    if (medium === undefined || address === undefined) return [];
    const found = store.find({ medium, address });
    return found ? [[medium, address, found.mxid]] : [];
  });
  return { threepids };
}

function storeInvite(call: IdentityCall): Json {
  const { store, exchange, version } = call;
  const { medium, address, sender } = call.need('medium', 'address', 'room_id', 'sender');
  const known = store.find({ medium, address });
  if (known) {
    const { mxid } = known;
    throw new MatrixError(400, 'M_THREEPID_IN_USE', 'Binding already known', { mxid });
  }
  const token = randomName();
  store.invites.push({ medium, address, token, sender });
  const scheme = 'encrypted' in exchange.request.socket ? 'https' : 'http';
  const path = exchange.recorded.path.replace(/store-invite$/, '');
  const base = `${scheme}://${exchange.request.headers.host ?? ''}${path}`;
  const keys = ['pubkey', 'pubkey/ephemeral'].map((place) => ({
    public_key: store.publicKey,
    key_validity_url: `${base}${place}/isvalid`,
  }));
  const public_keys = version === 'v2' ? keys : keys.map((key) => key.public_key);
  return { token, public_keys, display_name: `${address.slice(0, 2)}...` };
}

/** The invited signs that they are meant. The signature is none: nobody checks it in tests. */
function sign(call: IdentityCall): Json {
  const { store } = call;
  const { mxid, token } = call.need('mxid', 'token', 'private_key');
  const found = store.invites.find((invite) => invite.token === token);
  if (!found) throw new MatrixError(404, 'M_UNRECOGNIZED', "Didn't recognize token");
  return { mxid, token, sender: found.sender, signatures: { [store.name]: { [KEY_ID]: 'unsigned' } } };
}

function publicKey({ store, part }: IdentityCall): Json {
  if (part('key') === KEY_ID) return { public_key: store.publicKey };
  throw new MatrixError(404, 'M_NOT_FOUND', 'The public key was not found');
}

function isValid({ store, params }: IdentityCall): Json {
  return { valid: text(params.public_key) === store.publicKey };
}

export function identityLookupRoutes(): IdentityRoute[] {
  const hashDetails = ({ store }: IdentityCall) => ({
    lookup_pepper: store.pepper,
    algorithms: ['sha256', 'none'],
  });
  return [
    identityRoute('v2 GET hash_details', hashDetails),
    identityRoute('v2 POST lookup', lookup),
    identityRoute('v1 GET lookup', lookupOne),
    identityRoute('v1 POST bulk_lookup', lookupMany),
    identityRoute('POST store-invite', storeInvite),
    identityRoute('POST sign-ed25519', sign),
    identityRoute('GET pubkey/isvalid', isValid, 'none'),
    identityRoute('GET pubkey/ephemeral/isvalid', isValid, 'none'),
    identityRoute('GET pubkey/:key', publicKey, 'none'),
  ];
}
