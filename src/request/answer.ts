/** Reads answers beside the page, without altering or holding what the page gets. */
import { MAX_LOGIN_ANSWER } from '../core/login-response.ts';

const { parse } = JSON;

/** The JSON of a copy of an answer; null when it is no JSON, breaks off, or is longer than a login answer may be. */
export async function readJson(response: Response): Promise<unknown> {
  try {
    return parseJson(await readText(response.clone()));
  } catch {
    return null;
  }
}

/** The value of a JSON text, null when it is none or too long. */
export function parseJson(text: unknown): unknown {
  if (typeof text !== 'string' || text.length > MAX_LOGIN_ANSWER) return null;
  try {
    return parse(text);
  } catch {
    return null;
  }
}

async function readText(copy: Response): Promise<string> {
  const reader = copy.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (reader && text.length <= MAX_LOGIN_ANSWER) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
  }
  void reader?.cancel();
  return '';
}
