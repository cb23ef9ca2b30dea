/** Requests whose course a page sees: each runs in the page. */

export interface Uploaded {
  events: { type: string; loaded: number }[];
  text: string;
}

export function upload(url: string, token: string, size: number): Promise<Uploaded> {
  const xhr = new XMLHttpRequest();
  const events: Uploaded['events'] = [];
  for (const type of ['loadstart', 'progress', 'load', 'loadend', 'error', 'abort'] as const) {
    xhr.upload.addEventListener(type, ({ loaded }) => {
      if (!events.some((each) => each.type === type)) events.push({ type, loaded });
    });
  }
  return new Promise((resolve) => {
    xhr.addEventListener('loadend', () => resolve({ events, text: xhr.responseText }));
    xhr.open('POST', url);
    xhr.setRequestHeader('Authorization', `Bearer ${token}`);
    xhr.send(new Blob([new Uint8Array(size)]));
  });
}

/** The page is told to stop by an event. */
export async function untilAborted(url: string, token: string, by: string): Promise<string> {
  const headers = { Authorization: `Bearer ${token}` };
  if (by === 'fetch') {
    const controller = new AbortController();
    addEventListener('stop-it', () => controller.abort(), { once: true });
    const { signal } = controller;
    return fetch(url, { headers, signal }).then(String, (error: Error) => error.name);
  }
  const xhr = new XMLHttpRequest();
  addEventListener('stop-it', () => xhr.abort(), { once: true });
  return new Promise((resolve) => {
    for (const type of ['abort', 'load', 'error']) xhr.addEventListener(type, () => resolve(type));
    xhr.open('GET', url);
    xhr.setRequestHeader('Authorization', headers.Authorization);
    xhr.send();
  });
}

export function synchronously(url: string, token: string): [number, string] {
  const xhr = new XMLHttpRequest();
  xhr.open('GET', url, false);
  xhr.setRequestHeader('Authorization', `Bearer ${token}`);
  xhr.send();
  return [xhr.status, xhr.responseURL];
}

export function leaving(url: string, token: string): void {
  addEventListener('pagehide', () => {
    const headers = { Authorization: `Bearer ${token}` };
    void fetch(url, { method: 'POST', body: '{}', headers, keepalive: true }).catch(() => undefined);
  });
}

export async function inParts(url: string, token: string): Promise<string> {
  const response = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    text += part.value;
    document.title = text;
  }
  return text;
}
