// Uses Riot (vector-web 0.9.0) through its own UI.
import type { Page } from 'puppeteer-core';
import { attempt, click, fill, textOf, until, untilText, visit, type ClientDriver } from './drive-page.ts';

declare global {
  interface Window {
    /** The client's own handle on its js-sdk; the UI itself does not say when it has synced. */
    mxMatrixClientPeg?: { get(): { getSyncState(): string | null } | null };
  }
}

const composer = '.mx_MessageComposer textarea, .mx_MessageComposer [contenteditable]';

async function loginPage(page: Page, step: string): Promise<void> {
  await attempt(page, step, () => page.waitForSelector('.mx_Login input[name=password]', { visible: true }));
}

function isSynced(): boolean {
  const state = window.mxMatrixClientPeg?.get()?.getSyncState();
  return (state === 'PREPARED' || state === 'SYNCING') && document.querySelector('.mx_LeftPanel') !== null;
}

async function open(page: Page, origin: string): Promise<void> {
  await visit(page, `${origin}/#/login`);
  await loginPage(page, 'open: login page');
}

async function login(page: Page, user: string, password: string): Promise<void> {
  await fill(page, 'login: user name', '.mx_Login input[name=username]', user);
  await fill(page, 'login: password', '.mx_Login input[name=password]', password);
  await click(page, 'login: button', '.mx_Login_submit');
  const error = await until(page, 'login: answer', () => {
    if (!document.querySelector('.mx_Login')) return ' ';
    return document.querySelector('.mx_Login_error')?.textContent;
  });
  if (error.trim()) throw new Error(`login: the form says '${error.trim()}'`);
  await until(page, 'login: first sync', isSynced);
}

async function openRoom(page: Page, roomId: string, roomName: string): Promise<void> {
  await page.evaluate((id) => {
    location.hash = `#/room/${id}`;
  }, roomId);
  await untilText(page, 'openRoom: the room', '.mx_RoomHeader_nametext', roomName);
  await attempt(page, 'openRoom: composer', () => page.waitForSelector(composer, { visible: true }));
}

async function send(page: Page, text: string): Promise<void> {
  await fill(page, 'send: composer', composer, text);
  await attempt(page, 'send: Enter', () => page.keyboard.press('Enter'));
  const sent = '.mx_EventTile:not(.mx_EventTile_sending):not(.mx_EventTile_notSent)';
  await untilText(page, 'send: in the timeline', sent, text);
}

async function reload(page: Page): Promise<void> {
  await attempt(page, 'reload', () => page.reload({ waitUntil: 'domcontentloaded' }));
  await until(page, 'reload: sync', isSynced);
}

async function signOut(page: Page): Promise<void> {
  await page.evaluate(() => {
    location.hash = '#/settings';
  });
  await click(page, 'signOut: button in the settings', '.mx_UserSettings_logout');
  await click(page, 'signOut: confirm', '.mx_Dialog_primary');
  await loginPage(page, 'signOut: login page');
}

export const vectorWeb: ClientDriver = {
  open,
  login,
  openRoom,
  send,
  waitForMessage: (page, text) => untilText(page, 'waitForMessage', '.mx_EventTile', text),
  reload,
  signOut,
  loginError: (page) => textOf(page, 'loginError', '.mx_Login_error'),
};
