/**
 * What the hook of a document asks of the background (the bridge between them only relays), and what the background
 * tells documents. Each message is declared once, here. All of it is a claim about the page's own origin. Both ends of
 * the bridge are a border: the background parses what comes from a page, the bridge what goes to it.
 */
import type { Route } from '../core/verdict.ts';
import { MAX_MESSAGE } from './channel.ts';
import { identityArgs, identityReplies, type IdentityCalls } from './identity.ts';
import { anything, boolean, list, nothing, nullable, object, oneOf, string, type Parser } from './parse.ts';

/** Result of asking a named homeserver whether it is one; `home`: go there; `forbidden`: by the page's own CSP. */
export type Checked = 'home' | 'unreachable' | 'not-a-homeserver' | 'forbidden';

/** A homeserver that still has to be asked; `mayStay`: the portal answered the login itself and may honour the token. */
export interface Check {
  readonly base: string;
  readonly mayStay: boolean;
}

export interface Bound {
  readonly route: Route;
  readonly check: Check | null;
  /** Path of the user's `m.identity_server` account data at the homeserver. */
  readonly accountData: string;
}

/** An answer that may begin a session. */
export interface LoginAnswer {
  /** Base URL that was asked, as the page wrote it. */
  readonly portal: string;
  /** After redirects; empty when unknown. */
  readonly finalUrl: string;
  /** Parsed JSON. */
  readonly body: unknown;
}

/** Whose token it is, as `/account/whoami` of the server that a page uses it at says. */
export interface Adoption {
  readonly portal: string;
  readonly token: string;
  /** Parsed JSON of the answer. */
  readonly body: unknown;
}

/** What a document is, told when it begins, and again when it is shown anew or finds another background. */
export interface Page {
  /** Tells documents of one tab apart. */
  readonly document: string;
  /** Its requests pass through the client's own service worker. */
  readonly controlled: boolean;
  /** The sessions whose tokens it has used. */
  readonly sessions: readonly string[];
  /** It has asked for login flows since, or before it used any. */
  readonly signedOut: boolean;
}

export interface Started {
  /** Its origin is turned on. */
  readonly on: boolean;
  /** This client's sessions, the most recently used first. */
  readonly recent: Route[];
  /** The name under which another bridge may reach the hook, after the extension was reloaded. */
  readonly again: string;
}

export interface DocumentCalls extends IdentityCalls {
  start(args: Page): Started;
  /** Whose access or refresh token is this? null: no session's. */
  whose(args: { token: string }): Bound | null;
  /** A login or registration was answered. */
  begin(args: LoginAnswer): Bound | null;
  /** A session that began before Homeward was turned on. */
  adopt(args: Adoption): Bound | null;
  refreshed(args: { id: string; tokens: readonly string[] }): null;
  /** The client logged out; `all`: the user's other sessions at that homeserver too. */
  loggedOut(args: { id: string; all: boolean }): null;
  /** The homeserver does not know this token any more (hard logout). */
  unknownToken(args: { id: string; token: string }): null;
  /** The check of a session's homeserver had this result. */
  checked(args: { id: string; result: Checked }): Route | null;
  /** The session's homeserver has authenticated media (MSC3916). */
  hasMedia(args: { id: string }): null;
  /** The page's own CSP forbids requests to the session's homeserver; `id` empty: to one that a login was redirected to. */
  forbidden(args: { id: string }): null;
  /** A bridge that was put into an open page found no hook that understands it. `young`: the page has only just begun. */
  unhooked(args: { young: boolean }): null;
}

/** What changed about a session of the document's client. `gone`: it ended. */
export interface Change {
  readonly route: Route;
  readonly gone: boolean;
}

/** `DocumentCalls` as the hook makes them. Rejects with `Gone` when nobody will answer any more. */
export type CallBackground = <K extends keyof DocumentCalls>(
  name: K,
  args: Parameters<DocumentCalls[K]>[0],
) => Promise<ReturnType<DocumentCalls[K]>>;

/** What goes over the channel between hook and bridge, as JSON. */
export interface Ask {
  readonly id: number;
  readonly call: keyof DocumentCalls;
  readonly args: unknown;
}

/**
 * `id` 0: a `Change` that nobody asked for. Not `ok`: the extension is gone, or (`value` is `refused`) the message is none
 * that we know. The bridge has parsed `value`.
 */
export interface Tell {
  readonly id: number;
  readonly ok: boolean;
  readonly value: unknown;
}

const url = string(4096);
/** Of a request, whatever its query. */
const anyUrl = string(MAX_MESSAGE);
const id = string(64);
const token = string(4096);

const route: Parser<Route> = object<Route>({
  id,
  portal: url,
  target: nullable(url),
  pending: boolean,
  media: boolean,
});
const bound = nullable(
  object<Bound>({
    route,
    check: nullable(object<Check>({ base: url, mayStay: boolean })),
    accountData: url,
  }),
);

/** How the background reads what documents ask. */
export const documentArgs: { readonly [K in keyof DocumentCalls]: Parser<Parameters<DocumentCalls[K]>[0]> } =
  {
    ...identityArgs,
    start: object<Page>({ document: id, controlled: boolean, sessions: list(id, 64), signedOut: boolean }),
    whose: object({ token }),
    begin: object<LoginAnswer>({ portal: anyUrl, finalUrl: anyUrl, body: anything }),
    adopt: object<Adoption>({ portal: anyUrl, token, body: anything }),
    refreshed: object({ id, tokens: list(token, 2) }),
    loggedOut: object({ id, all: boolean }),
    unknownToken: object({ id, token }),
    checked: object({ id, result: oneOf('home', 'unreachable', 'not-a-homeserver', 'forbidden') }),
    hasMedia: object({ id }),
    forbidden: object({ id }),
    unhooked: object({ young: boolean }),
  };

/** How documents read the answers. */
export const documentReplies: { readonly [K in keyof DocumentCalls]: Parser<ReturnType<DocumentCalls[K]>> } =
  {
    ...identityReplies,
    start: object<Started>({ on: boolean, recent: list(route, 64), again: string(64) }),
    whose: bound,
    begin: bound,
    adopt: bound,
    refreshed: nothing,
    loggedOut: nothing,
    unknownToken: nothing,
    checked: nullable(route),
    hasMedia: nothing,
    forbidden: nothing,
    unhooked: nothing,
  };

export const change: Parser<Change> = object<Change>({ route, gone: boolean });
