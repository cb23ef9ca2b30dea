/**
 * Element as of late 2020 and its identity server, through its UI: the dialogs that invite, and *Discovery* in the
 * settings, which offers those addresses only that the homeserver lists in `account/3pid`.
 */
import type { Page } from 'puppeteer-core';
import { outcome, watchSdk } from './drive-identity-watch.ts';
import type { IdentityDriver } from './drive-identity.ts';
import { attempt, fill, until } from './drive-page.ts';
import { press } from './drive-riot-web.ts';

const dialog = '.mx_InviteDialog';
const field = `${dialog}_editor input`;
/** What the app asks of its SDK until it has a token for the identity server. */
const ways = [
  'getIdentityAccount',
  'getOpenIdToken',
  'registerWithIdentityServer',
  'getTerms',
  'agreeToTerms',
];

/** In the page: presses *Trust*, or accepts the terms, where the app asks for that. */
function consent(): void {
  const terms = document.querySelectorAll<HTMLInputElement>(
    '.mx_TermsDialog_termsTable input[type=checkbox]',
  );
  for (const box of terms) if (!box.checked) box.click();
  const buttons = document.querySelectorAll<HTMLButtonElement>('.mx_Dialog button.mx_Dialog_primary');
  for (const button of buttons)
    if ((button.textContent === 'Trust' || terms.length > 0) && !button.disabled) button.click();
}

/** What came of a call of the SDK; whatever the app asks meanwhile is granted. */
async function granted<T>(page: Page, method: string, about: string): Promise<T> {
  const timer = setInterval(() => void page.evaluate(consent).catch(() => undefined), 200);
  try {
    return await outcome<T>(page, method, about, ways);
  } finally {
    clearInterval(timer);
  }
}

async function close(page: Page): Promise<void> {
  await until(page, 'close the dialogs', () => {
    document.querySelector<HTMLElement>('.mx_Dialog_cancelButton')?.click();
    return document.querySelector('.mx_Dialog') === null;
  });
}

async function lookup(page: Page, email: string): Promise<string | null> {
  await watchSdk(page, ['lookupThreePid', ...ways]);
  await press(page, 'lookup: start a chat', '[aria-label="Start chat"]');
  try {
    await fill(page, 'lookup: address', field, email);
    return (await granted<{ mxid?: string }>(page, 'lookupThreePid', email)).mxid ?? null;
  } finally {
    await close(page);
  }
}

async function inviteByEmail(page: Page, roomId: string, email: string): Promise<void> {
  await watchSdk(page, ['inviteByEmail', ...ways]);
  await page.evaluate((id) => {
    location.hash = `#/room/${id}`;
  }, roomId);
  await until(page, 'invite: the room', (id) => location.hash === `#/room/${id}`, roomId);
  await press(page, 'invite: about the room', '.mx_RightPanel_roomSummaryButton');
  await press(page, 'invite: people', '.mx_RoomSummaryCard_icon_people');
  await press(page, 'invite: button', '.mx_MemberList_invite');
  try {
    await fill(page, 'invite: address', field, email);
    await press(page, 'invite: go', `${dialog}_goButton`);
    await granted(page, 'inviteByEmail', email);
  } finally {
    await close(page);
  }
}

/** Presses the button of an address under *Discovery* in the settings, which are open; says why if it cannot. */
function pressed(rows?: string, address?: string, label?: string): string | null {
  const row = [...document.querySelectorAll(rows ?? '')].find((each) =>
    each.textContent.includes(address ?? ''),
  );
  const buttons = [...(row?.querySelectorAll<HTMLElement>('[role=button]') ?? [])];
  const button = buttons.find(({ textContent }) => textContent === label);
  button?.click();
  if (button) return 'pressed';
  const list = document.querySelector('.mx_GeneralUserSettingsTab_discovery');
  const reason =
    list?.querySelector('.mx_SettingsTab_subsectionText') ?? document.querySelector('.mx_SetIdServer');
  return row ? null : (reason?.textContent ?? null);
}

async function discovery(page: Page, label: string, email: string): Promise<void> {
  const row = '.mx_GeneralUserSettingsTab_discovery .mx_ExistingEmailAddress';
  const answer = await until(page, `settings: '${label}' ${email}`, pressed, row, email, label);
  if (answer !== 'pressed') throw new Error(`riot-web's UI has no '${label}' for ${email}: '${answer}'`);
}

async function settings(page: Page): Promise<void> {
  await press(page, 'settings: menu', '.mx_UserMenu');
  await press(page, 'settings: in the menu', '[role=menuitem]:has(.mx_UserMenu_iconSettings)');
  const loaded =
    '.mx_SettingsTab:has(.mx_SetIdServer):not(:has(.mx_GeneralUserSettingsTab_discovery .mx_Spinner))';
  await attempt(page, 'settings', () => page.waitForSelector(loaded));
}

/** Leaves the settings open, where `bind` goes on. */
async function requestEmailToken(page: Page, email: string): Promise<{ sid: string; clientSecret: string }> {
  await settings(page);
  await watchSdk(page, ['requestEmailToken', ...ways]);
  await discovery(page, 'Share', email);
  const { sid } = await granted<{ sid: string }>(page, 'requestEmailToken', email);
  const secret = await page.evaluate(
    () => window.sdkCalls?.findLast(({ method }) => method === 'requestEmailToken')?.args[1],
  );
  return { sid, clientSecret: String(secret) };
}

async function bind(page: Page, sid: string): Promise<void> {
  await watchSdk(page, ['bindThreePid', ...ways]);
  try {
    await discovery(page, 'Complete', '');
    await granted(page, 'bindThreePid', sid);
  } finally {
    await close(page);
  }
}

async function unbind(page: Page, email: string): Promise<void> {
  await settings(page);
  await watchSdk(page, ['unbindThreePid', ...ways]);
  try {
    await discovery(page, 'Revoke', email);
    await granted(page, 'unbindThreePid', email);
  } finally {
    await close(page);
  }
}

export const riotWebIdentity: IdentityDriver = { lookup, requestEmailToken, bind, unbind, inviteByEmail };
