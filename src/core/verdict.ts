/** The values that a decision is made of: what is asked, what is known, what happens. */
import type { Role } from './role.ts';

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What a document knows of a session. */
export interface Route {
  readonly id: string;
  readonly portal: string;
  /** Base URL to send to; null: the session is at its portal. */
  readonly target: string | null;
  /** The target was not checked yet: requests wait. */
  readonly pending: boolean;
  /** Its homeserver is known to have authenticated media (MSC3916). */
  readonly media: boolean;
}

/** What this document knows. */
export interface Known {
  /** The background has told this client's sessions, or was silent for too long. */
  readonly ready: boolean;
  /**
   * It did so in this very turn, so it runs. Chromium drops a message to a sleeping service worker when the page goes
   * away before the worker has started: what the answer to a login teaches would be lost.
   */
  readonly awake: boolean;
  /** The session of an access or refresh token; null: of none; undefined: not asked yet. */
  sessionOf(token: string): Route | null | undefined;
  /** The newest access token of a session that this document has used; null: it has used none. */
  tokenOf(route: Route): string | null;
  /** The token of a login answer that the background was told of and has not named a session for yet. */
  readonly claimed: string | null;
  /** A session that began before Homeward was turned on is being looked into. */
  readonly adopting: boolean;
  /** The session whose token this document used last. */
  readonly last: Route | null;
  /** This document asked for login flows before it used any token. */
  readonly signedOut: boolean;
  /** The sessions of this client, the most recently used first. */
  readonly recent: readonly Route[];
  /** Something sees requests after us and acts on all that are not marked: a page worker. The net acts at portals only. */
  readonly marksAll: boolean;
}

export interface Sketch {
  readonly method: string;
  /** Absolute or relative to the page. */
  readonly url: string;
  /** URL that relative ones are relative to. */
  readonly page: string;
  readonly token: string | null;
  /** Fields of the body that route a request; undefined until a verdict `read` asked for them. */
  readonly body: BodyFields | undefined;
  /** A synchronous XMLHttpRequest, which cannot wait. */
  readonly sync: boolean;
  /** What the account says about identity servers is in it already. */
  readonly ruled: boolean;
}

export interface BodyFields {
  readonly refreshToken: string | null;
  readonly loginType: string | null;
  /** It may name an identity server, or a validation that one began. */
  readonly namesIdentity: boolean;
}

/** What to learn from the answer. */
export type Watch =
  /** A session may begin. `portal`: the base URL that was asked, as the page wrote it. */
  | { readonly for: 'begin'; readonly portal: string }
  /** New tokens, an end, or only whether the server says that the session of this token is over. */
  | { readonly for: Exclude<Role, 'begin'>; readonly route: Route; readonly token: string | null }
  /** What whoever ruled a request wants to be told of its answer. */
  | { readonly for: 'note'; readonly note: unknown };

export type Verdict =
  | {
      readonly act: 'pass';
      readonly watch: Watch | null;
      readonly uses: Route | null;
      readonly signsOut: boolean;
      /** The identity server that a client without any session turns to. */
      readonly turnsTo: string | null;
      /** The same URL with `PASSED`, where something else would act on the request. */
      readonly marked: string | null;
    }
  | {
      readonly act: 'send';
      readonly url: string;
      /** The token stays behind: the request goes to a server that did not issue it. */
      readonly dropToken: boolean;
      /** For a file of the session's homeserver, which the page asks for without a token. */
      readonly addToken: string | null;
      readonly watch: Watch | null;
      readonly uses: Route | null;
      /** For a GET without a token: when the target's base URL is not reached, the portal may answer at the other. */
      readonly orPortal: { readonly target: string; readonly url: string } | null;
      /** Its new text, where it is not the page's. */
      readonly body?: string;
    }
  | { readonly act: 'hold'; readonly until: Until }
  /** Another's to decide, who knows what the account says about identity servers; then decide again, `ruled`. */
  | { readonly act: 'rule'; readonly session: string | null }
  /** The answer depends on the body: read it and ask again. */
  | { readonly act: 'read' }
  /** Answered here. */
  | { readonly act: 'answer'; readonly status: number; readonly text: string }
  /** A request that cannot wait, or has waited in vain: not sent at all, rather than to a wrong server. */
  | { readonly act: 'refuse' };

export type Until =
  /** `must`: what its answer teaches may not be lost, so it does not go before somebody is there who keeps it. */
  | { readonly for: 'ready'; readonly must?: true }
  /** `base`: that it was used at. */
  | { readonly for: 'token'; readonly token: string; readonly base: string }
  | { readonly for: 'target'; readonly route: Route };

export const PASS: Extract<Verdict, { act: 'pass' }> = {
  act: 'pass',
  watch: null,
  uses: null,
  signsOut: false,
  turnsTo: null,
  marked: null,
};

export const REFUSE = { act: 'refuse' } as const;
