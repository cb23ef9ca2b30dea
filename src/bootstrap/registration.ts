/**
 * The service worker that sees what page code does not: one for each scope, so that a client that has one of its own
 * gets ours, which runs the client's inside.
 */
import { addEventListener, apply } from '../patch/natives.ts';
import { replace } from '../patch/replace.ts';
import { pause, unheard } from '../request/patience.ts';
import type { ToWorker } from '../site/messages.ts';
import { reaches } from '../site/reach.ts';

/** Names the client's own script in the URL of ours. */
const CLIENT = 'client';

export interface Registration {
  /** The worker that is or will be in charge; null: none is known yet. */
  worker(): ServiceWorker | null;
  /** Registers it where it is not, in the place of one that the client has had before. */
  ensure(): Promise<void>;
  /** Takes it away; the client's own gets its place back. */
  remove(): Promise<void>;
}

/**
 * From now on a client that registers a worker of its own gets ours with it inside.
 *
 * @param script URL of our worker, in the same folder as the client's page or above it
 * @param isSure ours stays; else the client's waits until `ensure` or `remove` is called
 */
export function openRegistration(
  container: ServiceWorkerContainer,
  script: URL,
  isSure: boolean,
): Registration {
  const { register, getRegistration, getRegistrations } = ServiceWorkerContainer.prototype;
  const ours = new URL('./', script).href;
  let known: ServiceWorkerRegistration | null = null;
  /** What the client has registered in this page. */
  let own: Promise<unknown> | null = null;
  let decide: (stays: boolean) => void = () => undefined;
  const decided = new Promise<boolean>((resolve) => {
    decide = resolve;
  });
  const isOurs = (url: string): boolean => new URL(url).pathname === script.pathname;
  const withClient = (client: string): string => {
    const { pathname, search } = new URL(client);
    const composed = new URL(script);
    composed.searchParams.set(CLIENT, pathname + search);
    return composed.href;
  };

  const undo = replace(ServiceWorkerContainer.prototype, 'register', (run, self, args) => {
    const [url, given] = args as [unknown, RegistrationOptions | null | undefined];
    const options = given ?? {};
    const place = args.length > 0 ? placeOf(`${url as string}`, options) : null;
    if (!place || isOurs(place.script) || options.type === 'module') return run(self, args);
    // of a worker for more than this folder, which is in ours from now on, the folder's part
    const scope = place.scope.startsWith(ours) ? place.scope : ours;
    const changed = [withClient(place.script), optionsOf(options, scope)];
    const later = async (): Promise<unknown> => run(self, (await decided) ? changed : args);
    return (own = isSure ? (run(self, changed) as Promise<unknown>) : later());
  });

  /** Of this page's folder; not of another application's above it. */
  const find = async (): Promise<ServiceWorkerRegistration | null> => {
    const found = await apply(getRegistration, container, [location.href]);
    return found?.scope.startsWith(ours) ? found : null;
  };

  return {
    worker() {
      const worker = container.controller ?? (known && newest(known));
      return worker && isOurs(worker.scriptURL) ? worker : null;
    },
    async ensure() {
      decide(true);
      const isThere = (found: ServiceWorkerRegistration | null): boolean => {
        const url = found && newest(found)?.scriptURL;
        return !!url && isOurs(url);
      };
      let found = await find();
      if (!isThere(found)) {
        // the client may be about to register its own: one worker after the other would be a new version to it
        await settled();
        if (await isTaken(own)) {
          known = await find();
          return;
        }
        found = await find();
        if (await isTaken(own)) return;
      }
      if (found && isThere(found)) {
        known = found;
        // not by its URL: another tab may have registered the client's meanwhile
        found.update().catch(unheard);
      } else {
        const current = found && newest(found)?.scriptURL;
        const url = current ? withClient(current) : script.href;
        known = await apply(register, container, [url, optionsOf(found ?? {}, found?.scope ?? ours)]);
      }
      // one that is loaded past its worker (shift and reload)
      const claim: ToWorker = { homeward: 'claim' };
      if (!container.controller) known.active?.postMessage(claim);
    },
    async remove() {
      undo();
      try {
        for (const registration of await apply(getRegistrations, container, [])) {
          const url = newest(registration)?.scriptURL;
          if (url === undefined || !isOurs(url)) continue;
          const client = new URL(url).searchParams.get(CLIENT);
          if (client === null) await registration.unregister();
          else await apply(register, container, [client, { scope: registration.scope }]);
        }
      } finally {
        decide(false);
      }
    },
  };
}

/** A browser fetches a worker's script past its cache, but not what that imports, which the client's is in ours. */
function optionsOf(
  { updateViaCache }: Pick<RegistrationOptions, 'updateViaCache'>,
  scope: string,
): RegistrationOptions {
  return { scope, updateViaCache: updateViaCache === 'all' ? 'all' : 'none' };
}

/** Milliseconds after its load event in which a client registers its worker, if it has one. */
const SETTLING = 500;

async function settled(): Promise<void> {
  if (document.readyState !== 'complete') {
    await new Promise((resolve) => apply(addEventListener, window, ['load', resolve]));
  }
  await pause(SETTLING);
}

/** Whether the client has a worker of its own now. */
async function isTaken(own: Promise<unknown> | null): Promise<boolean> {
  return (
    own !== null &&
    own.then(
      () => true,
      () => false,
    )
  );
}

function newest({ active, waiting, installing }: ServiceWorkerRegistration): ServiceWorker | null {
  return installing ?? waiting ?? active;
}

/** A script that is for this page and that a browser would take; null: for the native function. */
function placeOf(url: string, options: RegistrationOptions): { script: string; scope: string } | null {
  const addresses = [url, ...(options.scope === undefined ? [] : [options.scope])];
  if (!addresses.every((each) => URL.canParse(each, document.baseURI))) return null;
  const script = new URL(url, document.baseURI);
  const scope =
    options.scope === undefined ? new URL('./', script) : new URL(options.scope, document.baseURI);
  const isHere = location.href.startsWith(scope.href) && script.origin === location.origin;
  return isHere && reaches(script, scope.href) ? { script: script.href, scope: scope.href } : null;
}
