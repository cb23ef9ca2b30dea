import type { Faults } from './front.ts';
import { makeRoom } from './homeserver-rooms.ts';
import type { Sessions } from './homeserver-sessions.ts';
import type { Json, Store, Threepid } from './homeserver-store.ts';

export interface Issued {
  access_token: string;
  device_id: string;
  user_id: string;
  refresh_token?: string;
}

/** What a test does on a homeserver without being its client. */
export interface Controls {
  userId: (name: string) => string;
  /** access tokens ever issued */
  tokens: () => string[];
  /** members join at once; returns the room id */
  createRoom: (user: string, roomName: string, invite?: string[]) => string;
  /** a message event; wakes long polls; returns the event id */
  send: (user: string, roomId: string, body: string) => string;
  timeline: (roomId: string) => Array<{ sender: string; body: string }>;
  issue: (user: string) => Issued;
  /** later requests get 401 M_UNKNOWN_TOKEN (with soft_logout, and the refresh token still good, if soft) */
  revoke: (token: string, soft?: boolean) => void;
  /** the user's own, not a room's; undefined when absent */
  accountData: (user: string, type: string) => unknown;
  /** as if another client had written it; null: it is absent from now on (`{}` to those who sync on) */
  setAccountData: (user: string, type: string, content: Json | null) => void;
  /** the addresses of the account; says nothing about bindings at an identity server */
  setThreepids: (user: string, threepids: Threepid[]) => void;
  /** for whom an OpenID token was given out here */
  openIdUser: (token: string) => string | null;
}

function setAccountData(store: Store, user: string, type: string, content: Json | null): void {
  const placed = { content: content ?? {}, position: store.next(), removed: content === null };
  store.user(user).accountData.set(type, placed);
}

export function controls(store: Store, sessions: Sessions, faults: Faults): Controls {
  return {
    userId: (name: string) => store.userId(name),
    tokens: () => [...sessions.issued],
    createRoom(user: string, roomName: string, invite: string[] = []): string {
      const room = makeRoom(store, store.user(user).id, { name: roomName });
      for (const name of invite) {
        const { id } = store.user(name);
        store.setMembership(room, id, id, 'join');
      }
      return room.id;
    },
    send(user: string, roomId: string, body: string): string {
      const content = { msgtype: 'm.text', body };
      const event = { type: 'm.room.message', sender: store.user(user).id, content };
      return store.append(store.room(roomId), event).event_id;
    },
    timeline(roomId: string): Array<{ sender: string; body: string }> {
      const messages = store.room(roomId).events.filter((event) => event.type === 'm.room.message');
      return messages.map((event) => ({ sender: event.sender, body: String(event.content.body) }));
    },
    issue(user: string): Issued {
      const session = sessions.open(store.user(user), null, null, faults.refreshTokens);
      const { token, refresh, device } = session;
      const issued = { access_token: token, device_id: device.id, user_id: session.user.id };
      return refresh === null ? issued : { ...issued, refresh_token: refresh };
    },
    revoke: (token: string, soft = false) => sessions.revoke(token, soft),
    accountData(user: string, type: string): unknown {
      const found = store.user(user).accountData.get(type);
      return found?.removed ? undefined : found?.content;
    },
    setAccountData: (user: string, type: string, content: Json | null) =>
      setAccountData(store, user, type, content),
    setThreepids(user: string, threepids: Threepid[]): void {
      store.user(user).threepids = [...threepids];
    },
    openIdUser: (token: string) => store.openIds.get(token) ?? null,
  };
}
