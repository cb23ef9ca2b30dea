import { newFaults, startFront } from './front.ts';
import type { Faults } from './front.ts';
import type { Tls } from './http.ts';
import { identityAccountRoutes } from './identity-account.ts';
import { identityLookupRoutes } from './identity-lookup.ts';
import { dispatchIdentity } from './identity-router.ts';
import { IdentityStore } from './identity-store.ts';
import type { Binding, Policies } from './identity-store.ts';
import { identityValidationRoutes } from './identity-validation.ts';
import { Recorder } from './recorder.ts';

export interface IdentityServerOptions {
  /** e.g. 'is': reached at http://is.localhost:PORT */
  name: string;
  /** URL host instead of NAME.localhost */
  host?: string;
  /** default: a free one */
  port?: number;
  /** base path such as '/is1': everything lives under it and anything else answers 404 */
  prefix?: string;
  /** default: its own */
  recorder?: Recorder;
  tls?: Tls;
  /** policies that must be accepted before anything with a token; default none */
  terms?: Policies;
  /** whose OpenID token this is; default: any token is that of `@openid:unknown` */
  whoIs?: (openIdToken: string) => string | null;
}

export interface IdentityServer {
  name: string;
  /** base URL with prefix, no trailing slash */
  url: string;
  /** host[:port][/prefix], as client-server bodies name it */
  idServer: string;
  recorder: Recorder;
  faults: Faults;
  /** ever issued by account/register */
  tokens: () => string[];
  bind: (medium: string, address: string, mxid: string) => void;
  bindings: () => Binding[];
  /** of the last validation mail or SMS, by sid */
  code: (sid: string) => string;
  /** later requests get 401 M_UNAUTHORIZED */
  revoke: (token: string) => void;
  close: () => Promise<void>;
}

function controls(store: IdentityStore) {
  return {
    tokens: () => [...store.issued],
    bind: (medium: string, address: string, mxid: string) => store.bind({ medium, address }, mxid),
    bindings: () => store.bindings.map((binding) => ({ ...binding })),
    code(sid: string): string {
      const found = store.validations.get(sid);
      if (!found) throw new Error(`no validation ${sid}`);
      return found.code;
    },
    revoke: (token: string) => store.revoke(token),
  };
}

/** An in-memory identity server: versions 1 and 2 of the API, as far as clients use them. */
export async function startIdentityServer(options: IdentityServerOptions): Promise<IdentityServer> {
  const { name, terms = {}, whoIs = () => '@openid:unknown' } = options;
  const store = new IdentityStore(name, terms);
  const recorder = options.recorder ?? new Recorder();
  const faults = newFaults();
  const routes = [...identityAccountRoutes(whoIs), ...identityValidationRoutes(), ...identityLookupRoutes()];
  const { url, close } = await startFront({
    ...options,
    recorder,
    faults,
    handle: (exchange) => dispatchIdentity(routes, store, exchange),
  });
  const idServer = url.replace(/^https?:\/\//, '');
  return { name, url, idServer, recorder, faults, ...controls(store), close };
}
