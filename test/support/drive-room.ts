// A room in Riot and in Element, which has the same classes four years later.
import type { Page } from 'puppeteer-core';
import { attempt, fill, untilText } from './drive-page.ts';

const composer = '.mx_MessageComposer textarea, .mx_MessageComposer [contenteditable]';

export async function openRoom(page: Page, roomId: string, roomName: string): Promise<void> {
  await page.evaluate((id) => {
    location.hash = `#/room/${id}`;
  }, roomId);
  await untilText(page, 'openRoom: the room', '.mx_RoomHeader_nametext', roomName);
  await attempt(page, 'openRoom: composer', () => page.waitForSelector(composer, { visible: true }));
}

export async function send(page: Page, text: string): Promise<void> {
  await fill(page, 'send: composer', composer, text);
  await attempt(page, 'send: Enter', () => page.keyboard.press('Enter'));
  const sent = '.mx_EventTile:not(.mx_EventTile_sending):not(.mx_EventTile_notSent)';
  await untilText(page, 'send: in the timeline', sent, text);
}

export async function waitForMessage(page: Page, text: string): Promise<void> {
  await untilText(page, 'waitForMessage', '.mx_EventTile', text);
}
