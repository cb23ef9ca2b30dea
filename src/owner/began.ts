/** Sessions as they begin, from what documents tell. */
import { parseBaseUrl } from '../core/base-url.ts';
import { field, textOf } from '../core/json.ts';
import { readCredentials, readNaming, wasRedirected } from '../core/login-response.ts';
import type { Began } from '../core/session.ts';
import type { Adoption, LoginAnswer } from '../wire/document.ts';
import { digest } from './digest.ts';

/** The session of a token that `/account/whoami` knows; null for a guest, whose account holds nothing. */
export async function readAdoption(
  { portal: asked, token, body }: Adoption,
  client: string,
): Promise<Began | null> {
  const portal = basePortal(asked);
  const user = textOf(field(body, 'user_id'));
  if (portal === null || user === null || field(body, 'is_guest') === true) return null;
  return {
    id: crypto.randomUUID(),
    client,
    portal,
    named: null,
    namedBy: null,
    redirected: false,
    standing: { at: 'portal', why: 'adopted' },
    user,
    device: textOf(field(body, 'device_id')),
    access: await digest(token),
    refresh: null,
    began: Date.now(),
  };
}

function basePortal(asked: string): string | null {
  if (!URL.canParse(asked)) return null;
  const parsed = parseBaseUrl(asked, { kind: 'homeserver', source: 'server', portal: asked });
  return parsed.ok ? parsed.base : null;
}

/** The session that an answer begins; null if it begins none, or at a URL that we would not follow. */
export async function readSession(
  { portal: asked, finalUrl, body }: LoginAnswer,
  client: string,
): Promise<Began | null> {
  const credentials = readCredentials(body);
  const portal = basePortal(asked);
  if (!credentials || portal === null) return null;
  const { user, device, access, refresh } = credentials;
  const naming = readNaming(body, portal, finalUrl || null);
  const why = naming.source === null ? 'names-nothing' : naming.ok ? null : naming.reason;
  return {
    id: crypto.randomUUID(),
    client,
    portal,
    named: naming.source !== null && naming.ok ? naming.base : null,
    namedBy: naming.source,
    redirected: wasRedirected(portal, finalUrl || null),
    standing: why === null ? { at: 'pending' } : { at: 'portal', why },
    user,
    device,
    access: await digest(access),
    refresh: refresh === null ? null : await digest(refresh),
    began: Date.now(),
  };
}
