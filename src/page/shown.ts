/** What this document is, and when it is shown anew. */
import { addEventListener, apply, getter } from '../patch/natives.ts';
import type { Page } from '../wire/document.ts';

// not there where the page is no secure context
const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
const { PageTransitionEvent } = window;
const persisted = getter(PageTransitionEvent.prototype, 'persisted');

export function thisPage(): () => Omit<Page, 'sessions' | 'signedOut'> {
  const document = `${Math.random()}`;
  return () => ({ document, controlled: !!serviceWorker?.controller });
}

/** Called when the page is back from the back/forward cache, was prerendered, or gets another service worker. */
export function onShownAnew(callback: () => void): void {
  const shown = (event: Event): void => {
    if (apply(persisted, event, [])) callback();
  };
  apply(addEventListener, window, ['pageshow', shown, true]);
  apply(addEventListener, document, ['prerenderingchange', callback, true]);
  if (serviceWorker) apply(addEventListener, serviceWorker, ['controllerchange', callback]);
}
