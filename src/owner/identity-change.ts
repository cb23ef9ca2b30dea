/**
 * Changing an account's identity server, as the popup's user wants it: looked into first, then written. Every step is
 * one of Element's (design, identity-account-data.md, section 6).
 */
import { parseBaseUrl } from '../core/base-url.ts';
import { effective, type Identity } from '../core/identity.ts';
import { field, textOf } from '../core/json.ts';
import type { Choice, Plan, Problem, Terms } from '../wire/identity-popup.ts';
import {
  acceptTerms,
  checkAccount,
  failed,
  noteAccepted,
  ping,
  published,
  readTerms,
  register,
  threePids,
  writeSetting,
  type Signed,
} from './identity-client.ts';
import { NoAccess, type Ask, type Reply } from './ask.ts';

/** How long finding out what is published may take, in milliseconds. */
const PUBLISHED_DEADLINE = 10_000;

/** What the account uses, and what the client would without it. */
export interface Current {
  readonly identity: Identity;
  readonly suggested: string | null;
  readonly clientDefault: string | null;
}

/** What a change means. Asks, and changes nothing. */
export async function planChange(
  ask: Ask,
  choice: Choice,
  signed: Signed,
  current: Current,
): Promise<Plan | Problem> {
  const old = serverOf(current);
  const target = baseOf(choice, signed, current);
  if (!target.ok) return { key: `reason_${target.reason}`, detail: '' };
  const { base } = target;
  const joined = choice.want === 'server' && base !== null ? await join(ask, base, signed) : WITHOUT;
  if ('key' in joined) return joined;
  const leaves = old !== null && old !== base;
  return { base, ...joined, old, published: leaves ? await stillPublished(ask, old, signed) : [] };
}

/**
 * Writes it. The caller reads it again: only the server's answer counts.
 *
 * @param content what the account's event holds now
 */
export async function writeChange(
  ask: Ask,
  choice: Choice,
  accepted: readonly string[],
  signed: Signed,
  current: Current,
  content: object,
): Promise<Problem | null> {
  const target = baseOf(choice, signed, current);
  if (!target.ok) return { key: `reason_${target.reason}`, detail: '' };
  const refused =
    choice.want === 'server' && target.base !== null && (await agree(ask, target.base, signed, accepted));
  if (refused) return refused;
  // what other clients keep beside it stays
  const { base_url: _, ...others } = content as { base_url?: unknown };
  const written = await writeSetting(
    ask,
    signed,
    choice.want === 'own' ? others : { ...others, base_url: target.base },
  );
  return written.ok ? null : failed('homeserverRefused', written);
}

type Target =
  { readonly ok: true; readonly base: string | null } | { readonly ok: false; readonly reason: string };

function baseOf({ want, address }: Choice, { home }: Signed, { suggested, clientDefault }: Current): Target {
  if (want === 'none') return { ok: true, base: null };
  if (want === 'own') return { ok: true, base: suggested ?? clientDefault };
  return parseBaseUrl(address, { kind: 'identity', source: 'user', portal: home });
}

type Joined = Pick<Plan, 'terms' | 'hasTerms'>;

const WITHOUT: Joined = { terms: [], hasTerms: true };

/** Whether a server is an identity server that takes this account, and what it wants accepted. */
async function join(ask: Ask, base: string, signed: Signed): Promise<Joined | Problem> {
  const there = await ping(ask, base).catch((error: unknown) => {
    if (error instanceof NoAccess) throw error;
    return null;
  });
  if (!there) return { key: 'identityUnreachable', detail: '' };
  if (!there.ok) return failed('notAnIdentityServer', there);
  const token = await register(ask, base, signed);
  if (typeof token !== 'string') return token;
  const policies = await readTerms(ask, base);
  // 404 alone means that there are none
  if (!policies.ok && policies.status !== 404) return failed('termsUnreadable', policies);
  const terms = termsOf(policies);
  const account = await checkAccount(ask, base, token);
  if (account.ok) return { terms: [], hasTerms: terms.length > 0 };
  const mayAccept = field(account.body, 'errcode') === 'M_TERMS_NOT_SIGNED' && terms.length > 0;
  return mayAccept ? { terms, hasTerms: true } : failed('identityRefused', account);
}

async function agree(
  ask: Ask,
  base: string,
  signed: Signed,
  accepted: readonly string[],
): Promise<Problem | null> {
  if (accepted.length === 0) return null;
  const token = await register(ask, base, signed);
  if (typeof token !== 'string') return token;
  const taken = await acceptTerms(ask, base, token, accepted);
  if (!taken.ok) return failed('identityRefused', taken);
  await noteAccepted(ask, signed, accepted);
  return null;
}

/** `policies: {id: {version, LANGUAGE: {name, url}}}`, in English where there is that. */
function termsOf({ ok, body }: Reply): Terms[] {
  const policies = ok ? field(body, 'policies') : null;
  if (typeof policies !== 'object' || policies === null) return [];
  return Object.values(policies).flatMap((policy: unknown) => {
    const languages = typeof policy === 'object' && policy !== null ? Object.values(policy) : [];
    const texts = [field(policy, 'en'), ...languages];
    const url = texts.map((text) => textOf(field(text, 'url'))).find((each) => each !== null);
    const name = texts.map((text) => textOf(field(text, 'name'))).find((each) => each !== null);
    return url === undefined || url === null ? [] : [{ url, name: name ?? url }];
  });
}

async function stillPublished(ask: Ask, old: string, signed: Signed): Promise<string[] | null> {
  const late = new Promise<null>((resolve) => {
    setTimeout(() => resolve(null), PUBLISHED_DEADLINE);
  });
  const asking = async (): Promise<string[] | null> => {
    const addresses = await threePids(ask, signed);
    if (addresses === null || addresses.length === 0) return addresses && [];
    const token = await register(ask, old, signed);
    return typeof token === 'string' ? published(ask, old, token, addresses) : null;
  };
  return Promise.race([asking().catch(() => null), late]);
}

function serverOf({ identity, suggested, clientDefault }: Current): string | null {
  const used = effective(identity, suggested ?? clientDefault);
  return used.is === 'url' ? used.base : null;
}
