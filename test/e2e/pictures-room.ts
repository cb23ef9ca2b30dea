/** A room with a file of each kind, and looking at it with a client. */
import type { Page } from 'puppeteer-core';
import {
  places,
  pressDownload,
  untilPlayed,
  untilShown,
  type PictureClient,
} from '../support/drive-pictures.ts';
import type { MediaCalls, Upload } from '../support/matrix-media.ts';
import { png, wav, webm } from '../support/sample-files.ts';

const SIZE = 64;

export const files = {
  avatar: { name: 'avatar.png', type: 'image/png', body: png(SIZE, 1) },
  roomAvatar: { name: 'room.png', type: 'image/png', body: png(SIZE, 2) },
  picture: { name: 'picture.png', type: 'image/png', body: png(SIZE, 3) },
  poster: { name: 'poster.png', type: 'image/png', body: png(SIZE, 4) },
  video: { name: 'clip.webm', type: 'video/webm', body: webm() },
  audio: { name: 'tone.wav', type: 'audio/wav', body: wav(2) },
  file: { name: 'numbers.bin', type: 'application/octet-stream', body: Buffer.from('0123456789'.repeat(99)) },
} satisfies Record<string, Upload>;
export type FileName = keyof typeof files;
const fileNames = Object.keys(files) as FileName[];

export interface Room {
  roomId: string;
  /** media ids */
  ids: Record<FileName, string>;
}

/** As in most rooms: where Hydrogen shows a room from its very beginning it does not load the pictures after a reload. */
const HISTORY = 16;

/** The sender shows their avatar and the room's, and sends one message of each kind. */
export async function fillRoom(server: MediaCalls, sender: string, roomId: string): Promise<Room> {
  const uploads = fileNames.map(async (name) => [name, await server.upload(sender, files[name])] as const);
  const urls = Object.fromEntries(await Promise.all(uploads)) as Record<FileName, string>;
  for (let n = 1; n <= HISTORY; n++) {
    await server.sendContent(sender, roomId, { msgtype: 'm.text', body: `words ${n}` });
  }
  // after the words: a client shows one avatar for all messages that a sender sends in a row, that of the first
  await server.setAvatar(sender, roomId, urls.avatar);
  await server.setRoomAvatar(sender, roomId, urls.roomAvatar);
  const info = (name: FileName) => ({ mimetype: files[name].type, size: files[name].body.length });
  const square = { w: SIZE, h: SIZE };
  const more: Partial<Record<FileName, object>> = {
    picture: square,
    video: { ...square, duration: 1000, thumbnail_url: urls.poster, thumbnail_info: info('poster') },
    audio: { duration: 2000 },
  };
  const kinds = { picture: 'm.image', video: 'm.video', audio: 'm.audio', file: 'm.file' } as const;
  for (const [name, msgtype] of Object.entries(kinds) as [keyof typeof kinds, string][]) {
    const content = {
      msgtype,
      body: files[name].name,
      url: urls[name],
      info: { ...info(name), ...more[name] },
    };
    await server.sendContent(sender, roomId, content);
  }
  const ids = Object.fromEntries(fileNames.map((name) => [name, urls[name].split('/').at(-1) ?? '']));
  return { roomId, ids: ids as Room['ids'] };
}

/** What this client makes requests for; nothing in a page tells that a poster is shown. */
export const seenBy = (client: PictureClient, without: readonly FileName[] = []): FileName[] =>
  fileNames.filter(
    (name) => name !== 'file' && (name !== 'audio' || places[client].audio) && !without.includes(name),
  );

/** Waits until all that can be seen or heard in the open room is. */
export async function look(
  page: Page,
  client: PictureClient,
  { ids }: Room,
  without: readonly FileName[] = [],
): Promise<void> {
  const { picture, avatar, roomAvatar, audio } = places[client];
  await untilShown(page, 'the picture', picture, ids.picture);
  await untilShown(page, "the sender's avatar", avatar, ids.avatar);
  await untilShown(page, "the room's avatar", roomAvatar, ids.roomAvatar);
  if (!without.includes('video')) await untilPlayed(page, 'video', ids.video);
  if (audio) await untilPlayed(page, 'audio', ids.audio);
}

/** What can be saved by a press in the timeline. */
export const savedBy = (client: PictureClient): FileName[] =>
  places[client].link ? ['file', 'picture'] : ['file'];

export function save(page: Page, client: PictureClient, name: FileName): Promise<void> {
  return pressDownload(page, client, files[name].name);
}
