/** What the worker asks pages: they alone have tokens, and know what their documents are about. */
import type { Ruled, ToPage, Where } from '../site/messages.ts';
import { inTime } from '../request/patience.ts';

declare const self: ServiceWorkerGlobalScope;

/** Milliseconds. A page that does not answer has no Homeward in it, or is busy: then nothing is added to its requests. */
const DEADLINE = 2000;
/** How long the account data may be waited for (identity-account-data.md). */
const RULE_DEADLINE = 10_000;

interface Answers {
  readonly where: Where;
  readonly rule: Ruled;
  readonly remake: boolean;
}

/** undefined: no answer in time. */
async function ask<K extends keyof Answers>(
  client: Client,
  message: Extract<ToPage, { homeward: K }>,
  deadline: number,
): Promise<Answers[K] | undefined> {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve) => {
    port1.addEventListener('message', ({ data }) => resolve(data), { once: true });
    port1.start();
  });
  client.postMessage(message, [port2]);
  const value = await inTime(deadline, answer);
  port1.close();
  return value as Answers[K] | undefined;
}

/**
 * Where a GET of a document's goes, by what it says itself; undefined: it is none, or does not say.
 *
 * @param id empty: not known whose it is. Then what all pages that know of it say counts, if it is the same.
 */
export async function whereOf(id: string, { url, destination }: Request): Promise<Where | undefined> {
  const message = { homeward: 'where', url, isPlayed: /^(audio|video)$/.test(destination) } as const;
  if (!id) return whereOfAny(message);
  const client = await self.clients.get(id);
  return client?.type === 'window' ? ask(client, message, DEADLINE) : undefined;
}

async function whereOfAny(message: Extract<ToPage, { homeward: 'where' }>): Promise<Where | undefined> {
  const pages = await self.clients.matchAll({ type: 'window' });
  const told = await Promise.all(pages.map((page) => ask(page, message, DEADLINE)));
  const [first, ...others] = told.flatMap((where) => where ?? []);
  const isSame = others.every((other) => other.url === first?.url && other.token === first.token);
  return isSame ? first : undefined;
}

/** What any page of the site says of a request that names an identity server; undefined: none is open. */
export function ruleOf(message: Extract<ToPage, { homeward: 'rule' }>): Promise<Ruled | undefined> {
  return askAny<'rule'>(message, RULE_DEADLINE);
}

/** Lets a page make the database again that is empty or was deleted. @returns whether there is one now */
export async function remade(): Promise<boolean> {
  return (await askAny<'remake'>({ homeward: 'remake' }, DEADLINE)) ?? false;
}

/** The first answer. */
async function askAny<K extends keyof Answers>(
  message: Extract<ToPage, { homeward: K }>,
  deadline: number,
): Promise<Answers[K] | undefined> {
  const pages = await self.clients.matchAll({ type: 'window' });
  const asked = pages.map(async (page) => (await ask<K>(page, message, deadline)) ?? Promise.reject());
  return Promise.any(asked).catch(() => undefined);
}
