/** What documents and background say to each other about identity servers. */
import { MAX_MESSAGE } from './channel.ts';
import { anything, boolean, list, nothing, nullable, number, object, string, type Parser } from './parse.ts';

/** A request to an identity server, or one whose body may name one. */
export interface IdentityAsk {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  /** Token of an identity server that it carries. */
  readonly token: string | null;
  /** Its text, where it counts. */
  readonly body: string | null;
  /** The session that it belongs to, or that this document used last. */
  readonly session: string | null;
  /** The sessions whose account data this document has read, with no sign of a change since. */
  readonly fresh: readonly string[];
  /** It has waited for as long as it may. */
  readonly late: boolean;
}

/** What a document has to tell when such a request is answered, besides the answer: whose token or `sid` is in it. */
export interface IdentityNote {
  readonly server: string;
  readonly session: string | null;
  readonly secret: string;
}

/** What happens to it. One of `wait`, `answer`, and going on. */
export interface IdentityRuling {
  /** Milliseconds that it may wait in all; null: it is decided. */
  readonly wait: number | null;
  readonly answer: { readonly status: number; readonly text: string } | null;
  /** Where it goes; null: where the page sends it. */
  readonly url: string | null;
  /** Its new text; null: as it is. */
  readonly body: string | null;
  readonly note: IdentityNote | null;
}

/** An answer to our own `GET account_data/m.identity_server`. */
export interface IdentityRead {
  readonly id: string;
  readonly status: number;
  /** Parsed JSON. */
  readonly body: unknown;
  /** When the request began, milliseconds since the epoch. */
  readonly at: number;
  /** This client has just written it. */
  readonly mine: boolean;
}

export interface IdentityCalls {
  rule(args: IdentityAsk): IdentityRuling;
  /** Whether the answer decides anything. */
  read(args: IdentityRead): boolean;
  /** A 2xx answer to a request with a note. */
  answered(args: { note: IdentityNote; body: unknown }): null;
  /** A request to an identity server passed before there was any session. */
  passed(args: { base: string }): null;
}

const id = string(64);
const server = string(4096);
const anyText = string(MAX_MESSAGE);

const note = object<IdentityNote>({ server, session: nullable(id), secret: string(1024) });

export const identityArgs: { readonly [K in keyof IdentityCalls]: Parser<Parameters<IdentityCalls[K]>[0]> } =
  {
    rule: object<IdentityAsk>({
      method: string(64),
      url: anyText,
      token: nullable(anyText),
      body: nullable(anyText),
      session: nullable(id),
      fresh: list(id, 256),
      late: boolean,
    }),
    read: object<IdentityRead>({ id, status: number, body: anything, at: number, mine: boolean }),
    answered: object({ note, body: anything }),
    passed: object({ base: server }),
  };

export const identityReplies: { readonly [K in keyof IdentityCalls]: Parser<ReturnType<IdentityCalls[K]>> } =
  {
    rule: object<IdentityRuling>({
      wait: nullable(number),
      answer: nullable(object({ status: number, text: anyText })),
      url: nullable(anyText),
      body: nullable(anyText),
      note: nullable(note),
    }),
    read: boolean,
    answered: nothing,
    passed: nothing,
  };
