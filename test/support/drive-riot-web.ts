// Uses Element as of late 2020 (riot-web 1.7.14) through its own UI.
import type { Page } from 'puppeteer-core';
import { attempt, click, fill, textOf, until, visit, type ClientDriver } from './drive-page.ts';
import { openRoom, send, waitForMessage } from './drive-room.ts';

// not the one that warns of an unreachable identity server, with which the form works
const loginErrors = '.mx_Login_error:not(.mx_Login_serverErrorNonFatal)';

async function loginPage(page: Page, step: string): Promise<void> {
  await attempt(page, step, () =>
    page.waitForSelector('.mx_AuthPage input[name=password]:not([disabled])', { visible: true }),
  );
}

function isSynced(): boolean {
  const state = window.mxMatrixClientPeg?.get()?.getSyncState();
  return (state === 'PREPARED' || state === 'SYNCING') && document.querySelector('.mx_UserMenu') !== null;
}

async function open(page: Page, origin: string): Promise<void> {
  await visit(page, `${origin}/#/login`);
  await loginPage(page, 'open: login page');
}

async function login(page: Page, user: string, password: string): Promise<void> {
  await fill(page, 'login: user name', 'input[name=username]', user);
  // leaving the field takes an old error away, and what is below moves up: not in the middle of a click
  await page.$eval('input[name=username]', (field) => field.blur());
  await until(page, 'login: no old error', (errors) => !document.querySelector(errors ?? ''), loginErrors);
  await fill(page, 'login: password', 'input[name=password]', password);
  await click(page, 'login: button', '.mx_Login_submit');
  const error = await until(
    page,
    'login: answer',
    (errors) => {
      // at a homeserver with cross-signing it sets up keys, and asks when that failed
      const buttons = [
        ...document.querySelectorAll<HTMLElement>('.mx_AuthPage .mx_CreateCrossSigningDialog button'),
      ];
      buttons.find(({ textContent }) => textContent === 'Cancel')?.click();
      if (!document.querySelector('.mx_AuthPage')) return ' ';
      return document.querySelector(errors ?? '')?.textContent;
    },
    loginErrors,
  );
  if (error.trim()) throw new Error(`login: the form says '${error.trim()}'`);
  await until(page, 'login: first sync', isSynced);
}

async function reload(page: Page): Promise<void> {
  await attempt(page, 'reload', () => page.reload({ waitUntil: 'domcontentloaded' }));
  await until(page, 'reload: sync', isSynced);
}

/** Not with the mouse: notices of the app lie over what is to be pressed. */
export async function press(page: Page, step: string, selector: string): Promise<void> {
  await until(
    page,
    step,
    (wanted) => {
      const button = document.querySelector<HTMLElement>(wanted ?? '');
      button?.click();
      return button !== null;
    },
    selector,
  );
}

async function signOut(page: Page): Promise<void> {
  await press(page, 'signOut: menu', '.mx_UserMenu');
  await press(page, 'signOut: in the menu', '[role=menuitem]:has(.mx_UserMenu_iconSignOut)');
  // it asks only about keys that would be lost
  await until(page, 'signOut: login page or question', () => {
    const buttons = [...document.querySelectorAll<HTMLElement>('.mx_Dialog button')];
    const away = buttons.find(({ textContent }) => textContent === "I don't want my encrypted messages");
    (away ?? document.querySelector<HTMLElement>('.mx_QuestionDialog .mx_Dialog_primary'))?.click();
    return document.querySelector('.mx_AuthPage') !== null;
  });
  await loginPage(page, 'signOut: login page');
}

export const riotWeb: ClientDriver = {
  open,
  login,
  openRoom,
  send,
  waitForMessage,
  reload,
  signOut,
  loginError: (page) => textOf(page, 'loginError', loginErrors),
};
