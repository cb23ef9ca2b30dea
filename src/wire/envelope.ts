/** How messages of `runtime.sendMessage` and `tabs.sendMessage` are told apart. */
import type { Change } from './document.ts';

export interface ToBackground {
  readonly from: 'document' | 'popup';
  readonly call: string;
  readonly args: unknown;
}

export interface ToDocument {
  /** Origin of the client that the change is about: a tab may hold frames of other origins. */
  readonly client: string;
  readonly change: Change;
}

/** Whether a message is for the documents of an origin. */
export function addressed(message: unknown, client: string): boolean {
  return typeof message === 'object' && message !== null && 'client' in message && message.client === client;
}

export function isToBackground(message: unknown): message is ToBackground {
  return typeof message === 'object' && message !== null && 'from' in message && 'call' in message;
}
