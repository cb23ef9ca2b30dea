/** What pages and service worker of one site say to each other. All of it is of one origin, and none of it is stored. */
import type { Ruling } from '../request/router.ts';
import type { DocumentCalls } from '../wire/document.ts';

/** The calls that tell what no other place knows. */
export const TEACHING = [
  'begin',
  'refreshed',
  'loggedOut',
  'unknownToken',
  'answered',
] as const satisfies readonly (keyof DocumentCalls)[];
export type Teaching = (typeof TEACHING)[number];

/** What a page tells the worker, which lives on when the page does not. */
export type ToWorker =
  /** What an answer has just taught; the page may be gone before it is stored. */
  | { readonly homeward: 'taught'; readonly call: Teaching; readonly args: unknown }
  /** To see the requests of a page that was loaded past it (shift and reload). */
  | { readonly homeward: 'claim' }
  /** Answered on the port when it runs and has stored what it was taught until now. */
  | { readonly homeward: 'wake' };

/** What the worker asks a page, which answers on the port. */
export type ToPage =
  /** Where a GET without a token goes. Answer: `Where`. `isPlayed`: of sound or a video, which is asked for in parts. */
  | { readonly homeward: 'where'; readonly url: string; readonly isPlayed: boolean }
  /** To make the database again, from what the page keeps of it. Answer: `true`, it is there. */
  | { readonly homeward: 'remake' }
  /** What the account says about a request of one of the page's workers. Answer: `Ruled`. */
  | {
      readonly homeward: 'rule';
      readonly method: string;
      readonly url: string;
      readonly token: string | null;
      readonly body: string | null;
      readonly session: string | null;
    };

/** null: where it is sent. */
export type Where = { readonly url: string; readonly token: string | null } | null;
/** null: it is not sent. */
export type Ruled = Ruling | null;

export function isToWorker(message: unknown): message is ToWorker {
  return isOurs(message);
}

export function isToPage(message: unknown): message is ToPage {
  return isOurs(message);
}

function isOurs(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'homeward' in message;
}
