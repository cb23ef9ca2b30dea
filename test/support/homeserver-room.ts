export interface NewEvent {
  type: string;
  sender: string;
  content: Record<string, unknown>;
  state_key?: string;
  redacts?: string;
  /** the device that sent it and its transaction, which only that device is told */
  device?: string;
  txn?: string;
}

export interface StoredEvent extends NewEvent {
  event_id: string;
  at: number;
  position: number;
}

export interface Receipt {
  user: string;
  event: string;
  type: string;
  at: number;
  position: number;
}

export class Room {
  readonly events: StoredEvent[] = [];
  readonly receipts = new Map<string, Receipt>();
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  /** The state after the first `count` events. */
  stateAt(count = this.events.length): StoredEvent[] {
    const state = new Map<string, StoredEvent>();
    for (const event of this.events.slice(0, count)) {
      if (event.state_key !== undefined) state.set(`${event.type}|${event.state_key}`, event);
    }
    return [...state.values()];
  }

  state(type: string, key = ''): StoredEvent | undefined {
    return this.events.findLast((event) => event.type === type && event.state_key === key);
  }

  member(userId: string): StoredEvent | undefined {
    return this.state('m.room.member', userId);
  }

  membership(userId: string): string | null {
    const membership = this.member(userId)?.content.membership;
    return typeof membership === 'string' ? membership : null;
  }

  joined(): StoredEvent[] {
    return this.stateAt().filter((event) => event.content.membership === 'join');
  }
}

/** An event as a client gets it; syncs leave out the room id. */
export function clientEvent(
  event: StoredEvent,
  roomId: string | null,
  device: string,
): Record<string, unknown> {
  const own = event.txn !== undefined && event.device === device;
  return {
    event_id: event.event_id,
    type: event.type,
    sender: event.sender,
    // the name of the sender in API v1, which clients of 2016 still read
    user_id: event.sender,
    origin_server_ts: event.at,
    content: event.content,
    unsigned: { age: Date.now() - event.at, ...(own ? { transaction_id: event.txn } : {}) },
    ...(event.state_key === undefined ? {} : { state_key: event.state_key }),
    ...(event.redacts === undefined ? {} : { redacts: event.redacts }),
    ...(roomId === null ? {} : { room_id: roomId }),
  };
}
