/** Code in Firefox's own window: WebDriver has no command for everything. */
import type { Browser } from 'puppeteer-core';

interface Bidi {
  send(method: string, params: object): Promise<{ result: never }>;
}

/** @param expression may give a promise; what it gives is text, a number, true, false or nothing */
export async function inFirefox(browser: Browser, expression: string): Promise<unknown> {
  const { connection } = browser as unknown as { connection: Bidi };
  const tree: { contexts: { context: string }[] } = (
    await connection.send('browsingContext.getTree', { 'moz:scope': 'chrome' })
  ).result;
  const target = { context: tree.contexts[0]?.context };
  const params = { expression, target, awaitPromise: true };
  const answer: { result?: { value?: unknown } } = (await connection.send('script.evaluate', params)).result;
  if (!answer.result) throw new Error(`in Firefox: ${JSON.stringify(answer)}`);
  return answer.result.value;
}
