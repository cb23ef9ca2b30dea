/** The roles of identity server requests, v1 and v2 (Identity Service API, all versions). */

type Row = readonly [method: string, path: string, op: string];

const ROLES: readonly Row[] = [
  ['GET', '', 'ping'],
  ['POST', '3pid/bind', 'bind'],
  ['POST', '3pid/unbind', 'bind'],
  ['POST', 'bind', 'bind'],
  ['GET', 'lookup', 'lookup'],
  ['POST', 'lookup', 'lookup'],
  ['POST', 'bulk_lookup', 'lookup'],
  ['GET', 'hash_details', 'lookup-params'],
  ['POST', 'store-invite', 'invite'],
  ['GET', 'account', 'token-check'],
  ['POST', 'account/register', 'token-issue'],
  ['POST', 'account/logout', 'token-revoke'],
  ['GET', 'terms', 'terms-read'],
  ['POST', 'terms', 'terms-accept'],
];

/** @param segments the decoded path below `/_matrix/identity` */
export function identityOperation(
  verb: string,
  segments: readonly string[],
): { op: string; api: 'v1' | 'v2' | null } {
  const path = segments.join('/').replace(/\/$/, '');
  const [, prefix, rest = ''] = /^(api\/v1|v2)(?:\/(.*))?$/.exec(path) ?? [];
  if (prefix === undefined) return { op: path === 'versions' ? 'versions' : 'other', api: null };
  return { op: roleOf(verb, rest), api: prefix === 'v2' ? 'v2' : 'v1' };
}

function roleOf(verb: string, path: string): string {
  const validate = /^validate\/[^/]+\/(request|submit)Token$/.exec(path);
  if (validate) return validate[1] === 'request' ? 'validate-start' : 'validate-submit';
  if (path.startsWith('pubkey/')) return 'keys';
  const wanted = verb === 'HEAD' ? 'GET' : verb;
  return ROLES.find(([method, row]) => method === wanted && row === path)?.[2] ?? 'other';
}
