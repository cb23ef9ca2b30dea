import { makeRoom, ownRoom } from './homeserver-rooms.ts';
import type { RoomPlan } from './homeserver-rooms.ts';
import type { Room } from './homeserver-room.ts';
import { route } from './homeserver-router.ts';
import type { Context, Route, RouteHandler } from './homeserver-router.ts';
import { isObject, MatrixError, randomName, text } from './homeserver-store.ts';
import type { Json } from './homeserver-store.ts';

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Synapse wants an id_access_token too, but clients of before 2019 have none. */
function checkAddress(invited: Json): void {
  const missing = ['id_server', 'medium', 'address'].filter((key) => text(invited[key]) === null);
  if (missing.length === 0) return;
  throw new MatrixError(400, 'M_MISSING_PARAM', `Missing params: ${missing.join(', ')}`);
}

/** As if the identity server had stored the invite; the recorder shows which one it should have been. */
function inviteAddress(context: Context, room: Room, invited: Json): void {
  const content = {
    display_name: `${String(invited.address).slice(0, 2)}...`,
    public_key: randomName(32),
    key_validity_url: `https://${String(invited.id_server)}/_matrix/identity/v2/pubkey/isvalid`,
  };
  const sender = context.caller().user.id;
  context.store.append(room, { type: 'm.room.third_party_invite', sender, state_key: randomName(), content });
}

function initialState(value: unknown): NonNullable<RoomPlan['initialState']> {
  return objects(value).map((event) => ({
    type: text(event.type) ?? '',
    content: isObject(event.content) ? event.content : {},
    state_key: text(event.state_key) ?? '',
  }));
}

function createRoom(context: Context): Json {
  const { store } = context;
  const { id } = context.caller().user;
  const body = context.body();
  const byAddress = objects(body.invite_3pid);
  for (const invited of byAddress) checkAddress(invited);
  const room = makeRoom(store, id, {
    name: text(body.name),
    topic: text(body.topic),
    open: body.preset === 'public_chat' || body.visibility === 'public',
    initialState: initialState(body.initial_state),
  });
  for (const invited of strings(body.invite)) store.setMembership(room, id, invited, 'invite');
  for (const invited of byAddress) inviteAddress(context, room, invited);
  return { room_id: room.id };
}

function invite(context: Context): Json {
  const room = ownRoom(context);
  const body = context.body();
  const invited = text(body.user_id);
  if (invited === null) {
    checkAddress(body);
    inviteAddress(context, room, body);
  } else if (room.membership(invited) !== 'join') {
    context.store.setMembership(room, context.caller().user.id, invited, 'invite');
  }
  return {};
}

/** Once for each transaction of a device: a repetition gets the same answer. */
function once(handle: RouteHandler): RouteHandler {
  return (context) => {
    const { user, device } = context.caller();
    const key = [user.id, device.id, context.param('room'), context.param('txn')].join('|');
    const { answers } = context.store;
    if (!answers.has(key)) answers.set(key, handle(context));
    return answers.get(key);
  };
}

/** The PUT forms are in no specification, but Synapse has them. */
export function inviteRoutes(): Route[] {
  return [
    route('POST createRoom', createRoom),
    route('PUT createRoom/:txn', once(createRoom)),
    route('POST rooms/:room/invite', invite),
    route('PUT rooms/:room/invite/:txn', once(invite)),
  ];
}
