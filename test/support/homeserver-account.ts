import { fixed, route } from './homeserver-router.ts';
import type { Context, Route } from './homeserver-router.ts';
import { isObject, MatrixError, randomName, text } from './homeserver-store.ts';
import type { Json, Placed, User } from './homeserver-store.ts';

export const PUSH_RULES = {
  global: {
    override: [
      { rule_id: '.m.rule.master', default: true, enabled: false, conditions: [], actions: ['dont_notify'] },
    ],
    content: [],
    room: [],
    sender: [],
    underride: [
      {
        rule_id: '.m.rule.message',
        default: true,
        enabled: true,
        conditions: [{ kind: 'event_match', key: 'type', pattern: 'm.room.message' }],
        actions: ['notify', { set_tweak: 'highlight', value: false }],
      },
    ],
  },
};

const CAPABILITIES = {
  capabilities: {
    'm.change_password': { enabled: true },
    'm.room_versions': { default: '6', available: { '6': 'stable' } },
  },
};

const R0 = ['r0.0.1', 'r0.1.0', 'r0.2.0', 'r0.3.0', 'r0.4.0', 'r0.5.0', 'r0.6.0', 'r0.6.1'];

/** What `GET /versions` answers where v1.MINOR is the newest. */
function versionsTo(minor: number) {
  const stable = Array.from({ length: minor }, (_, index) => `v1.${index + 1}`);
  return { versions: [...R0, ...stable], unstable_features: {} };
}

/** The portal's own answer, and that of a homeserver with authenticated media, which came with v1.11. */
export const VERSIONS = versionsTo(11);
const BEFORE_AUTHENTICATED_MEDIA = versionsTo(10);

/** The caller, when the path names them; nobody may touch another's data. */
function self(context: Context): User {
  const { user } = context.caller();
  if (context.param('user') !== user.id) throw new MatrixError(403, 'M_FORBIDDEN', 'Not your account');
  return user;
}

function dataOf(context: Context): Map<string, Placed> {
  const user = self(context);
  const room = context.param('room');
  if (room === '') return user.accountData;
  const data = user.roomData.get(room) ?? new Map<string, Placed>();
  user.roomData.set(room, data);
  return data;
}

function getData(context: Context): Json {
  const found = dataOf(context).get(context.param('type'));
  if (!found || found.removed) throw new MatrixError(404, 'M_NOT_FOUND', 'Account data not found');
  return found.content;
}

function putData(context: Context): Json {
  const data = dataOf(context);
  data.set(context.param('type'), { content: context.body(), position: context.store.next() });
  return {};
}

function tags(context: Context): Json {
  const content = dataOf(context).get('m.tag')?.content.tags;
  return isObject(content) ? content : {};
}

function editTags(context: Context, change: (old: Json) => Json): Json {
  const content = { tags: change(tags(context)) };
  dataOf(context).set('m.tag', { content, position: context.store.next() });
  return {};
}

function putTag(context: Context): Json {
  return editTags(context, (old) => ({ ...old, [context.param('tag')]: context.body() }));
}

function deleteTag(context: Context): Json {
  return editTags(context, (old) =>
    Object.fromEntries(Object.entries(old).filter(([name]) => name !== context.param('tag'))),
  );
}

function putFilter(context: Context): Json {
  const { filters } = self(context);
  filters.push(context.body());
  return { filter_id: String(filters.length - 1) };
}

function getFilter(context: Context): Json {
  const found = self(context).filters[Number(context.param('id'))];
  if (!found) throw new MatrixError(404, 'M_NOT_FOUND', 'No such filter');
  return found;
}

function getProfile(context: Context): Json {
  const { profile } = context.store.user(context.param('user'));
  const field = context.param('field');
  if (field === '') return profile;
  return profile[field] === undefined ? {} : { [field]: profile[field] };
}

function putProfile(context: Context): Json {
  const user = self(context);
  const field = context.param('field');
  user.profile[field] = text(context.body()[field]);
  for (const room of context.store.rooms.values()) {
    if (room.membership(user.id) === 'join') context.store.setMembership(room, user.id, user.id, 'join');
  }
  return {};
}

function openId(context: Context): Json {
  const { id } = self(context);
  const { serverName, openIds } = context.store;
  const name = context.caller().token.split('_')[1] ?? '';
  const token = `openid_${name}_${randomName()}`;
  openIds.set(token, id);
  return { access_token: token, token_type: 'Bearer', matrix_server_name: serverName, expires_in: 3600 };
}

export function accountRoutes(authenticatedMedia: boolean): Route[] {
  const versions = authenticatedMedia ? VERSIONS : BEFORE_AUTHENTICATED_MEDIA;
  return [
    route('GET user/:user/account_data/:type', getData),
    route('PUT user/:user/account_data/:type', putData),
    route('GET user/:user/rooms/:room/account_data/:type', getData),
    route('PUT user/:user/rooms/:room/account_data/:type', putData),
    route('GET user/:user/rooms/:room/tags', (context) => ({ tags: tags(context) })),
    route('PUT user/:user/rooms/:room/tags/:tag', putTag),
    route('DELETE user/:user/rooms/:room/tags/:tag', deleteTag),
    route('POST user/:user/filter', putFilter),
    route('GET user/:user/filter/:id', getFilter),
    route('POST user/:user/openid/request_token', openId),
    route('GET profile/:user', getProfile, 'optional'),
    route('GET profile/:user/:field', getProfile, 'optional'),
    route('PUT profile/:user/:field', putProfile),
    ...fixed(['GET versions'], () => versions, 'optional'),
    ...fixed(['GET capabilities'], () => CAPABILITIES),
    ...fixed(['GET pushrules'], () => PUSH_RULES),
    ...fixed(['GET pushrules/global'], () => PUSH_RULES.global),
    ...fixed(['PUT pushrules/:rest*', 'DELETE pushrules/:rest*', 'POST pushers/set'], () => ({})),
    ...fixed(['GET pushers'], () => ({ pushers: [] })),
  ];
}
