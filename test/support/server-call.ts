/** What test servers answer to calls from Node. */
export interface Answer {
  status: number;
  /** `{ text }` where the answer is not a JSON object. */
  body: Record<string, unknown>;
}

export type Call = (method: string, path: string, body?: unknown, token?: string) => Promise<Answer>;

/** Through 127.0.0.1: Node does not resolve `*.localhost` everywhere. */
export function caller(port: number): Call {
  return async (method, where, body, token) => {
    const headers: Record<string, string> = {};
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await fetch(`http://127.0.0.1:${port}${where}`, init);
    return { status: response.status, body: parse(await response.text()) };
  };
}

export function parse(content: string): Record<string, unknown> {
  try {
    return record(JSON.parse(content));
  } catch {
    return { text: content };
  }
}

export function bodyOf({ status, body }: Answer, what: string): Record<string, unknown> {
  if (status !== 200) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`);
  return body;
}

export function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object');
  return Object.fromEntries(Object.entries(value));
}

export function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`not a text: ${JSON.stringify(value)}`);
  return value;
}
