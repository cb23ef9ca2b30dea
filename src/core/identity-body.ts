/**
 * Bodies of client-server requests that name an identity server: the homeserver turns to whatever they name, so the
 * account's word has to be in them too (design, identity-account-data.md, sections 8 and 9).
 *
 * `id_server` and `id_access_token` are kept, or taken out, together. Servers are `idServerOf` their base URL here.
 */
import { idServerOf, UNKNOWN, type Identity } from './identity.ts';
import { namedPlaces, strip, validationKey, type Named, type Rule } from './identity-places.ts';
import { field, textOf } from './json.ts';
import { NO_INVITE, NOT_TRUSTED, NOT_YET, type MatrixError } from './matrix-error.ts';

export interface BodyKnown {
  /** What the account says, or its login where the account says nothing. */
  readonly identity: Identity;
  /** It was read by this document, and nothing says that it has changed since. */
  readonly isFresh: boolean;
  /** Nobody will know more in time. */
  readonly isLate: boolean;
  /** The identity server that issued a token; null: not known. */
  tokenOf(token: string): string | null;
  /** Who issued the `sid` of a validation (see `validationKey`): '' is the homeserver; null: not known. */
  validationOf(validation: string): string | null;
}

export type BodyVerdict =
  /**
   * `body`: the new text, null: as it is. `validatedBy`: who issues the `sid` that the answer to a `requestToken` holds
   * ('' is the homeserver), null for other requests.
   */
  | { readonly act: 'go'; readonly body: string | null; readonly validatedBy: string | null }
  | { readonly act: 'wait' }
  | { readonly act: 'answer'; readonly error: MatrixError };

type Outcome = 'changed' | 'same' | MatrixError;

/** @param text the JSON of the body; what is none is the server's to refuse */
export function ruleBody(rule: Rule, text: string, known: BodyKnown): BodyVerdict {
  const body = parse(text);
  const places = namedPlaces(rule, body);
  const mustKnow = places.some(({ kind }) => kind === 'use' || kind === 'add');
  if (mustKnow && (!known.isFresh || known.identity.is === 'unknown')) {
    return known.isLate ? { act: 'answer', error: NOT_YET } : { act: 'wait' };
  }
  const sure = known.isFresh ? known : { ...known, identity: UNKNOWN };
  let changed = false;
  for (const place of places) {
    const issuer = tokenServer(place, known);
    const outcome = consistent(place, settle(place, rule, sure), issuer);
    if (typeof outcome === 'object') return { act: 'answer', error: outcome };
    changed ||= outcome === 'changed';
  }
  const validatedBy = rule === 'request-token' ? (textOf(field(body, 'id_server')) ?? '') : null;
  return { act: 'go', body: changed ? JSON.stringify(body) : null, validatedBy };
}

function settle(place: Named, rule: Rule, { identity, ...known }: BodyKnown): Outcome {
  if (identity.is === 'absent') return 'same';
  const server = identity.is === 'url' ? idServerOf(identity.base) : null;
  const validation = validationKey(place.holder);
  const validatedBy = validation === null ? null : known.validationOf(validation);
  switch (place.kind) {
    case 'leave':
      return server === null ? strip(place) : 'same';
    case 'token':
      return server !== null && isSame(server, tokenServer(place, known)) ? set(place, server) : strip(place);
    case 'creds':
      if (server === null || validatedBy === '') return strip(place);
      return validatedBy === null ? 'same' : set(place, validatedBy);
    case 'add':
      if (server === null || validatedBy === '') return strip(place);
      return use(place, server, validatedBy);
    case 'use':
      if (server === null) return rule === 'invite' ? NO_INVITE : NOT_TRUSTED;
      return use(place, server, validatedBy);
  }
}

/** The server must have issued the validation that is to be published there. */
function use(place: Named, server: string, validatedBy: string | null): Outcome {
  return validatedBy !== null && validatedBy !== server ? NOT_TRUSTED : set(place, server);
}

/** A token never goes along to another server than the one that issued it. */
function consistent(place: Named, outcome: Outcome, issuer: string | null): Outcome {
  const { holder, kind, key } = place;
  const carries = issuer !== null && 'id_access_token' in holder;
  if (typeof outcome === 'object' || !carries || isSame(issuer, holder[key])) return outcome;
  return kind === 'use' || kind === 'add' ? NOT_TRUSTED : strip(place);
}

/** Who issued the token beside the name: where nobody knows, the server that it stands beside. */
function tokenServer({ holder, key }: Named, known: Pick<BodyKnown, 'tokenOf'>): string | null {
  const token = textOf(holder['id_access_token']);
  return token === null ? null : (known.tokenOf(token) ?? plain(textOf(holder[key]) ?? ''));
}

/** matrix-js-sdk's interactive-auth names the host alone, without the base URL's path. */
function isSame(server: string, name: unknown): boolean {
  if (typeof name !== 'string') return false;
  return server === plain(name) || server.startsWith(`${plain(name)}/`);
}

function plain(name: string): string {
  return name.replace(/:443(?=\/|$)/, '').replace(/\/+$/, '');
}

function set({ holder, key }: Named, server: string): Outcome {
  if (key === 'id_server' && 'idServer' in holder) delete holder['idServer'];
  else if (holder[key] === server) return 'same';
  holder[key] = server;
  return 'changed';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
