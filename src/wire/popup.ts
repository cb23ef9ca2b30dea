/** What the popup asks of the background. */
import type { Session } from '../core/session.ts';
import { MAX_MESSAGE } from './channel.ts';
import {
  identityPopupArgs,
  identityPopupReplies,
  type IdentityPopupCalls,
  type ShownIdentity,
} from './identity-popup.ts';
import { boolean, list, nothing, object, string, type Parser } from './parse.ts';

/** A session as the popup shows it: no digests. */
export type Shown = Pick<
  Session,
  | 'id'
  | 'user'
  | 'portal'
  | 'named'
  | 'namedBy'
  | 'redirected'
  | 'standing'
  | 'began'
  | 'movedFrom'
  | 'refused'
> & {
  /** Base URL of the homeserver that its requests go to. */
  readonly home: string;
  /** Base URLs that access is needed to and not held. */
  readonly missing: readonly string[];
  /** The client's own CSP was seen to forbid its homeserver, in a page that is open. */
  readonly forbidden: boolean;
  readonly account: ShownIdentity;
};

export interface Description {
  /** The client is in the list and access to it is held. */
  readonly on: boolean;
  /** In the list, but the browser has taken the access away. */
  readonly lostAccess: boolean;
  /** The client's own CSP has kept a login from the homeserver that it was redirected to, in a page that is open. */
  readonly loginForbidden: boolean;
  /** The newest first. */
  readonly sessions: readonly Shown[];
}

export interface PopupCalls extends IdentityPopupCalls {
  /** The clients that somebody is signed in at. */
  clients(args: null): string[];
  describe(args: { client: string }): Description;
  /** The user pressed *Turn on*: remembered, because the popup may be gone when the permission is granted. */
  wish(args: { client: string }): null;
  /** Turns a client on if access to it is held; false if not. */
  turnOn(args: { client: string }): boolean;
  turnOff(args: { client: string }): null;
  /** Ends a session here; nothing is sent to any server. */
  forget(args: { id: string }): null;
  /** What may help to find out what went wrong, as text; no secret is in it. */
  diagnose(args: { client: string }): string;
}

/** `PopupCalls` as the popup makes them. */
export type CallBackground = <K extends keyof PopupCalls>(
  name: K,
  args: Parameters<PopupCalls[K]>[0],
) => Promise<ReturnType<PopupCalls[K]>>;

const client = object({ client: string(1024) });

export const popupArgs: { readonly [K in keyof PopupCalls]: Parser<Parameters<PopupCalls[K]>[0]> } = {
  ...identityPopupArgs,
  clients: nothing,
  describe: client,
  wish: client,
  turnOn: client,
  turnOff: client,
  diagnose: client,
  forget: object({ id: string(64) }),
};

export const popupReplies: { readonly [K in keyof PopupCalls]: Parser<ReturnType<PopupCalls[K]>> } = {
  ...identityPopupReplies,
  clients: list(string(1024), 64),
  // from our own background: trusted as it is
  describe: (value) => value as Description,
  wish: nothing,
  turnOn: boolean,
  turnOff: nothing,
  forget: nothing,
  diagnose: string(MAX_MESSAGE),
};
