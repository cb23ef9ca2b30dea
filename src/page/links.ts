/**
 * Links to files: no rule adds a token to a navigation, so that a homeserver with authenticated media would answer 401.
 * The user's own click on one becomes a request of the page with its token, and a saved file.
 */
import { addEventListener, apply, getter, nativeFetch } from '../patch/natives.ts';

const { composedPath } = Event.prototype;
const defaultPrevented = getter(Event.prototype, 'defaultPrevented');
const { preventDefault } = Event.prototype;
const href = getter(HTMLAnchorElement.prototype, 'href');
const { createElement } = Document.prototype;
const { click } = HTMLElement.prototype;
const { createObjectURL, revokeObjectURL } = URL;

/** Milliseconds until the browser has surely begun to save. */
const SAVED = 60_000;

/** @param goesTo where a link leads, and with which token if it is to a file of a session; null: as it is */
export function saveLinks(goesTo: (url: string) => { url: string; token: string | null } | null): void {
  const clicked = (event: Event): void => {
    if (!event.isTrusted || apply(defaultPrevented, event, [])) return;
    const path = apply(composedPath, event, []) as unknown[];
    const link = path.find((each) => each instanceof HTMLAnchorElement);
    const file = link && goesTo(apply(href, link, []) as string);
    if (!link || !file?.token) return;
    apply(preventDefault, event, []);
    void save(file.url, file.token, link).catch(() => apply(click, link, []));
  };
  apply(addEventListener, window, ['click', clicked]);
}

/** Rejects when the homeserver does not give the file: then the link is followed as it is. */
async function save(url: string, token: string, link: HTMLAnchorElement): Promise<void> {
  const response = await nativeFetch(url, {
    headers: { Authorization: `Bearer ${token}` },
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
  });
  if (!response.ok) throw new Error(String(response.status));
  const object = apply(createObjectURL, URL, [await response.blob()]);
  const saving = apply(createElement, document, ['a']) as HTMLAnchorElement;
  saving.href = object;
  saving.download = link.download || decodeURIComponent(new URL(url).pathname.replace(/.*\//, ''));
  apply(click, saving, []);
  setTimeout(() => apply(revokeObjectURL, URL, [object]), SAVED);
}
