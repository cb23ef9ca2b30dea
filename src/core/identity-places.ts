/** Where the bodies of client-server requests name identity servers: all forms of all versions (`identityBodyIndex`). */
import { field, textOf } from './json.ts';

export type Json = Record<string, unknown>;

/** What an operation's own parameters are; every operation may hold those of user-interactive authentication besides. */
export type Rule =
  'invite' | 'create-room' | 'bind' | 'leave' | 'request-token' | 'add' | 'register' | 'auth';

/**
 * `use`: works with an identity server only. `add`: names one, and works without. `leave`: takes something back.
 * `token`: asks for a validation. `creds`: proves one.
 */
export interface Named {
  readonly kind: 'use' | 'add' | 'leave' | 'token' | 'creds';
  readonly holder: Json;
  /** The name of the name: `idServer` in api/v1. */
  readonly key: 'id_server' | 'idServer';
}

const RULES: readonly (readonly [Rule, RegExp])[] = [
  ['invite', /(^|\/)invite(\/|$)/],
  ['create-room', /^createRoom/],
  ['request-token', /\/requestToken$/],
  ['register', /^register$/],
  ['leave', /^account\/(deactivate|3pid\/(unbind|delete))$/],
  ['bind', /^account\/3pid\/bind$/],
  ['add', /^account\/3pid$/],
];

/** @param path below the version of the client-server API */
export function bodyRule(path: string): Rule {
  return RULES.find(([, paths]) => paths.test(path))?.[0] ?? 'auth';
}

/** The places in a parsed body; none in one that names no identity server. */
export function namedPlaces(rule: Rule, body: unknown): Named[] {
  const auth = field(body, 'auth');
  const proofs = [...credentialsOf(auth), ...(rule === 'register' ? credentialsOf(body) : [])];
  const own = ownPlaces(rule, body).filter(({ holder }) => names(holder));
  return [...own, ...proofs.filter(names).map((holder) => named('creds', holder))];
}

/**
 * What tells validations apart: a `sid` is unique to its server only (Sydent counts them), so the client's own secret
 * belongs to it. null: no validation is named.
 */
export function validationKey(holder: unknown): string | null {
  const [sid, secret] = [textOf(field(holder, 'sid')), textOf(field(holder, 'client_secret'))];
  return sid === null || secret === null ? null : `${secret} ${sid}`;
}

/** Takes the identity server out. */
export function strip({ holder }: Named): 'changed' | 'same' {
  if (!names(holder)) return 'same';
  for (const key of NAMES) delete holder[key];
  return 'changed';
}

function ownPlaces(rule: Rule, body: unknown): Named[] {
  if (!isObject(body)) return [];
  switch (rule) {
    case 'create-room':
      return listOf(body['invite_3pid']).map((holder) => named('use', holder));
    case 'invite':
    case 'bind':
      return [named('use', body)];
    case 'add':
      return credentialsOf(body).map((holder) => named(body['bind'] === true ? 'use' : 'add', holder));
    case 'leave':
    case 'request-token':
      return [named(rule === 'leave' ? 'leave' : 'token', body)];
    default:
      return [];
  }
}

/** `threepid_creds`, `three_pid_creds` and their older spellings: an object, in r0.x of authentication a list. */
function credentialsOf(holder: unknown): Json[] {
  return ['threepid_creds', 'threepidCreds', 'three_pid_creds', 'threePidCreds'].flatMap((key) => {
    const value = field(holder, key);
    return isObject(value) ? [value] : listOf(value);
  });
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function named(kind: Named['kind'], holder: Json): Named {
  return { kind, holder, key: 'idServer' in holder && !('id_server' in holder) ? 'idServer' : 'id_server' };
}

const NAMES = ['id_server', 'idServer', 'id_access_token'];

function names(holder: Json): boolean {
  return NAMES.some((name) => name in holder);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
