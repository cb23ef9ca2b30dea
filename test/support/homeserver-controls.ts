import type { Faults } from './front.ts';
import { makeRoom } from './homeserver-rooms.ts';
import type { Sessions } from './homeserver-sessions.ts';
import { randomName } from './homeserver-store.ts';
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
  /** the same with any content, such as a picture's */
  sendContent: (user: string, roomId: string, content: Json) => string;
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
  /** stores a file, as if a user had uploaded it; returns the media id */
  putMedia: (body: Buffer, type: string, filename?: string) => string;
  /** for whom an OpenID token was given out here */
  openIdUser: (token: string) => string | null;
}

function setAccountData(store: Store, user: string, type: string, content: Json | null): void {
  const placed = { content: content ?? {}, position: store.next(), removed: content === null };
  store.user(user).accountData.set(type, placed);
}

export function controls(store: Store, sessions: Sessions, faults: Faults): Controls {
  const sendContent = (user: string, roomId: string, content: Json): string => {
    const event = { type: 'm.room.message', sender: store.user(user).id, content };
    return store.append(store.room(roomId), event).event_id;
  };
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
    send: (user: string, roomId: string, body: string) =>
      sendContent(user, roomId, { msgtype: 'm.text', body }),
    sendContent,
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
    putMedia(body: Buffer, type: string, filename?: string): string {
      const id = randomName();
      store.media.set(id, { type, filename: filename ?? null, body });
      return id;
    },
    openIdUser: (token: string) => store.openIds.get(token) ?? null,
  };
}
