/** The page's own part in owning the state, in the place of an extension's background. */
import type { Background, Listener } from '../page/background.ts';
import { addEventListener, apply } from '../patch/natives.ts';
import { inTime, pause } from '../request/patience.ts';
import { TEACHING, type ToWorker } from '../site/messages.ts';
import { joinOthers, type Others } from '../site/others.ts';
import { createSiteOwner } from '../site/owner.ts';
import type { SessionOwner } from '../owner/owners.ts';
import type { CallBackground, DocumentCalls, Started } from '../wire/document.ts';

/** Milliseconds that a page start waits for a sleeping worker. */
const WAKE_DEADLINE = 1000;

/** Milliseconds in which another tab stores what an answer has taught it. */
const STORING = 200;
/** The same of the worker, which first asks pages that may be gone. */
const TAUGHT_DEADLINE = 4000;

/**
 * @param worker that sees this page's requests, or soon will; null: none is there yet
 * @param begin called before the page is told anything; false: Homeward leaves it alone
 */
export function openBackground(
  { onChange }: Listener,
  worker: () => ServiceWorker | null,
  begin: (sessions: SessionOwner) => Promise<boolean>,
): Background {
  const tokens = new Map<string, string>();
  const join = (): Others => joinOthers({ onChange, tokenOf: (session) => tokens.get(session) });
  let others = join();
  const shown = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) others = join();
  };
  apply(addEventListener, window, ['pagehide', () => others.close()]);
  apply(addEventListener, window, ['pageshow', shown]);

  const { sessions, call } = createSiteOwner(
    (session, token) => tokens.set(session, token),
    (changes) => {
      changes.forEach(onChange);
      others.tell(changes);
    },
  );

  let begun: Promise<boolean> | null = null;
  const callOwner: CallBackground = async (name, args) => {
    if (!(await (begun ??= begin(sessions)))) {
      return (name === 'start' ? OFF : null) as ReturnType<DocumentCalls[typeof name]>;
    }
    // a client may reload the page in the very turn that it has new tokens, or none any more
    const teaching = TEACHING.find((each) => each === name);
    if (teaching) tellWorker(worker(), { homeward: 'taught', call: teaching, args });
    // a browser may drop what a page that goes away has told a worker that was asleep
    if (name === 'start') await inTime(WAKE_DEADLINE, wake(worker()));
    return name === 'whose' ? twice(() => call(name, args), worker()) : call(name, args);
  };
  return { opened: Promise.resolve(), call: callOwner, again: () => undefined };
}

/** Another tab, or the page before, may have these tokens from a login or refresh that is about to be stored. */
async function twice<T>(asked: () => Promise<T>, worker: ServiceWorker | null): Promise<T> {
  const first = await asked();
  if (first !== null) return first;
  await Promise.all([pause(STORING), inTime(TAUGHT_DEADLINE, wake(worker))]);
  return asked();
}

function tellWorker(worker: ServiceWorker | null, message: ToWorker): void {
  try {
    worker?.postMessage(message, []);
  } catch {
    // the page owns the state as well
  }
}

const OFF: Started = { on: false, recent: [], again: '' };

async function wake(worker: ServiceWorker | null): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const message: ToWorker = { homeward: 'wake' };
  worker?.postMessage(message, [port2]);
  await new Promise((resolve) => {
    if (!worker) resolve(null);
    port1.addEventListener('message', resolve, { once: true });
    port1.start();
  });
}
