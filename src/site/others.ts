/**
 * The other pages of this site, and its service worker: each tells all others what changed about sessions. A page that
 * has no token of its own (the settings) asks whether one of them has; tokens are in the memory of pages only.
 */
import { pause } from '../request/patience.ts';
import { change, type Change } from '../wire/document.ts';
import { list, object, string } from '../wire/parse.ts';

const NAME = 'homeward';

/** Milliseconds that the others have to say a token. */
const DEADLINE = 1000;

type Message =
  | { readonly changes: readonly Change[] }
  /** A session whose token is wanted. */
  | { readonly wanted: string; readonly ask: string }
  | { readonly token: string; readonly ask: string };

const text = string(4096);
const parsers = {
  changes: object({ changes: list(change, 64) }),
  wanted: object({ wanted: text, ask: text }),
  token: object({ token: text, ask: text }),
};

/** null: of another version, or not ours. */
function parse(data: unknown): Message | null {
  const kinds = Object.keys(parsers) as (keyof typeof parsers)[];
  const kind = kinds.find((each) => typeof data === 'object' && data !== null && each in data);
  try {
    return kind ? parsers[kind](data) : null;
  } catch {
    return null;
  }
}

export interface Others {
  tell(changes: readonly Change[]): void;
  /** The newest access token of a session, if a page that is open has it. */
  tokenOf(session: string): Promise<string | null>;
  /** An open channel keeps some browsers from putting a page into their back/forward cache. */
  close(): void;
}

export interface Joined {
  onChange(change: Change): void;
  /** Of a session; undefined: it is not known here. */
  tokenOf(session: string): string | undefined;
}

const NOBODY: Others = {
  tell: () => undefined,
  tokenOf: () => Promise.resolve(null),
  close: () => undefined,
};

export function joinOthers(joined: Joined): Others {
  try {
    return joinChannel(new BroadcastChannel(NAME), joined);
  } catch {
    // where a browser allows a site no storage
    return NOBODY;
  }
}

function joinChannel(channel: BroadcastChannel, { onChange, tokenOf }: Joined): Others {
  const postNow: (message: Message) => void = channel.postMessage.bind(channel);
  const post = (message: Message): void => {
    try {
      postNow(message);
    } catch {
      // it is closed: this page is being left
    }
  };
  const waiting = new Map<string, (token: string) => void>();
  const heard = ({ data }: MessageEvent<unknown>): void => {
    const message = parse(data);
    if (!message) return;
    if ('changes' in message) return message.changes.forEach(onChange);
    if ('token' in message) return waiting.get(message.ask)?.(message.token);
    const token = tokenOf(message.wanted);
    if (token !== undefined) post({ token, ask: message.ask });
  };
  channel.addEventListener('message', heard);
  return {
    tell: (changes) => post({ changes }),
    async tokenOf(session) {
      const ask = crypto.randomUUID();
      const told = new Promise<string>((resolve) => {
        waiting.set(ask, resolve);
      });
      post({ wanted: session, ask });
      const token = await Promise.race([told, pause(DEADLINE)]);
      waiting.delete(ask);
      return token ?? null;
    },
    close: channel.close.bind(channel),
  };
}
