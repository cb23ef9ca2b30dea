import { fixed, route } from './homeserver-router.ts';
import type { Context, Route } from './homeserver-router.ts';
import { clientEvent } from './homeserver-room.ts';
import type { Room, StoredEvent } from './homeserver-room.ts';
import { ownRoom } from './homeserver-rooms.ts';
import { after } from './homeserver-sync.ts';
import { MatrixError, text } from './homeserver-store.ts';
import type { Json } from './homeserver-store.ts';

const PAGE = 10;

/** A place between events: `t5` is after the first five; a sync's `s17` is what that sync had seen. */
function placeOf(room: Room, token: string | null, otherwise: number): number {
  const [, kind, digits] = /^([st])(\d+)$/.exec(token ?? '') ?? [];
  if (digits === undefined) return otherwise;
  const number = Number(digits);
  if (kind === 't') return number;
  return room.events.filter((event) => event.position <= number).length;
}

export function chunkOf(context: Context, room: Room, events: StoredEvent[]): Json[] {
  const { device } = context.caller();
  return events.map((event) => clientEvent(event, room.id, device.id));
}

function limitOf(context: Context): number {
  return Number(context.query.get('limit') ?? PAGE) || PAGE;
}

/** `end` is always there: clients of 2016 stop when it equals `start`, later ones at an empty chunk. */
function messages(context: Context): Json {
  const room = ownRoom(context);
  const back = context.query.get('dir') !== 'f';
  const from = placeOf(room, context.query.get('from'), back ? room.events.length : 0);
  const to = back
    ? Math.max(0, from - limitOf(context))
    : Math.min(room.events.length, from + limitOf(context));
  const events = back ? room.events.slice(to, from).toReversed() : room.events.slice(from, to);
  return { start: `t${from}`, end: `t${to}`, chunk: chunkOf(context, room, events), state: [] };
}

function indexOf(context: Context, room: Room): number {
  const index = room.events.findIndex((event) => event.event_id === context.param('event'));
  if (index < 0) throw new MatrixError(404, 'M_NOT_FOUND', 'Event not found.');
  return index;
}

function around(context: Context): Json {
  const room = ownRoom(context);
  const index = indexOf(context, room);
  const half = Math.ceil(limitOf(context) / 2);
  const start = Math.max(0, index - half);
  const end = Math.min(room.events.length, index + 1 + half);
  return {
    start: `t${start}`,
    end: `t${end}`,
    event: chunkOf(context, room, room.events.slice(index, index + 1))[0],
    events_before: chunkOf(context, room, room.events.slice(start, index).toReversed()),
    events_after: chunkOf(context, room, room.events.slice(index + 1, end)),
    state: chunkOf(context, room, room.stateAt(end)),
  };
}

function oneEvent(context: Context): unknown {
  const room = ownRoom(context);
  const index = indexOf(context, room);
  return chunkOf(context, room, room.events.slice(index, index + 1))[0];
}

/** A room as the deprecated initialSync calls show it. */
export function snapshot(context: Context, room: Room): Json {
  const { user } = context.caller();
  const start = Math.max(0, room.events.length - limitOf(context));
  const chunk = chunkOf(context, room, room.events.slice(start));
  return {
    room_id: room.id,
    membership: 'join',
    visibility: 'private',
    state: chunkOf(context, room, room.stateAt()),
    messages: { chunk, start: `t${start}`, end: `t${room.events.length}` },
    presence: [],
    receipts: [],
    account_data: after(user.roomData.get(room.id), 0),
  };
}

function putReceipt(context: Context, type: string, eventId: string): void {
  const room = ownRoom(context);
  const user = context.caller().user.id;
  const receipt = { user, event: eventId, type, at: Date.now(), position: context.store.next() };
  room.receipts.set(`${type}|${user}`, receipt);
}

function readMarkers(context: Context): Json {
  const room = ownRoom(context);
  const { user } = context.caller();
  const body = context.body();
  const read = text(body['m.read']);
  if (read !== null) putReceipt(context, 'm.read', read);
  const full = text(body['m.fully_read']);
  if (full !== null) {
    const data = user.roomData.get(room.id) ?? new Map();
    data.set('m.fully_read', { content: { event_id: full }, position: context.store.next() });
    user.roomData.set(room.id, data);
  }
  return {};
}

export function historyRoutes(): Route[] {
  return [
    route('GET rooms/:room/messages', messages),
    route('GET rooms/:room/context/:event', around),
    route('GET rooms/:room/event/:event', oneEvent),
    route('GET rooms/:room/initialSync', (context) => snapshot(context, ownRoom(context))),
    route('POST rooms/:room/receipt/:type/:event', (context) => {
      putReceipt(context, context.param('type'), context.param('event'));
      return {};
    }),
    route('POST rooms/:room/read_markers', readMarkers),
    ...fixed(['PUT rooms/:room/typing/:user'], () => ({})),
    ...fixed(['GET rooms/:room/relations/:rest*', 'GET rooms/:room/threads'], () => ({ chunk: [] })),
    ...fixed(['GET rooms/:room/aliases'], () => ({ aliases: [] })),
  ];
}
