// Uses Hydrogen (hydrogen-view-sdk 0.3.1) through its own UI.
import type { Page } from 'puppeteer-core';
import { attempt, click, fill, textOf, until, untilText, visit, type ClientDriver } from './drive-page.ts';

const composer = '.MessageComposer textarea';
const loginErrors = '.PreSessionScreen .error';

async function loginPage(page: Page, step: string): Promise<void> {
  await attempt(page, step, () => page.waitForSelector('#username:not([disabled])', { visible: true }));
}

/** The bar above the room list goes away once it syncs, or asks for a key backup, which it does then only. */
function isSynced(): boolean {
  const bar = '.SessionStatusView.hidden, .SessionStatusView .dismiss';
  return location.hash.startsWith('#/session/') && document.querySelector(bar) !== null;
}

async function open(page: Page, origin: string): Promise<void> {
  await visit(page, `${origin}/`);
  await loginPage(page, 'open: login page');
}

async function login(page: Page, user: string, password: string): Promise<void> {
  await fill(page, 'login: user name', '#username', user);
  await fill(page, 'login: password', '#password', password);
  await click(page, 'login: button', '.PasswordLoginView button[type=submit]');
  await until(page, 'login: answer', () => {
    if (location.hash.startsWith('#/session/')) return true;
    return document.querySelector('.PreSessionScreen .error') !== null;
  });
  const error = await page
    .$eval('.PreSessionScreen .error', (element) => element.textContent)
    .catch(() => '');
  if (error) throw new Error(`login: the form says '${error}'`);
  await until(page, 'login: first sync', isSynced);
}

async function openRoom(page: Page, _roomId: string, roomName: string): Promise<void> {
  await until(
    page,
    `openRoom: '${roomName}' in the room list`,
    (name) => {
      const tiles = [...document.querySelectorAll<HTMLElement>('.RoomList li a')];
      const tile = tiles.find((link) => link.querySelector('.name')?.textContent === name);
      tile?.click();
      return tile !== undefined;
    },
    roomName,
  );
  await untilText(page, 'openRoom: the room', '.RoomHeader h2', roomName);
  await attempt(page, 'openRoom: composer', () => page.waitForSelector(composer, { visible: true }));
}

async function send(page: Page, text: string): Promise<void> {
  await fill(page, 'send: composer', composer, text);
  await attempt(page, 'send: Enter', () => page.keyboard.press('Enter'));
  // until it came back by sync its id is one that the client made up
  await untilText(page, 'send: in the timeline', '.Timeline_message[data-event-id^="$"]', text);
}

async function reload(page: Page): Promise<void> {
  await attempt(page, 'reload', () => page.reload({ waitUntil: 'domcontentloaded' }));
  await until(page, 'reload: sync', isSynced);
}

async function signOut(page: Page): Promise<void> {
  const session = await until(page, 'signOut: session', () => /^#\/session\/(\d+)/.exec(location.hash)?.[1]);
  await page.evaluate((id) => {
    location.hash = `#/session/${id}/settings`;
  }, session);
  const button = '.Settings button ::-p-text(Log out)';
  await click(page, 'signOut: button in the settings', button);
  await click(page, 'signOut: confirm', '.LogoutScreen button.destructive');
  await click(page, 'signOut: sign in anew, from the list of accounts', '.SessionPickerView a.primary');
  await loginPage(page, 'signOut: login page');
}

export const hydrogen: ClientDriver = {
  open,
  login,
  openRoom,
  send,
  waitForMessage: (page, text) => untilText(page, 'waitForMessage', '.Timeline_message', text),
  reload,
  signOut,
  loginError: (page) => textOf(page, 'loginError', loginErrors),
};
