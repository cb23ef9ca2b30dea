/**
 * Requests of every kind, as `BASE PATH`: what the browser's rules do with each is compared with what `decide` says. A
 * base is `portal`, `home`, `other` or `origin` (the portal's without the path of its base URL).
 */
import type { Form } from '../support/browser.ts';
import endpoints from '../data/endpoints.json' with { type: 'json' };

/** Who asks: a dedicated worker with the token, or an image. */
export type By = 'worker' | 'images';

const CLIENT = '/_matrix/client';
const SYNC = `${CLIENT}/v3/sync`;

/** Those that servers have, one that none has yet, and misprints. */
const VERSIONS = 'api/v1 r0 v1 v3 unstable v2_alpha r7 v9 api/r0 unstable/org.example.msc1 v3x vendor'.split(
  ' ',
);
const BELOW = ['login', 'login/sso/redirect/idp', 'login/get_token', 'register/available', 'account/whoami'];

const values: Readonly<Record<string, string>> = {
  '{roomId}': '!room:alpha',
  '{userId}': '@alice:alpha',
  '{eventId}': '$event',
};

/** A few of each family, with anything in the places of parameters. */
function sampled(): string[] {
  const paths = endpoints.endpoints.flatMap((endpoint) => endpoint.paths as readonly string[]);
  const filled = paths.map((path) => path.replaceAll(/\{\w+\}/g, (name) => values[name] ?? 'x'));
  return [...new Set(filled)].filter((_, index) => index % 9 === 0);
}

const odd = [
  `${CLIENT}`,
  `${CLIENT}/`,
  `${CLIENT}/versions`,
  `${CLIENT}/v3`,
  `${CLIENT}/v3/login/`,
  `${CLIENT}/v3/loginx`,
  `${CLIENT}/v3/login/cas/ticket`,
  `${CLIENT}/v3/login/token`,
  `${CLIENT}/v3/register/email/requestToken`,
  `${CLIENT}/v3/register/m.login.registration_token/validity`,
  `${CLIENT}/v3/rooms/login/messages`,
  `${CLIENT}/v3/rooms/..%2F..%2Flogin/state`,
  `${CLIENT}/v3/rooms/!a%2Fb%3Ax/state`,
  `${CLIENT}/v3/rooms/%23%C3%A4%20%25/%F0%9F%8F%A0`,
  `${CLIENT}/v3/rooms/ä ö/aliases`,
  `${CLIENT}/v3/log%69n`,
  `${CLIENT}/v3//login`,
  `${CLIENT}//v3/sync`,
  `${CLIENT}/v3/sync?filter=%7B%22a%22%3A1%7D&x=/_matrix/client/v3/login`,
  `${CLIENT}/v3/sync?x=#hw-passed`,
  `${CLIENT}/unstable/org.matrix.msc4108/rendezvous`,
  '/_matrix/static/client/login/',
  '/_matrix/cl%69ent/v3/sync',
  '/%5Fmatrix/client/v3/sync',
  '/_Matrix/client/v3/sync',
  '/_matrix/Client/v3/sync',
  '/_matrix/clients/v3/sync',
  '/_matrix/federation/v1/version',
  '/_matrix/key/v2/server',
  '/_matrix/app/v1/ping',
  '/_matrix',
  '/_matrixx/client/v3/sync',
  '/_synapse/admin/v1/rooms',
  '/.well-known/matrix/client',
  '/.well-known/matrix/server',
  '/config.json',
  '/_matrix/identity/v2',
  '/_matrix/identity/v2/account',
  '/_matrix/identity/api/v1/lookup',
  `/${SYNC}`,
  `//${SYNC}`,
  `/./x/..${SYNC}`,
  `/x${SYNC}`,
  `/x/_matrix/media/v3/config`,
];

/** Media as the grammar has it, and as it has not. */
export const media = [
  ...['r0', 'v1', 'v3'].map((version) => `/_matrix/media/${version}/download/alpha/ID`),
  `${CLIENT}/v1/media/download/alpha/ID`,
  '/_matrix/media/v3/thumbnail/alpha:8448/ID?width=32&height=32&method=crop',
  '/_matrix/media/v3/thumbnail/alpha%3A8448/ID?width=32',
  `${CLIENT}/v1/media/thumbnail/[::1]:8448/ID`,
  "/_matrix/media/v3/download/alpha/A-b_9.~(x)'s=@:",
  '/_matrix/media/v3/download/alpha/ID/name.png',
  '/_matrix/media/v3/download/alpha/ID/',
  '/_matrix/media/v3/download/alpha/ID?allow_remote=false',
  '/_matrix/media/v3/download/alpha/ID?a=1&allow_redirect=true&b=2&allow_remote=false',
  `/${CLIENT}/v1/media/download/alpha/ID`,
  '//_matrix/media/v3/download/alpha/ID',
  // no files
  ...['v2', 'v4', 'r1', 'unstable'].map((version) => `/_matrix/media/${version}/download/alpha/ID`),
  `${CLIENT}/v3/media/download/alpha/ID`,
  `${CLIENT}/unstable/org.matrix.msc3916/media/download/alpha/ID`,
  '/_matrix/media/v3/config',
  '/_matrix/media/r0/preview_url?url=http://x',
  `${CLIENT}/v1/media/config`,
  '/_matrix/media/v3/Download/alpha/ID',
  '/_matrix/media/v3/download/alpha',
  '/_matrix/media/v3/download//ID',
  '/_matrix/media/v3/download/alpha/',
  '/_matrix/media/v3/download/alpha/ID/name/more',
  '/_matrix/media/v3/download/alpha/ID/a%20name.png',
  '/_matrix/media/v3/download/alpha/ID/ä.png',
  '/_matrix/media/v3/download/alpha%2Fx/ID',
  '/_matrix/media/v3/download/alpha/..%2F..%2FID',
  '/_matrix/media/v3/download/alpha/%2E%2E/%2E%2E/x',
  '/_matrix/media/v3/download/alpha/ID;x=1',
  '/_matrix/media/v3/download/alpha/../../../../client/v3/sync',
  '/_matrix/media/v3/download/alpha/..\\..\\ID',
  '/_matrix/media/v3/down%6Coad/alpha/ID',
  '/_matrix/m%65dia/v3/download/alpha/ID',
  '/_matrix/media/v3/download/alpha/ID?x=#part',
];

export interface Difference {
  readonly rows: RegExp;
  /** Default: the extension's rules. */
  readonly form?: Form;
  /** Only then. */
  readonly by?: By;
  readonly hasPath?: false;
  /** Where it arrives, with the path as written: at home without a token, or where it was sent, as it was. */
  readonly is: 'home' | 'sent';
  readonly why: string;
}

/** What is meant to be different. */
export const differences: readonly Difference[] = [
  {
    rows: /^portal .*\/(r7|v9|api\/r0|unstable\/org[^/]*)\/(login|register)(?!\/get_token)/,
    is: 'home',
    why: 'versions that no client uses cannot be told by filters: a login there goes home, which is no leak',
  },
  {
    rows: /client\/(api\/v1|r0|v3|unstable|v2_alpha)\/(login\/(get_)?token|register\/email)/,
    is: 'sent',
    why: 'below login and register all is the portal’s, but for get_token at the version that has it (and no GET)',
  },
  { rows: /rendezvous$/, is: 'home', why: 'no sign-in by a code is made in workers' },
  { rows: /log%69n$/, is: 'home', why: 'nobody escapes letters: the net does not see a login' },
  {
    rows: /cl%69ent|m%65dia|%5Fmatrix|^portal \/_matrix\/client$/,
    is: 'sent',
    why: 'nobody escapes letters, or asks for nothing: no rule sees these',
  },
  {
    rows: /^portal \/{3}_/,
    hasPath: false,
    is: 'sent',
    why: 'nobody begins with three slashes: each number of them needs a filter of its own',
  },
  {
    rows: /^portal \/\/_matrix/,
    by: 'worker',
    hasPath: false,
    is: 'home',
    why: 'a rule without a regular expression changes the host only: the slash stays',
  },
  {
    rows: /^(?!other).*\/media\/(v3\/config|r0\/preview_url)/,
    by: 'images',
    is: 'home',
    why: 'no picture: nothing that shows pictures asks for it',
  },
  {
    rows: /ID.*#/,
    by: 'images',
    is: 'home',
    why: 'the fragment is what the rule with the token goes by: none that a page wrote is let through',
  },
  {
    rows: /^portal \/_matrix\/static\//,
    form: 'worker',
    by: 'worker',
    is: 'sent',
    why: 'a page to go to: nobody asks for it in another way, and what a worker sends is not taken from it',
  },
];

export function differenceOf(form: Form, row: string, by: By, hasPath: boolean): Difference | undefined {
  return differences.find(
    (each) =>
      each.rows.test(row) &&
      (each.form ?? 'extension') === form &&
      (each.by ?? by) === by &&
      (each.hasPath ?? hasPath) === hasPath,
  );
}

/** All, each once. */
export function requests(): string[] {
  const versioned = VERSIONS.flatMap((version) => BELOW.map((below) => `${CLIENT}/${version}/${below}`));
  const atPortal = [...sampled(), ...versioned, ...odd, ...media].map((path) => `portal ${path}`);
  const elsewhere = [SYNC, `${CLIENT}/v3/login`, ...media.slice(0, 4)];
  const others = (['home', 'other', 'origin'] as const).flatMap((base) =>
    elsewhere.map((path) => `${base} ${path}`),
  );
  return [...new Set([...atPortal, ...others])];
}

/** For pictures: media only. */
export function pictures(): string[] {
  const elsewhere = [...media.slice(0, 5), '/_matrix/media/v3/config'];
  return [
    ...media.map((path) => `portal ${path}`),
    ...(['home', 'other', 'origin'] as const).flatMap((base) => elsewhere.map((path) => `${base} ${path}`)),
  ];
}
