import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Room } from './homeserver-room.ts';
import type { NewEvent, StoredEvent } from './homeserver-room.ts';

export type Json = Record<string, unknown>;

/** Content and the stream position at which it came, for incremental syncs. */
export interface Placed {
  content: Json;
  position: number;
  /** account data that is gone again: kept to tell those who have seen it */
  removed?: boolean;
}

/** An e-mail address or a phone number. */
export interface Threepid {
  /** email or msisdn */
  medium: string;
  address: string;
}

export interface Device {
  id: string;
  displayName: string | null;
  keys: Json | null;
  oneTimeKeys: Map<string, unknown>;
  inbox: Placed[];
}

export interface User {
  id: string;
  name: string;
  password: string;
  guest: boolean;
  profile: Json;
  accountData: Map<string, Placed>;
  roomData: Map<string, Map<string, Placed>>;
  filters: Json[];
  threepids: Threepid[];
  devices: Map<string, Device>;
}

export interface StoredMedia {
  type: string;
  filename: string | null;
  body: Buffer;
}

/** What a Matrix server answers when it refuses. */
export class MatrixError extends Error {
  readonly status: number;
  readonly body: Json;
  constructor(status: number, errcode: string, error: string, extra: Json = {}) {
    super(error);
    this.status = status;
    this.body = { errcode, error, ...extra };
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function randomName(bytes = 12): string {
  return randomBytes(bytes).toString('base64url');
}

/** Users, rooms and media of one homeserver, on one stream of positions that syncs follow. */
export class Store {
  readonly users = new Map<string, User>();
  readonly rooms = new Map<string, Room>();
  readonly media = new Map<string, StoredMedia>();
  /** what a sid given out here is about */
  readonly validations = new Map<string, Threepid>();
  /** user ids by the OpenID tokens given out for them */
  readonly openIds = new Map<string, string>();
  /** what was answered to requests with a transaction id */
  readonly answers = new Map<string, unknown>();
  position = 1;
  private readonly waiters = new Set<() => void>();

  readonly serverName: string;
  constructor(serverName: string) {
    this.serverName = serverName;
  }

  userId(name: string): string {
    return name.startsWith('@') ? name : `@${name.toLowerCase()}:${this.serverName}`;
  }

  addUser(name: string, password: string, guest = false): User {
    const id = this.userId(name);
    const user: User = {
      id,
      name,
      password,
      guest,
      profile: { displayname: name },
      accountData: new Map(),
      roomData: new Map(),
      filters: [],
      threepids: [],
      devices: new Map(),
    };
    this.users.set(id, user);
    return user;
  }

  user(name: string): User {
    const user = this.users.get(this.userId(name));
    if (!user) throw new MatrixError(404, 'M_NOT_FOUND', `No such user: ${name}`);
    return user;
  }

  room(id: string): Room {
    const room = this.rooms.get(id);
    if (!room) throw new MatrixError(404, 'M_NOT_FOUND', 'Room not found');
    return room;
  }

  addRoom(): Room {
    const room = new Room(`!${randomName()}:${this.serverName}`);
    this.rooms.set(room.id, room);
    return room;
  }

  append(room: Room, event: NewEvent): StoredEvent {
    const stored = { ...event, event_id: `$${randomName(24)}`, at: Date.now(), position: this.next() };
    room.events.push(stored);
    return stored;
  }

  /** A member event with the profile in it, as servers write them. */
  setMembership(room: Room, sender: string, target: string, membership: string): StoredEvent {
    const profile = this.users.get(target)?.profile ?? {};
    const content = { ...profile, membership };
    return this.append(room, { type: 'm.room.member', sender, state_key: target, content });
  }

  /** The next stream position; wakes every waiting sync. */
  next(): number {
    this.position += 1;
    this.wake();
    return this.position;
  }

  wake(): void {
    // After the current work: whoever waits must see all of the change.
    for (const waiter of this.waiters) setImmediate(waiter);
    this.waiters.clear();
  }

  /** Until something changes, the time is over or the client went away. */
  async change(response: ServerResponse, ms: number): Promise<void> {
    if (response.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiters.delete(done);
        response.off('close', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.waiters.add(done);
      response.once('close', done);
    });
  }
}
