/** The page worker: sees what page code does not. Listeners are registered on the first tick. */
import { isToWorker, type ToWorker } from '../site/messages.ts';
import { documentArgs } from '../wire/document.ts';
import { joinOthers } from '../site/others.ts';
import { createSiteOwner } from '../site/owner.ts';
import { answer } from './answer.ts';
import { readKnowledge } from './known.ts';
import { runClientWorker } from './composed.ts';
import { createRouter, notOurs } from './routes.ts';

declare const self: ServiceWorkerGlobalScope;

const client = new URL(location.href).searchParams.get('client');
const nothing = (): undefined => undefined;
const owner = createSiteOwner(nothing, joinOthers({ onChange: nothing, tokenOf: nothing }).tell);

self.addEventListener('install', (event) => {
  // a new version of the same waits, as the client's own would; another in its place does not
  if (client === null || self.registration.active?.scriptURL !== location.href) void self.skipWaiting();
  // static routing: Chromium
  const { addRoutes } = event as InstallEvent;
  if (client === null && addRoutes)
    event.waitUntil(addRoutes.call(event, [notOurs()]).catch(() => undefined));
});

interface InstallEvent extends ExtendableEvent {
  addRoutes?(rules: readonly object[]): Promise<void>;
}

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('message', (event) => {
  const message: unknown = event.data;
  if (!isToWorker(message)) return;
  event.stopImmediatePropagation();
  event.waitUntil(hear(message, event.ports));
});

/** Resolves when all is stored that pages have taught so far. */
let taught: Promise<unknown> = Promise.resolve();

async function hear(message: ToWorker, [port]: readonly MessagePort[]): Promise<unknown> {
  switch (message.homeward) {
    case 'taught':
      return (taught = Promise.allSettled([taught, learn(message)]));
    case 'claim':
      return self.clients.claim();
    case 'wake':
      await taught;
      return port?.postMessage(null);
  }
}

async function learn({ call, args }: Extract<ToWorker, { homeward: 'taught' }>): Promise<unknown> {
  // a deleted database is made again first: what is stored now would count from then on
  await readKnowledge(owner.sessions);
  return owner.call(call, documentArgs[call](args));
}

const answerFor = (request: Request, asker: string): Promise<Response> => answer(request, asker, owner);
if (client !== null) runClientWorker(client, answerFor);
createRouter(answerFor).addFetchListener();
