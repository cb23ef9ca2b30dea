// Pictures, sound and files in an open room of the clients that have a user interface.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';
import { attempt, until } from './drive-page.ts';

export const pictureClients = ['vector-web', 'riot-web', 'hydrogen'] as const;
export type PictureClient = (typeof pictureClients)[number];

interface Places {
  /** the picture of a message */
  picture: string;
  /** the sender's, beside a message */
  avatar: string;
  /** above the timeline */
  roomAvatar: string;
  /** what saves the file of a message */
  download: string;
  /** whether messages with sound have a player */
  audio: boolean;
  /** whether it is a link, and one below each picture too */
  link: boolean;
}

const riot = {
  picture: '.mx_MImageBody img.mx_MImageBody_thumbnail',
  avatar: '.mx_EventTile_avatar img',
  roomAvatar: '.mx_RoomHeader_avatar img',
  download: '.mx_MFileBody a',
  audio: true,
  link: true,
};

export const places: Record<PictureClient, Places> = {
  'vector-web': riot,
  'riot-web': riot,
  hydrogen: {
    picture: '.Timeline_message .media img',
    avatar: '.Timeline_messageAvatar img, .Timeline_message .avatar img',
    roomAvatar: '.RoomHeader .avatar img',
    download: '.Timeline_message button.link',
    audio: false,
    link: false,
  },
};

/** Waits until this file is shown in such a place: its bytes have arrived and are a picture. */
export async function untilShown(page: Page, step: string, selector: string, mediaId: string): Promise<void> {
  await until(
    page,
    `${step} is shown`,
    (wanted, id) =>
      [...document.querySelectorAll<HTMLImageElement>(wanted ?? '')].some(
        (image) => image.src.includes(id ?? '') && image.complete && image.naturalWidth > 0,
      ),
    selector,
    mediaId,
  );
}

/** Plays it without sound, which needs no click, until there is something to see or hear. */
export async function untilPlayed(page: Page, kind: 'audio' | 'video', mediaId: string): Promise<void> {
  const error = await until(
    page,
    `the ${kind} plays`,
    (wanted) => {
      const player = document.querySelector<HTMLMediaElement>(wanted ?? '');
      if (!player) return false;
      // one that the page worker is about to mend is gone at the next look
      if (player.error && player.title === 'failed') return `${player.error.code} ${player.error.message}`;
      player.title = player.error ? 'failed' : '';
      if (player.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) return ' ';
      if (player.paused) {
        player.muted = true;
        void player.play().catch(() => undefined);
      }
      return false;
    },
    `${kind}[src*="${mediaId}"]`,
  );
  if (error.trim()) throw new Error(`the ${kind} does not play: ${error}`);
}

/** Presses, as a person does, what saves the file of the message that has this name. */
export async function pressDownload(page: Page, client: PictureClient, name: string): Promise<void> {
  const selector = `${places[client].download} ::-p-text(${name})`;
  await attempt(page, `download ${name}`, async () => {
    await toFront(page);
    await page.waitForSelector(selector, { visible: true });
    await page.click(selector);
  });
}

/** Again while it fails: Firefox cannot while the empty tab of the file saved before is being closed. */
async function toFront(page: Page): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await page.bringToFront();
      return;
    } catch (error) {
      if (tries === 20) throw error;
      await sleep(100);
    }
  }
}
