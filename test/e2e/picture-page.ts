/** Media as a client's page shows it: everything that a browser loads without page code, and page code beside it. */
import type { Page } from 'puppeteer-core';

export type File = 'picture' | 'sound';

export interface Resource {
  readonly kind: string;
  readonly file: File;
  /** What the page has seen: 'loaded', or 'asked' where a page is told nothing. */
  readonly seen: 'loaded' | 'asked';
  load(page: Page, url: string, token: string): Promise<string>;
}

/** The class is how the page finds it. */
const ELEMENTS = {
  img: '<img class="it" src="URL">',
  srcset: '<img class="it" srcset="URL 1x">',
  picture: '<picture><source srcset="URL"><img class="it"></picture>',
  'svg image': '<svg><image class="it" href="URL" width="9" height="9" /></svg>',
  'input type=image': '<input class="it" type="image" src="URL">',
  'img crossorigin': '<img class="it" crossorigin="anonymous" src="URL">',
};

/** These tell nobody whether they have loaded. */
const SILENT = {
  'CSS background': '<div style="width: 9px; height: 9px; background: url(\'URL\')"></div>',
  'CSS font-face':
    '<style>@font-face { font-family: it; src: url("URL") }</style><p style="font-family: it">text</p>',
  favicon: '<link rel="icon" href="URL">',
};

const withUrl = (html: string, url: string): string => html.replace('URL', url.replaceAll('&', '&amp;'));

export function showImage(page: Page, url: string, html: string = ELEMENTS.img): Promise<string> {
  return page.evaluate(byElement, withUrl(html, url));
}

export const resources: readonly Resource[] = [
  ...Object.entries(ELEMENTS).map(([kind, html]): Resource => ({
    kind,
    file: 'picture',
    seen: 'loaded',
    load: (page, url) => showImage(page, url, html),
  })),
  ...Object.entries(SILENT).map(([kind, html]): Resource => ({
    kind,
    file: 'picture',
    seen: 'asked',
    load: (page, url) => page.evaluate(insert, withUrl(html, url)),
  })),
  ...(['video', 'audio'] as const).map((kind): Resource => ({
    kind,
    file: 'sound',
    seen: 'loaded',
    load: (page, url) => page.evaluate(byPlayer, kind, url),
  })),
  ...(['fetch', 'XHR'] as const).flatMap((by) =>
    (['without', 'with'] as const).map((which): Resource => {
      const code = by === 'fetch' ? byFetch : byXhr;
      return {
        kind: `${by} ${which} the token`,
        file: 'picture',
        seen: 'loaded',
        load: (page, url, token) => page.evaluate(code, url, which === 'with' ? token : ''),
      };
    }),
  ),
];

export const find = (kind: string): Resource => {
  const found = resources.find((resource) => resource.kind === kind);
  if (!found) throw new Error(`no such resource: ${kind}`);
  return found;
};

/** A link that a person presses. */
export async function pressLink(page: Page, url: string, attributes: string): Promise<void> {
  await page.evaluate(
    insert,
    withUrl(`<p><a class="link" ${attributes} href="URL">the attached file</a></p>`, url),
  );
  await page.click('.link');
}

/** Silence, too long to be read at once even on one machine: who seeks asks for a part. */
export function sound(seconds = 200, rate = 96_000): Buffer {
  const data = Buffer.alloc(seconds * rate, 128);
  const head = Buffer.alloc(44);
  head.write('RIFF');
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(1, 22); // channels
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34); // bits
  head.write('data', 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

function insert(html: string): string {
  document.querySelector('.shown')?.remove();
  const shown = document.createElement('div');
  shown.className = 'shown';
  shown.innerHTML = html;
  document.body.append(shown);
  return 'asked';
}

function byElement(html: string): Promise<string> {
  document.querySelector('.shown')?.remove();
  const shown = document.createElement('div');
  shown.className = 'shown';
  shown.innerHTML = html;
  document.body.append(shown);
  return new Promise((resolve) => {
    const element = shown.querySelector('.it');
    element?.addEventListener('load', () => resolve('loaded'));
    element?.addEventListener('error', () => resolve('failed'));
  });
}

/** Done when it has sought near the end. */
function byPlayer(kind: 'video' | 'audio', url: string): Promise<string> {
  const player = document.createElement(kind);
  player.preload = 'metadata';
  player.src = url;
  document.body.append(player);
  return new Promise((resolve) => {
    player.addEventListener('error', () => resolve(`failed: ${player.error?.message}`));
    player.addEventListener('loadedmetadata', () => {
      player.currentTime = player.duration * 0.9;
    });
    player.addEventListener('seeked', () => resolve('loaded'));
  });
}

async function byFetch(url: string, token: string): Promise<string> {
  try {
    const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {};
    const response = await fetch(url, { headers });
    const { size } = await response.blob();
    return response.ok && size > 0 ? 'loaded' : `status ${response.status}`;
  } catch (error) {
    return String(error);
  }
}

function byXhr(url: string, token: string): Promise<string> {
  return new Promise((resolve) => {
    const xhr = new XMLHttpRequest();
    xhr.open('GET', url);
    xhr.responseType = 'blob';
    if (token) xhr.setRequestHeader('Authorization', `Bearer ${token}`);
    xhr.addEventListener('loadend', () => resolve(xhr.status === 200 ? 'loaded' : `status ${xhr.status}`));
    xhr.send();
  });
}
