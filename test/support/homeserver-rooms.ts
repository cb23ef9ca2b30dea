import { route } from './homeserver-router.ts';
import type { Context, Route } from './homeserver-router.ts';
import { clientEvent } from './homeserver-room.ts';
import type { NewEvent, Room, StoredEvent } from './homeserver-room.ts';
import { MatrixError } from './homeserver-store.ts';
import type { Json, Store } from './homeserver-store.ts';

export interface RoomPlan {
  name?: string | null;
  topic?: string | null;
  open?: boolean;
  initialState?: Array<Pick<NewEvent, 'type' | 'content' | 'state_key'>>;
}

const POWER = {
  users_default: 0,
  events_default: 0,
  state_default: 50,
  ban: 50,
  kick: 50,
  redact: 50,
  invite: 0,
  events: {},
};

/** A new room with the state events that every server puts into one, in their order. */
export function makeRoom(store: Store, creator: string, plan: RoomPlan): Room {
  const room = store.addRoom();
  const put = (type: string, content: Json, key = '') =>
    store.append(room, { type, sender: creator, state_key: key, content });
  put('m.room.create', { creator, room_version: '6' });
  store.setMembership(room, creator, creator, 'join');
  put('m.room.power_levels', { ...POWER, users: { [creator]: 100 } });
  put('m.room.join_rules', { join_rule: plan.open ? 'public' : 'invite' });
  put('m.room.history_visibility', { history_visibility: 'shared' });
  for (const event of plan.initialState ?? []) put(event.type, event.content, event.state_key);
  if (plan.name) put('m.room.name', { name: plan.name });
  if (plan.topic) put('m.room.topic', { topic: plan.topic });
  return room;
}

/** The room of the path, when the caller is in it. */
export function ownRoom(context: Context): Room {
  const room = context.store.rooms.get(context.param('room'));
  if (room?.membership(context.caller().user.id) === 'join') return room;
  throw new MatrixError(403, 'M_FORBIDDEN', 'You are not in that room');
}

function join(context: Context): Json {
  const { store } = context;
  const { id } = context.caller().user;
  const room = store.room(context.param('room'));
  const membership = room.membership(id);
  const open = room.state('m.room.join_rules')?.content.join_rule === 'public';
  if (!open && membership !== 'invite' && membership !== 'join') {
    throw new MatrixError(403, 'M_FORBIDDEN', 'You are not invited to this room.');
  }
  if (membership !== 'join') store.setMembership(room, id, id, 'join');
  return { room_id: room.id };
}

function leave(context: Context): Json {
  const { id } = context.caller().user;
  const room = context.store.room(context.param('room'));
  if (room.membership(id) !== 'leave') context.store.setMembership(room, id, id, 'leave');
  return {};
}

/** Sends once for each transaction of a device, however often the client repeats it. */
function send(context: Context, type: string, extra: Pick<NewEvent, 'redacts'> = {}): Json {
  const room = ownRoom(context);
  const { user, device } = context.caller();
  const txn = context.param('txn');
  const known = room.events.find((event) => event.device === device.id && event.txn === txn);
  const event = { type, sender: user.id, content: context.body(), device: device.id, txn, ...extra };
  return { event_id: (known ?? context.store.append(room, event)).event_id };
}

function redact(context: Context): Json {
  return send(context, 'm.room.redaction', { redacts: context.param('event') });
}

function putState(context: Context): Json {
  const room = ownRoom(context);
  const event = { type: context.param('type'), sender: context.caller().user.id, content: context.body() };
  return { event_id: context.store.append(room, { ...event, state_key: context.param('key') }).event_id };
}

function getState(context: Context): Json {
  const found = ownRoom(context).state(context.param('type'), context.param('key'));
  if (!found) throw new MatrixError(404, 'M_NOT_FOUND', 'Event not found.');
  return found.content;
}

function shown(context: Context, room: Room, events: StoredEvent[]): Json[] {
  const { device } = context.caller();
  return events.map((event) => clientEvent(event, room.id, device.id));
}

function members(context: Context): Json {
  const room = ownRoom(context);
  const events = room.stateAt().filter((event) => event.type === 'm.room.member');
  return { chunk: shown(context, room, events) };
}

function joinedMembers(context: Context): Json {
  const entries = ownRoom(context)
    .joined()
    .map(({ state_key: id = '', content }) => [
      id,
      { display_name: content.displayname ?? null, avatar_url: content.avatar_url ?? null },
    ]);
  return { joined: Object.fromEntries(entries) };
}

function joinedRooms(context: Context): Json {
  const { id } = context.caller().user;
  const rooms = [...context.store.rooms.values()].filter((room) => room.membership(id) === 'join');
  return { joined_rooms: rooms.map((room) => room.id) };
}

export function roomRoutes(): Route[] {
  return [
    route('POST join/:room', join),
    route('POST rooms/:room/join', join),
    route('POST rooms/:room/leave', leave),
    route('POST rooms/:room/forget', leave),
    route('GET joined_rooms', joinedRooms),
    route('PUT rooms/:room/send/:type/:txn', (context) => send(context, context.param('type'))),
    route('PUT rooms/:room/redact/:event/:txn', redact),
    route('PUT rooms/:room/state/:type', putState),
    route('PUT rooms/:room/state/:type/:key', putState),
    route('GET rooms/:room/state/:type', getState),
    route('GET rooms/:room/state/:type/:key', getState),
    route('GET rooms/:room/state', (context) => {
      const room = ownRoom(context);
      return shown(context, room, room.stateAt());
    }),
    route('GET rooms/:room/members', members),
    route('GET rooms/:room/joined_members', joinedMembers),
  ];
}
