/** What page functions share: `kit`, a global of the test page. `makeKit` is sent to the page as text. */

export interface Setup {
  /** Prefix of the URLs that are asked. */
  readonly base: string;
  /** The answer server under a name of its own: its connections are not those of `base`. */
  readonly control: string;
  /** The answer server. */
  readonly target: string;
  /** Unique, part of every id. */
  readonly run: string;
  readonly token: string;
  /** Base URL to log in at first. */
  readonly login: string | null;
  /** The request may be held: then not everything about its events and errors is told. */
  readonly held: boolean;
}

export interface Seen {
  arrived: number;
  preflights: number;
  bodies: string[];
  closed: boolean;
  order: string[];
}

export interface LogOptions {
  upload?: boolean;
  /** default: readyState at every event */
  states?: boolean;
}

export type Kit = ReturnType<typeof makeKit>;

export function makeKit() {
  let setup: Setup;
  let count = 0;
  const stray: string[] = [];
  const types = ['readystatechange', 'loadstart', 'progress', 'abort', 'error', 'load', 'timeout', 'loadend'];
  addEventListener('unhandledrejection', ({ reason }) => stray.push(`unhandled ${String(reason)}`));
  addEventListener('error', ({ message }) => stray.push(`error ${message}`));

  const kit = {
    async begin(next: Setup): Promise<void> {
      setup = next;
      count = 0;
      stray.length = 0;
      if (next.login === null) return;
      const body = JSON.stringify({ type: 'm.login.password', user: 'alice', password: next.token });
      const response = await fetch(`${next.login}/_matrix/client/v3/login`, { method: 'POST', body });
      await response.json();
    },
    /** What went wrong that nobody caught, a moment after the end. */
    async end(): Promise<string[]> {
      for (let round = 0; round < 3; round += 1) await kit.server('seen');
      return stray;
    },
    token: () => setup.token,
    target: () => setup.target,
    id: () => `${setup.run}-${++count}`,
    url(path: string, id: string = kit.id()): string {
      const query = `id=${id}&access_token=${setup.token}`;
      return `${setup.base}/${path}${path.includes('?') ? '&' : '?'}${query}`;
    },
    /** A URL of the answer server that is not Matrix's. */
    elsewhere: (path: string, id: string) => `${setup.target}/plain/${path}?id=${id}`,
    /** Opens the gate, sends one more request after them, and tells whether none of them arrived. */
    async nothingSent(ids: string[]): Promise<boolean> {
      await kit.server('open');
      await (await fetch(kit.url('text'))).text();
      let arrived = 0;
      for (const id of ids) arrived += (await kit.server('seen', id)).arrived;
      return arrived === 0;
    },
    async server(what: 'seen' | 'arrived' | 'closed' | 'go' | 'open', id = ''): Promise<Seen> {
      return (await fetch(`${setup.control}/control/${what}?id=${id}`)).json() as Promise<Seen>;
    },
    error(thrown: unknown): unknown {
      if (!(thrown instanceof Error)) return { thrown: String(thrown) };
      const { name, message } = thrown;
      const kinds = [thrown instanceof DOMException, thrown instanceof TypeError];
      // what a held request refuses is refused in our words
      return setup.held ? { name, kinds } : { name, message, kinds };
    },
    /** The value that a promise or function gives, or its error. */
    async outcome(work: Promise<unknown> | (() => unknown)): Promise<unknown> {
      try {
        return { value: await (typeof work === 'function' ? work() : work) };
      } catch (thrown) {
        return kit.error(thrown);
      }
    },
    /** Like `outcome`, for what must throw at once. */
    now(work: () => unknown): unknown {
      try {
        const value = work();
        return { value: value instanceof Promise ? 'promise' : String(value) };
      } catch (thrown) {
        return kit.error(thrown);
      }
    },
    response(response: Response): unknown {
      const { status, statusText, ok, type, url, redirected, bodyUsed, body } = response;
      const headers = [...response.headers].filter(([name]) => !/^(date|content-length)$/.test(name));
      const isResponse = response instanceof Response && response.constructor === Response;
      return {
        status,
        statusText,
        ok,
        type,
        url,
        redirected,
        bodyUsed,
        headers,
        isResponse,
        body: body !== null,
      };
    },
    /** The answer of `echo` and how often it was asked. */
    async echoed(sent: Promise<Response>, id: string): Promise<unknown> {
      const response = await sent;
      const told: unknown = await response.json();
      const { arrived, preflights } = await kit.server('seen', id);
      return { response: kit.response(response), told, arrived, preflights };
    },
    xhr(method: string, path: string, id: string = kit.id()): XMLHttpRequest {
      const xhr = new XMLHttpRequest();
      xhr.open(method, kit.url(path, id));
      return xhr;
    },
    /** Logs every event; equal neighbours once, for the number of progress events is up to the network. */
    log(xhr: XMLHttpRequest, { upload = false, states = true }: LogOptions = {}): string[] {
      const lines: string[] = [];
      const add = (where: string, owner: EventTarget) => (event: Event) => {
        const isOwn = event.target === owner && event.currentTarget === owner;
        const trust = setup.held ? '' : ` ${event.isTrusted}`;
        const state = states && !(setup.held && event.type === 'loadstart') ? xhr.readyState : '';
        const kind = event.constructor.name;
        const line = `${where}${event.type} ${kind} ${state} ${isOwn}${trust}`;
        if (lines.at(-1) !== line) lines.push(line);
      };
      for (const type of types) {
        xhr.addEventListener(type, add('', xhr));
        if (upload) xhr.upload.addEventListener(type, add('upload.', xhr.upload));
      }
      return lines;
    },
    /** Resolves after `loadend`. */
    ended: (xhr: XMLHttpRequest): Promise<void> =>
      new Promise((resolve) => {
        xhr.addEventListener('loadend', () => resolve());
      }),
    /** What a request can be asked; `'!'` for what throws. */
    state(xhr: XMLHttpRequest): unknown {
      const keys = [
        'readyState',
        'status',
        'statusText',
        'responseURL',
        'responseType',
        'timeout',
        'withCredentials',
      ];
      const read = (key: string): string => {
        try {
          return String(xhr[key as keyof XMLHttpRequest]);
        } catch (thrown) {
          return `!${(thrown as Error).name}`;
        }
      };
      const values = [...keys, 'responseText', 'response', 'responseXML'].map((key) => [key, read(key)]);
      const headers = xhr.getAllResponseHeaders().replace(/^(date|content-length):.*\r\n/gm, '');
      return { ...(Object.fromEntries(values) as object), headers };
    },
    async finished(xhr: XMLHttpRequest, body?: XMLHttpRequestBodyInit | Document | null): Promise<unknown> {
      const done = kit.ended(xhr);
      xhr.send(body);
      await done;
      return kit.state(xhr);
    },
  };
  return kit;
}
