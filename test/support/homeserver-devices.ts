import { fixed, route } from './homeserver-router.ts';
import type { Context, Route } from './homeserver-router.ts';
import { isObject, MatrixError, text } from './homeserver-store.ts';
import type { Device, Json, User } from './homeserver-store.ts';

function describe(device: Device): Json {
  return { device_id: device.id, display_name: device.displayName, last_seen_ip: '127.0.0.1' };
}

function listDevices(context: Context): Json {
  return { devices: [...context.caller().user.devices.values()].map(describe) };
}

function ownDevice(context: Context): Device {
  const device = context.caller().user.devices.get(context.param('device'));
  if (!device) throw new MatrixError(404, 'M_NOT_FOUND', 'No such device');
  return device;
}

function renameDevice(context: Context): Json {
  const device = ownDevice(context);
  device.displayName = text(context.body().display_name) ?? device.displayName;
  return {};
}

function removeDevices(context: Context, ids: unknown): Json {
  const { user } = context.caller();
  for (const id of Array.isArray(ids) ? ids : []) {
    if (typeof id === 'string') context.sessions.endDevice(user, id);
  }
  return {};
}

/** How many one-time keys of each algorithm are left; also part of a sync. */
export function keyCounts(device: Device): Record<string, number> {
  const counts: Record<string, number> = { signed_curve25519: 0 };
  for (const name of device.oneTimeKeys.keys()) {
    const algorithm = name.split(':', 1)[0] ?? '';
    counts[algorithm] = (counts[algorithm] ?? 0) + 1;
  }
  return counts;
}

function uploadKeys(context: Context): Json {
  const { device } = context.caller();
  const body = context.body();
  if (isObject(body.device_keys)) device.keys = body.device_keys;
  for (const [name, key] of Object.entries(isObject(body.one_time_keys) ? body.one_time_keys : {})) {
    device.oneTimeKeys.set(name, key);
  }
  return { one_time_key_counts: keyCounts(device) };
}

function keysOf(user: User | undefined): Json {
  const devices = [...(user?.devices.values() ?? [])].filter((device) => device.keys !== null);
  return Object.fromEntries(devices.map((device) => [device.id, device.keys]));
}

function queryKeys(context: Context): Json {
  const wanted = context.body().device_keys;
  const ids = Object.keys(isObject(wanted) ? wanted : {});
  const found = ids.map((id) => [id, keysOf(context.store.users.get(id))] as const);
  return { device_keys: Object.fromEntries(found), failures: {} };
}

function takeKey(device: Device | undefined): Json {
  const first = device?.oneTimeKeys.entries().next().value;
  if (!device || !first) return {};
  device.oneTimeKeys.delete(first[0]);
  return { [first[0]]: first[1] };
}

function claimKeys(context: Context): Json {
  const wanted = context.body().one_time_keys;
  const claimed: Json = {};
  for (const [id, devices] of Object.entries(isObject(wanted) ? wanted : {})) {
    const user = context.store.users.get(id);
    const names = Object.keys(isObject(devices) ? devices : {});
    claimed[id] = Object.fromEntries(names.map((name) => [name, takeKey(user?.devices.get(name))]));
  }
  return { one_time_keys: claimed, failures: {} };
}

function sendToDevice(context: Context): Json {
  const { messages } = context.body();
  const sender = context.caller().user.id;
  for (const [id, devices] of Object.entries(isObject(messages) ? messages : {})) {
    const user = context.store.users.get(id);
    for (const [name, content] of Object.entries(isObject(devices) ? devices : {})) {
      const all = [...(user?.devices.values() ?? [])];
      for (const device of all.filter((one) => name === '*' || one.id === name)) {
        const event = { type: context.param('type'), sender, content };
        device.inbox.push({ content: event, position: context.store.next() });
      }
    }
  }
  return {};
}

export function deviceRoutes(): Route[] {
  return [
    route('GET devices', listDevices),
    route('GET devices/:device', (context) => describe(ownDevice(context))),
    route('PUT devices/:device', renameDevice),
    route('DELETE devices/:device', (context) => removeDevices(context, [context.param('device')])),
    route('POST delete_devices', (context) => removeDevices(context, context.body().devices)),
    route('POST keys/upload', uploadKeys),
    route('POST keys/upload/:device', uploadKeys),
    route('POST keys/query', queryKeys),
    route('POST keys/claim', claimKeys),
    ...fixed(['GET keys/changes'], () => ({ changed: [], left: [] })),
    ...fixed(['POST keys/device_signing/upload'], () => ({})),
    ...fixed(['POST keys/signatures/upload'], () => ({ failures: {} })),
    route('PUT sendToDevice/:type/:txn', sendToDevice),
  ];
}
