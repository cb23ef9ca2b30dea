/** How messages of `runtime.sendMessage` and `tabs.sendMessage` are told apart. */
import type { Change } from './document.ts';

export interface ToBackground {
  readonly from: 'document' | 'popup';
  readonly call: string;
  readonly args: unknown;
}

/** `client`: origin of the client that it is about; a tab may hold frames of other origins. */
export interface ToDocument {
  readonly client: string;
  readonly change: Change;
}

/** Asks the documents of a client for their last decisions. */
export interface Collect {
  readonly client: string;
  readonly collect: true;
}

/** Whether a message is for the documents of an origin. */
export function addressed(message: unknown, client: string): boolean {
  return typeof message === 'object' && message !== null && 'client' in message && message.client === client;
}

export function collects(message: unknown): message is Collect {
  return typeof message === 'object' && message !== null && 'collect' in message;
}

export function isToBackground(message: unknown): message is ToBackground {
  return typeof message === 'object' && message !== null && 'from' in message && 'call' in message;
}
