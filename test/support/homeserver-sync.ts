import { PUSH_RULES } from './homeserver-account.ts';
import { keyCounts } from './homeserver-devices.ts';
import type { Context } from './homeserver-router.ts';
import { clientEvent } from './homeserver-room.ts';
import type { Room } from './homeserver-room.ts';
import { isObject } from './homeserver-store.ts';
import type { Json, Placed, Store, User } from './homeserver-store.ts';
import type { Session } from './homeserver-sessions.ts';

/** An answer, and whether it says anything new. */
export interface News {
  body: Json;
  fresh: boolean;
}

/** The client has seen the stream up to `since` (0: nothing). */
interface View {
  store: Store;
  session: Session;
  since: number;
  limit: number;
}

/** Account data that came after `since`, as events. */
export function after(data: Map<string, Placed> | undefined, since: number): Json[] {
  const fresh = [...(data ?? [])].filter(([, placed]) => placed.position > since);
  return fresh.map(([type, placed]) => ({ type, content: placed.content }));
}

/** All of it in a first sync, without what was removed; later that comes as `{}` (MSC3391). */
export function globalData(user: User, since: number): Json[] {
  if (since > 0) return after(user.accountData, since);
  const present = [...user.accountData].filter(([, placed]) => !placed.removed);
  return [...after(new Map(present), 0), { type: 'm.push_rules', content: PUSH_RULES }];
}

function receipts(room: Room, since: number): Json[] {
  const fresh = [...room.receipts.values()].filter((receipt) => receipt.position > since);
  if (fresh.length === 0) return [];
  const content: Record<string, Record<string, Json>> = {};
  for (const { event, type, user, at } of fresh) {
    content[event] = { ...content[event], [type]: { ...content[event]?.[type], [user]: { ts: at } } };
  }
  return [{ type: 'm.receipt', content }];
}

function joinedRoom(view: View, room: Room): News {
  const { user, device } = view.session;
  // A room joined since is as new to the client as in a first sync.
  const since = (room.member(user.id)?.position ?? 0) > view.since ? 0 : view.since;
  const first = room.events.findIndex((event) => event.position > since);
  const unseen = first < 0 ? room.events.length : first;
  const start = Math.max(unseen, room.events.length - view.limit);
  const show = (events: Room['events']) => events.map((event) => clientEvent(event, null, device.id));
  const missed = new Set(room.events.slice(unseen, start));
  const state = room.stateAt(start).filter((event) => missed.has(event));
  const ephemeral = receipts(room, since);
  const accountData = after(user.roomData.get(room.id), since);
  const body = {
    state: { events: show(state) },
    timeline: { events: show(room.events.slice(start)), limited: start > unseen, prev_batch: `t${start}` },
    ephemeral: { events: ephemeral },
    account_data: { events: accountData },
    unread_notifications: { notification_count: 0, highlight_count: 0 },
    summary: {},
  };
  return { body, fresh: first >= 0 || ephemeral.length + accountData.length > 0 };
}

function invitedRoom(room: Room): Json {
  const shown = new Set(['m.room.member', 'm.room.name', 'm.room.join_rules', 'm.room.create']);
  const state = room.stateAt().filter((event) => shown.has(event.type));
  const events = state.map(({ type, sender, content, state_key }) => ({ type, sender, content, state_key }));
  return { invite_state: { events } };
}

function rooms(view: View): { join: Json; invite: Json; leave: Json } {
  const result = { join: {} as Json, invite: {} as Json, leave: {} as Json };
  for (const room of view.store.rooms.values()) {
    const member = room.member(view.session.user.id);
    const changed = member !== undefined && member.position > view.since;
    if (member?.content.membership === 'join') {
      const { body, fresh } = joinedRoom(view, room);
      if (fresh) result.join[room.id] = body;
    } else if (changed && member.content.membership === 'invite') {
      result.invite[room.id] = invitedRoom(room);
    } else if (changed && view.since > 0) {
      const timeline = { events: [clientEvent(member, null, '')], limited: false, prev_batch: 't0' };
      result.leave[room.id] = { state: { events: [] }, timeline, account_data: { events: [] } };
    }
  }
  return result;
}

function build(view: View): News {
  const { store, session, since } = view;
  const { device, user } = session;
  device.inbox = device.inbox.filter((message) => message.position > since);
  const toDevice = device.inbox.map((message) => message.content);
  const accountData = globalData(user, since);
  const parts = rooms(view);
  const some = Object.values(parts).some((part) => Object.keys(part).length > 0);
  const body = {
    next_batch: `s${store.position}`,
    rooms: parts,
    account_data: { events: accountData },
    presence: { events: [] },
    to_device: { events: toDevice },
    device_lists: { changed: [], left: [] },
    device_one_time_keys_count: keyCounts(device),
    groups: { join: {}, invite: {}, leave: {} },
  };
  return { body, fresh: some || accountData.length + toDevice.length > 0 };
}

/** Of a filter (given inline or by its id) only the length of the timeline matters here. */
function limitOf(context: Context): number {
  const given = context.query.get('filter') ?? '';
  const stored = context.caller().user.filters[Number(given)];
  const filter: unknown = given.startsWith('{') ? JSON.parse(given) : stored;
  const room = isObject(filter) ? filter.room : undefined;
  const timeline = isObject(room) ? room.timeline : undefined;
  const limit = isObject(timeline) ? timeline.limit : undefined;
  return typeof limit === 'number' ? limit : 20;
}

/** Answers at once when there is news, else when there is, or when the client's timeout is over. */
export async function untilNews(context: Context, first: boolean, make: () => News): Promise<Json> {
  const until = Date.now() + Number(context.query.get('timeout') ?? 0);
  for (;;) {
    const { body, fresh } = make();
    const left = until - Date.now();
    if (fresh || first || left <= 0 || context.response.destroyed) return body;
    await context.store.change(context.response, left);
  }
}

export async function sync(context: Context): Promise<unknown> {
  const { store, query } = context;
  const since = Number(/^s(\d+)$/.exec(query.get('since') ?? '')?.[1] ?? 0);
  const limit = limitOf(context);
  return untilNews(context, since === 0, () =>
    // Asked again each time round: the token may have been revoked meanwhile.
    build({ store, session: context.caller(), since, limit }),
  );
}
