import { chunkOf, snapshot } from './homeserver-history.ts';
import { route } from './homeserver-router.ts';
import type { Context, Route } from './homeserver-router.ts';
import { isObject, MatrixError } from './homeserver-store.ts';
import type { Json } from './homeserver-store.ts';
import { globalData, sync, untilNews } from './homeserver-sync.ts';
import type { News } from './homeserver-sync.ts';

/** What clients of before 2016 began with. */
function initialSync(context: Context): Json {
  const { user } = context.caller();
  const all = [...context.store.rooms.values()];
  const joined = all.filter((room) => room.membership(user.id) === 'join');
  const invited = all.filter((room) => room.membership(user.id) === 'invite');
  return {
    end: `s${context.store.position}`,
    presence: [],
    receipts: [],
    account_data: globalData(user, 0),
    rooms: [
      ...joined.map((room) => snapshot(context, room)),
      ...invited.map((room) => {
        const invite = room.member(user.id);
        return { room_id: room.id, membership: 'invite', inviter: invite?.sender, visibility: 'private' };
      }),
    ],
  };
}

function eventsAfter(context: Context, from: number): News {
  const { user } = context.caller();
  const { store } = context;
  const rooms = [...store.rooms.values()].filter((room) => room.membership(user.id) === 'join');
  const chunk = rooms.flatMap((room) => {
    const fresh = room.events.filter((event) => event.position > from);
    return chunkOf(context, room, fresh);
  });
  // In a stream without rooms of its own, what has no room id is the user's.
  chunk.push(...globalData(user, from));
  return { body: { start: `s${from}`, end: `s${store.position}`, chunk }, fresh: chunk.length > 0 };
}

async function events(context: Context): Promise<Json> {
  const given = /^s(\d+)$/.exec(context.query.get('from') ?? '')?.[1];
  const from = given === undefined ? context.store.position : Number(given);
  return untilNews(context, false, () => eventsAfter(context, from));
}

/** Where a connection of sliding sync stands; 0 at its begin. */
function positionOf(context: Context): number {
  const pos = context.query.get('pos');
  if (pos === null) return 0;
  const digits = /^p(\d+)$/.exec(pos)?.[1];
  if (digits === undefined) throw new MatrixError(400, 'M_UNKNOWN_POS', 'Unknown position');
  return Number(digits);
}

function wantsAccountData(body: Json): boolean {
  const part = isObject(body.extensions) ? body.extensions.account_data : null;
  return isObject(part) && part.enabled === true;
}

/** MSC4186, as far as account data go: every list is empty. */
async function slidingSync(context: Context): Promise<Json> {
  const body = context.body();
  const since = positionOf(context);
  const names = Object.keys(isObject(body.lists) ? body.lists : {});
  const lists = Object.fromEntries(names.map((name) => [name, { count: 0 }]));
  const wanted = wantsAccountData(body);
  return untilNews(context, since === 0, () => {
    const { user } = context.caller();
    const global = wanted ? globalData(user, since) : [];
    const extensions = wanted ? { account_data: { global, rooms: {} } } : {};
    return {
      body: { pos: `p${context.store.position}`, lists, rooms: {}, extensions },
      fresh: global.length > 0,
    };
  });
}

/** The ways in which news reach a client. */
export function streamRoutes(): Route[] {
  return [
    route('GET sync', sync),
    route('GET initialSync', initialSync),
    route('GET events', events),
    route('POST org.matrix.simplified_msc3575/sync', slidingSync),
    route('POST sync', slidingSync),
  ];
}
