// Uses Riot (vector-web 0.9.0) through its own UI.
import type { Page } from 'puppeteer-core';
import { attempt, click, fill, textOf, until, visit, type ClientDriver } from './drive-page.ts';
import { openRoom, send, waitForMessage } from './drive-room.ts';

declare global {
  interface Window {
    /** The client's own handle on its js-sdk; the UI itself does not say when it has synced. */
    mxMatrixClientPeg?: { get(): { getSyncState(): string | null } | null };
  }
}

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
  waitForMessage,
  reload,
  signOut,
  loginError: (page) => textOf(page, 'loginError', '.mx_Login_error'),
};
