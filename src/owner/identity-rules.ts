/** What happens to requests that concern identity servers: what is known of the accounts, put before the rules of core. */
import { accountOf, defaultOf, issuerOf, type Account, type IdentityState } from '../core/account.ts';
import { parseBaseUrl } from '../core/base-url.ts';
import { effective, idServerOf, type Identity } from '../core/identity.ts';
import { ruleBody } from '../core/identity-body.ts';
import { identityOperation } from '../core/identity-endpoint.ts';
import { bodyRule, namedPlaces, validationKey } from '../core/identity-places.ts';
import { DEADLINE, isElsewhere, isPing, PING_DEADLINE, ruleIdentity } from '../core/identity-request.ts';
import { field, textOf } from '../core/json.ts';
import type { MatrixError } from '../core/matrix-error.ts';
import type { Place } from '../core/place.ts';
import { belowVersion } from '../core/role.ts';
import { accountKeyOf, type Session } from '../core/session.ts';
import type { IdentityAsk, IdentityNote, IdentityRuling } from '../wire/identity.ts';
import { digest } from './digest.ts';

/** A client's sessions, the most recently used first, and what is known of its accounts. */
export interface Scene {
  readonly client: string;
  readonly sessions: readonly Session[];
  readonly state: IdentityState;
}

export interface Ruled {
  readonly ruling: IdentityRuling;
  /** Whose it is. */
  readonly session: Session;
  /** The base URL of a server that the client turns to by itself. */
  readonly elsewhere: string | null;
}

export const UNTOUCHED: IdentityRuling = { wait: null, answer: null, url: null, body: null, note: null };

/** A request to an identity server. */
export async function ruleRequest(ask: IdentityAsk, place: Place, scene: Scene): Promise<Ruled> {
  const { op } = identityOperation(ask.method.toUpperCase(), place.path.split('/').slice(1));
  const issued = await issuedFor(scene, ask.token);
  const { session, identity, isFresh } = subjectOf(ask, scene, issued?.session ?? null);
  const holder = parseBody(ask.body ?? place.url.search.slice(1));
  const validation = await issuedFor(scene, validationKey(holder));
  const clientDefault = defaultOf(scene.state, scene.client);
  const base = place.home;
  // a token that nobody knows is the server's that the client sends it to
  const tokenOf = issued?.server ?? (ask.token === null ? null : idServerOf(base));
  const isUsable = couldBeNamed(base, scene.client, session, identity);
  const request = { op, base, isUsable, tokenOf, validationOf: validation?.server ?? null };
  // a document that has used no token reads no account: a login form must not wait for it
  const isLate = ask.late || (isPing(op) && ask.session === null);
  const verdict = ruleIdentity(request, { identity, isFresh, clientDefault, isLate });
  const elsewhere = isElsewhere(request, { identity, clientDefault }) ? base : null;
  if (verdict.act === 'wait') {
    return {
      ruling: { ...UNTOUCHED, wait: isPing(op) ? PING_DEADLINE : DEADLINE },
      session,
      elsewhere: null,
    };
  }
  if (verdict.act === 'answer') return { ruling: answer(verdict.error), session, elsewhere };
  const secret = op === 'validate-start' ? textOf(field(holder, 'client_secret')) : null;
  const notes = op === 'token-issue' || secret !== null;
  const note: IdentityNote = { server: idServerOf(verdict.base), session: session.id, secret: secret ?? '' };
  const url = verdict.base === base ? null : verdict.base + place.rest;
  return { ruling: { ...UNTOUCHED, url, note: notes ? note : null }, session, elsewhere };
}

/** A client-server request whose body may name an identity server. */
export async function ruleCarrier(ask: IdentityAsk, place: Place, scene: Scene): Promise<Ruled> {
  const { session, identity, isFresh } = subjectOf(ask, scene, null);
  const rule = bodyRule(belowVersion(place.path));
  const body = parseBody(ask.body ?? '');
  const known = new Map<string, string>();
  for (const { holder } of namedPlaces(rule, body)) {
    for (const secret of [textOf(field(holder, 'id_access_token')), validationKey(holder)]) {
      const issued = await issuedFor(scene, secret);
      if (issued && secret !== null) known.set(secret, issued.server);
    }
  }
  const lookUp = (secret: string): string | null => known.get(secret) ?? null;
  const verdict = ruleBody(rule, ask.body ?? '', {
    identity,
    isFresh,
    isLate: ask.late,
    tokenOf: lookUp,
    validationOf: lookUp,
  });
  if (verdict.act === 'wait') return { ruling: { ...UNTOUCHED, wait: DEADLINE }, session, elsewhere: null };
  if (verdict.act === 'answer') return { ruling: answer(verdict.error), session, elsewhere: null };
  const { validatedBy } = verdict;
  const secret = textOf(field(body, 'client_secret'));
  const note = validatedBy !== null &&
    secret !== null && { server: validatedBy, session: session.id, secret };
  return { ruling: { ...UNTOUCHED, body: verdict.body, note: note || null }, session, elsewhere: null };
}

/** What is no absolute URL in an account, a client that follows it makes one of its own origin. */
function couldBeNamed(base: string, client: string, session: Session, identity: Identity): boolean {
  const portal = accountKeyOf(session).home;
  const { ok } = parseBaseUrl(base, { kind: 'identity', source: 'server', portal });
  return ok && !(identity.is === 'invalid' && new URL(base).origin === client);
}

interface Subject {
  readonly session: Session;
  readonly account: Account;
  readonly identity: Identity;
  readonly isFresh: boolean;
}

/** How little a state allows: the strictest counts where nobody knows whose request it is. */
const STRICTNESS: readonly Identity['is'][] = ['disabled', 'invalid', 'unknown', 'url', 'absent'];

/** Whose request it is: the token's session, else the document's, else whichever allows least. */
function subjectOf({ session: last, fresh }: IdentityAsk, scene: Scene, owner: string | null): Subject {
  const subjects = scene.sessions.map((session): Subject => {
    const account = accountOf(scene.state, accountKeyOf(session));
    const identity = effective(account.identity, account.suggested);
    return { session, account, identity, isFresh: fresh.includes(session.id) };
  });
  const of = (id: string | null): Subject | undefined => subjects.find(({ session }) => session.id === id);
  const named = of(owner) ?? of(last);
  const strictness = ({ identity }: Subject): number => STRICTNESS.indexOf(identity.is);
  const [strictest] = subjects
    .filter(({ session }) => !session.superseded)
    .toSorted((a, b) => strictness(a) - strictness(b));
  const subject = named ?? strictest ?? subjects[0];
  if (!subject) throw new RangeError('a client without sessions');
  return subject;
}

/** Who issued a token or a validation. */
async function issuedFor({ state, client }: Scene, secret: string | null) {
  return secret === null ? null : issuerOf(state, client, await digest(secret));
}

function answer({ status, errcode, error }: MatrixError): IdentityRuling {
  return { ...UNTOUCHED, answer: { status, text: JSON.stringify({ errcode, error }) } };
}

/** JSON or, to identity servers of before 2019, a form. */
function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return Object.fromEntries(new URLSearchParams(text));
  }
}
