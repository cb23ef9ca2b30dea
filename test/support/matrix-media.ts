/** Files that a user uploads and shows to others, through the API of any homeserver on this machine. */
import crypto from 'node:crypto';
import { bodyOf, caller, parse, text } from './server-call.ts';

export interface Upload {
  body: Buffer;
  type: string;
  name: string;
}

export interface MediaCalls {
  /** Returns `mxc://…`. */
  upload(user: string, file: Upload): Promise<string>;
  /** A message with this content; returns the event id. */
  sendContent(user: string, roomId: string, content: Record<string, unknown>): Promise<string>;
  /** Of the account, and of the member of this room at once. */
  setAvatar(user: string, roomId: string, url: string): Promise<void>;
  setRoomAvatar(user: string, roomId: string, url: string): Promise<void>;
}

export interface Server {
  port: number;
  token(user: string): Promise<string>;
  userId(user: string): string;
}

const v3 = '/_matrix/client/v3';

export function mediaCalls({ port, token, userId }: Server): MediaCalls {
  const call = caller(port);
  const put = async (user: string, where: string, body: unknown) =>
    bodyOf(await call('PUT', v3 + where, body, await token(user)), `PUT ${where}`);
  const room = (roomId: string) => `/rooms/${encodeURIComponent(roomId)}`;
  return {
    async upload(user, { body, type, name }) {
      const where = `/_matrix/media/v3/upload?filename=${encodeURIComponent(name)}`;
      const headers = { 'Content-Type': type, Authorization: `Bearer ${await token(user)}` };
      const init = { method: 'POST', headers, body: new Uint8Array(body) };
      const response = await fetch(`http://127.0.0.1:${port}${where}`, init);
      const answer = { status: response.status, body: parse(await response.text()) };
      return text(bodyOf(answer, `upload ${name}`)['content_uri']);
    },
    async sendContent(user, roomId, content) {
      const where = `${room(roomId)}/send/m.room.message/${crypto.randomUUID()}`;
      return text((await put(user, where, content))['event_id']);
    },
    async setAvatar(user, roomId, url) {
      const id = userId(user);
      await put(user, `/profile/${encodeURIComponent(id)}/avatar_url`, { avatar_url: url });
      // a server takes its time to tell the rooms, and a message shows the avatar that was when it was sent
      const member = { membership: 'join', displayname: user, avatar_url: url };
      await put(user, `${room(roomId)}/state/m.room.member/${encodeURIComponent(id)}`, member);
    },
    async setRoomAvatar(user, roomId, url) {
      await put(user, `${room(roomId)}/state/m.room.avatar`, { url });
    },
  };
}
