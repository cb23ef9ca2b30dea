/** Reads from a request what routes it. */
import type { BodyFields } from '../core/verdict.ts';
import { field, textOf } from '../core/json.ts';
import { parseJson } from './answer.ts';

/**
 * The access token of a request: the header wins over the query (`?access_token=`, allowed up to spec v1.10).
 *
 * @param authorization value of the Authorization header, empty when there is none
 */
export function tokenOf(authorization: string | null, url: string): string | null {
  const [, bearer] = /^bearer +(\S+)\s*$/i.exec(authorization ?? '') ?? [];
  const [, query = ''] = /^[^#?]*\?([^#]*)/.exec(url) ?? [];
  return bearer ?? new URLSearchParams(query).get('access_token');
}

/** The fields of a JSON body that route a request; both null for any other body. */
export function readBodyFields(body: unknown): BodyFields {
  const json = parseJson(body);
  return {
    refreshToken: textOf(field(json, 'refresh_token')),
    loginType: textOf(field(json, 'type')),
    // also where an escape could hide a name
    namesIdentity: /id_?(server|access)|3pid|creds|\bsid|\\u/i.test(body as string),
  };
}
