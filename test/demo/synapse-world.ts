/** A portal, two Synapse behind it, two Sydent, and a site with a client that knows the portal and is0 only. */
import type { Form } from '../support/browser.ts';
import { makeCertificates } from '../support/certificates.ts';
import { clientSite } from '../support/fixtures.ts';
import { startMail, type MailServer } from '../support/mail.ts';
import { naming, startPortal } from '../support/portal.ts';
import { bodyOf } from '../support/server-call.ts';
import { startSite } from '../support/static-site.ts';
import { startSydent, type Sydent } from '../support/sydent.ts';
import { startFrontedSynapse, type FrontedSynapse } from '../support/synapse.ts';
import { client } from './identity-play.ts';
import { DATA, IdentityWitness } from './identity-witness.ts';
import type { Stage } from './identity-world.ts';
import type { Log } from './steps.ts';
import { builtIn } from './world.ts';

export interface SynapseWorld extends Stage {
  readonly mail: MailServer;
  /** alice's and bob's */
  readonly alpha: FrontedSynapse;
  readonly beta: FrontedSynapse;
  /** The one that both accounts name. */
  readonly named: Sydent;
  /** As another client of theirs would: what the account says of its identity server. */
  tell(home: FrontedSynapse, user: string, named: Sydent | null): Promise<void>;
}

interface Closing {
  close(): Promise<unknown>;
}

export async function startSynapseWorld(log: Log, form: Form): Promise<SynapseWorld> {
  const started: Closing[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((each) => each.close()));
  };
  const keep = async <T extends Closing>(starting: Promise<T>): Promise<T> => {
    const thing = await starting;
    started.push(thing);
    return thing;
  };
  try {
    return { ...(await start(keep, log, form)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Keep = <T extends Closing>(starting: Promise<T>) => Promise<T>;

async function start(keep: Keep, log: Log, form: Form): Promise<Omit<SynapseWorld, 'close'>> {
  const root = await clientSite(client, log);
  log('Starting two Synapse and two Sydent (the first time they are installed, which takes minutes).');
  const truths = new Map<string, string | null>();
  const recorder = new IdentityWitness('is0', (userId) => truths.get(userId) ?? null);
  const [certificates, mail] = await Promise.all([makeCertificates(), keep(startMail())]);
  const identity = { certificates, smtpPort: mail.port };
  const synapse = (name: string, user: string): Promise<FrontedSynapse> =>
    keep(startFrontedSynapse({ name, users: [user], recorder, identity }));
  const sydent = (name: string): Promise<Sydent> => keep(startSydent({ name, recorder, ...identity }));
  const [alpha, beta, is0, is1] = await allOf([
    synapse('alpha', 'alice'),
    synapse('beta', 'bob'),
    sydent('is0'),
    sydent('is1'),
  ]);
  const route = (user: string | null): string => (user === 'bob' ? beta : alpha).url;
  const editLogin = naming.base_cs_url;
  const portal = await keep(startPortal({ mode: 'proxy', route, editLogin, strict: true, recorder }));
  const replace = { [builtIn]: portal.url };
  const homeward = form === 'worker';
  const site = await keep(startSite({ name: client, root, homeward, identityServer: is0.url, replace }));
  const homes = [alpha, beta];
  return {
    site,
    witness: recorder,
    servers: ['portal', 'alpha', 'beta'],
    identityServers: [is0, is1],
    mail,
    alpha,
    beta,
    named: is1,
    expected: () => ({ portal: 'portal', issuers: issuers(homes) }),
    async tell(home, user, named) {
      truths.set(home.userId(user), named && named.name);
      await write(home, user, { base_url: named && named.url });
    },
  };
}

/** Past the front: it is no write of the client under test. */
async function write(home: FrontedSynapse, user: string, content: object): Promise<void> {
  const where = `/_matrix/client/v3/user/${encodeURIComponent(home.userId(user))}/account_data/${DATA}`;
  bodyOf(await home.call('PUT', where, content, await home.token(user)), where);
}

/** Waits also for those that come up after one has failed, so that all can be closed. */
async function allOf<const T extends readonly Promise<unknown>[]>(
  starting: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(starting);
  return Promise.all(starting);
}

function issuers(homes: readonly FrontedSynapse[]): Map<string, string> {
  return new Map(homes.flatMap(({ name, issued }) => issued().map((token) => [token, name] as const)));
}
