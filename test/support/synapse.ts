import crypto from 'node:crypto';
import path from 'node:path';
import { forward, relay } from './forward.ts';
import { newFaults, startFront, type Exchange } from './front.ts';
import { mediaCalls, type MediaCalls } from './matrix-media.ts';
import type { EditLogin } from './portal.ts';
import { synapseEnvironment } from './python.ts';
import type { Recorder } from './recorder.ts';
import { bodyOf, caller, parse, record, text, type Answer, type Call } from './server-call.ts';
import { end, readLog, type Running } from './server-process.ts';
import { bringUpSynapse, type Identity, type Place } from './synapse-process.ts';

export type { Answer };

export interface Message {
  sender: string;
  body: string;
}

/** A real homeserver. Its users have the password `pw-USER`. */
export interface Synapse extends MediaCalls {
  name: string;
  /** `http://NAME.localhost:PORT`, as browsers reach it. */
  url: string;
  serverName: string;
  pid: number;
  /** Also after `close`: what was logged until then. */
  log(): string;
  userId(user: string): string;
  /** From Node, through 127.0.0.1. */
  call: Call;
  /** Of an API login of its own, so that no browser's session is touched. */
  token(user: string): Promise<string>;
  /** The invited users join too. */
  createRoom(user: string, name: string, invite: string[]): Promise<string>;
  send(user: string, roomId: string, text: string): Promise<string>;
  messages(roomId: string, user: string): Promise<Message[]>;
  close(): Promise<void>;
}

const v3 = '/_matrix/client/v3';

/** A Synapse that browsers reach through a front of ours, which records what arrives. `call` does not pass it. */
export interface FrontedSynapse extends Synapse {
  /** Edits the login answer, nothing else; null: as Synapse gives it. */
  setLogin(edit: EditLogin | null): void;
  /** Access tokens of the logins through the front. */
  issued(): readonly string[];
}

export interface SynapseOptions {
  name: string;
  users: string[];
  /** What it says that its URL is; default the real one. */
  publicUrl?: string;
  /**
   * Lets it deal with identity servers on this machine: its name is then `localhost:TLSPORT`, where they reach it, and
   * it sends mail. Without, its name is `NAME.localhost` and it reaches nobody.
   */
  identity?: Identity;
}

export async function startSynapse(options: SynapseOptions): Promise<Synapse> {
  const { name, publicUrl, identity } = options;
  const python = path.join(await synapseEnvironment(), 'python');
  const synapse = handle(name, await bringUpSynapse({ python, name, publicUrl, identity }));
  try {
    await Promise.all(options.users.map((user) => register(synapse.call, user)));
    return synapse;
  } catch (error) {
    await synapse.close();
    throw error;
  }
}

/** @param options.recorder records under the Synapse's name */
export async function startFrontedSynapse(
  options: Omit<SynapseOptions, 'publicUrl'> & { recorder: Recorder },
): Promise<FrontedSynapse> {
  const { recorder, ...rest } = options;
  const { name } = rest;
  const issued: string[] = [];
  let edit: EditLogin | null = null;
  const pass = async (exchange: Exchange): Promise<void> => {
    const answer = await forward(exchange, synapse.url);
    const isLogin = exchange.recorded.method === 'POST' && exchange.path.endsWith('/login');
    if (!isLogin || answer.status !== 200) return relay(exchange, answer);
    const body = parse(answer.body.toString());
    issued.push(text(body['access_token']));
    const edited = edit ? edit(body, front.url) : body;
    relay(exchange, { ...answer, body: Buffer.from(JSON.stringify(edited)) });
  };
  const front = await startFront({ name, recorder, faults: newFaults(), handle: pass });
  const synapse = await startSynapse({ ...rest, publicUrl: `${front.url}/` }).catch(async (error) => {
    await front.close();
    throw error;
  });
  return {
    ...synapse,
    url: front.url,
    issued: () => issued,
    setLogin(next) {
      edit = next;
    },
    async close() {
      await Promise.all([front.close(), synapse.close()]);
    },
  };
}

function handle(name: string, running: Running<Place>): Synapse {
  const { port, serverName } = running.prepared;
  const userId = (user: string) => `@${user}:${serverName}`;
  const call = caller(port);
  const tokens = new Map<string, Promise<string>>();
  const token = (user: string) => {
    const made = tokens.get(user) ?? logIn(call, user);
    tokens.set(user, made);
    return made;
  };
  let log: string | undefined;
  return {
    name,
    url: `http://${name}.localhost:${port}`,
    serverName,
    pid: running.pid,
    log: () => log ?? readLog(running.folder),
    userId,
    call,
    token,
    ...rooms(call, token, userId),
    ...mediaCalls({ port, token, userId }),
    async close() {
      log ??= readLog(running.folder);
      await end(running);
    },
  };
}

function rooms(
  call: Call,
  token: (user: string) => Promise<string>,
  userId: (user: string) => string,
): Pick<Synapse, 'createRoom' | 'send' | 'messages'> {
  const ask = async (user: string, method: string, where: string, body?: unknown) =>
    bodyOf(await call(method, where, body, await token(user)), `${method} ${where}`);
  return {
    async createRoom(user, name, invite) {
      const wanted = { name, preset: 'private_chat', invite: invite.map(userId) };
      const roomId = text((await ask(user, 'POST', `${v3}/createRoom`, wanted))['room_id']);
      for (const guest of invite) await ask(guest, 'POST', `${at(roomId)}/join`, {});
      return roomId;
    },
    async send(user, roomId, body) {
      const where = `${at(roomId)}/send/m.room.message/${crypto.randomUUID()}`;
      return text((await ask(user, 'PUT', where, { msgtype: 'm.text', body }))['event_id']);
    },
    async messages(roomId, user) {
      const filter = encodeURIComponent(JSON.stringify({ types: ['m.room.message'] }));
      const answer = await ask(user, 'GET', `${at(roomId)}/messages?dir=f&limit=1000&filter=${filter}`);
      const chunk: unknown[] = Array.isArray(answer['chunk']) ? answer['chunk'] : [];
      return chunk.map(message);
    },
  };
}

function at(roomId: string): string {
  return `${v3}/rooms/${encodeURIComponent(roomId)}`;
}

function message(event: unknown): Message {
  const { sender, content } = record(event);
  const { body } = record(content);
  // A redacted message has none.
  return { sender: text(sender), body: typeof body === 'string' ? body : '' };
}

async function register(call: Call, user: string): Promise<void> {
  const account = { username: user, password: `pw-${user}`, inhibit_login: true };
  const answer = await call('POST', `${v3}/register`, { ...account, auth: { type: 'm.login.dummy' } });
  bodyOf(answer, `register ${user}`);
}

async function logIn(call: Call, user: string): Promise<string> {
  const identifier = { type: 'm.id.user', user };
  const body = { type: 'm.login.password', identifier, password: `pw-${user}` };
  const answer = await call('POST', `${v3}/login`, body);
  return text(bodyOf(answer, `log in ${user}`)['access_token']);
}
