import type { Certificates } from './certificates.ts';
import { forward, relay } from './forward.ts';
import { newFaults, startFront, type Exchange, type Faults } from './front.ts';
import { sydentEnvironment } from './python.ts';
import type { Recorded, Recorder } from './recorder.ts';
import { caller, type Call } from './server-call.ts';
import { end, readLog } from './server-process.ts';
import { bringUpSydent } from './sydent-process.ts';

/** A real identity server, which browsers and homeservers reach through a front of ours that records what arrives. */
export interface Sydent {
  name: string;
  /** `https://localhost:TLSPORT`; no other name will do: it is what homeservers sign for. */
  url: string;
  /** `localhost:TLSPORT` */
  idServer: string;
  /** URL of the policy that it asks to accept, a page of the front. */
  policy: string;
  faults: Faults;
  pid: number;
  /** Past the front, so that the recorder sees nothing of it. */
  call: Call;
  /** Also after `close`: what was logged until then. */
  log(): string;
  close(): Promise<void>;
}

export interface SydentOptions {
  name: string;
  /** records under the Sydent's name */
  recorder: Recorder;
  certificates: Certificates;
  smtpPort: number;
  /** whether one must accept its policy first; default true */
  terms?: boolean;
}

/** Homeservers send neither; browsers leave out the origin of a page that they open and of some GET requests. */
export function fromBrowser({ origin, dest }: Recorded): boolean {
  return origin !== null || dest !== null;
}

const policyPath = '/privacy';

export async function startSydent(options: SydentOptions): Promise<Sydent> {
  const { name, recorder, smtpPort, terms = true } = options;
  const environment = await sydentEnvironment();
  const faults = newFaults();
  const pass = async (exchange: Exchange): Promise<void> => {
    if (exchange.path === policyPath) return showPolicy(exchange, name);
    relay(exchange, await forward(exchange, `http://127.0.0.1:${running.prepared.port}`));
  };
  const { tls } = options.certificates;
  const front = await startFront({ name, host: 'localhost', tls, recorder, faults, handle: pass });
  const idServer = new URL(front.url).host;
  const policy = front.url + policyPath;
  const asked = terms ? policy : null;
  const running = await bringUpSydent({ ...environment, name, idServer, smtpPort, policy: asked }).catch(
    async (error) => {
      await front.close();
      throw error;
    },
  );
  let log: string | undefined;
  return {
    name,
    url: front.url,
    idServer,
    policy,
    faults,
    pid: running.pid,
    call: caller(running.prepared.port),
    log: () => log ?? readLog(running.folder),
    async close() {
      log ??= readLog(running.folder);
      await Promise.all([front.close(), end(running)]);
    },
  };
}

function showPolicy({ response }: Exchange, name: string): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><title>Privacy Policy</title><h1>Privacy Policy of ${name}</h1>`);
}
