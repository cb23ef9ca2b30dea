/**
 * Riot of late 2016 and its identity server, through its UI where that has a way: it invites by e-mail, and adds an
 * address to the account by asking the homeserver, which is told the identity server's name.
 */
import type { Page } from 'puppeteer-core';
import { outcome, watchSdk } from './drive-identity-watch.ts';
import type { IdentityDriver } from './drive-identity.ts';
import { attempt, click, fill, until } from './drive-page.ts';

/**
 * Not by the UI: that looks up one address only, that of an invitation by e-mail which was opened from the mail. This
 * is the same call of the app's own SDK.
 */
async function lookup(page: Page, email: string): Promise<string | null> {
  await watchSdk(page, ['lookupThreePid']);
  await page.evaluate((address) => {
    const client = Object(window.mxMatrixClientPeg?.get());
    client.lookupThreePid('email', address);
  }, email);
  return (await outcome<{ mxid?: string }>(page, 'lookupThreePid', email, [])).mxid ?? null;
}

/** Leaves the question open that `bind` answers. The sid is of the homeserver, which asks the identity server. */
async function requestEmailToken(page: Page, email: string): Promise<{ sid: string; clientSecret: string }> {
  await page.evaluate(() => {
    location.hash = '#/settings';
  });
  await watchSdk(page, ['requestAdd3pidEmailToken']);
  const field = '.mx_UserSettings_profileInputCell .mx_UserSettings_threepidPlaceholder';
  await attempt(page, 'requestEmailToken: field', async () => {
    await page.waitForSelector(field, { visible: true });
    await page.click(field);
    await page.keyboard.type(email);
    await page.keyboard.press('Enter');
  });
  const { sid } = await outcome<{ sid: string }>(page, 'requestAdd3pidEmailToken', email, []);
  const secret = await page.evaluate(() => window.sdkCalls?.at(-1)?.args[1]);
  return { sid, clientSecret: String(secret) };
}

async function bind(page: Page, sid: string): Promise<void> {
  await watchSdk(page, ['addThreePid']);
  await click(page, 'bind: continue', '.mx_QuestionDialog .mx_Dialog_primary, .mx_Dialog .mx_Dialog_primary');
  await outcome(page, 'addThreePid', sid, []);
}

async function unbind(): Promise<void> {
  throw new Error("vector-web's UI cannot unbind an address");
}

async function inviteByEmail(page: Page, roomId: string, email: string): Promise<void> {
  await page.evaluate((id) => {
    location.hash = `#/room/${id}`;
  }, roomId);
  await watchSdk(page, ['inviteByEmail']);
  await click(page, 'invite: button', '.mx_RightPanel_invite');
  await fill(page, 'invite: address', '.mx_ChatInviteDialog_input', email);
  await click(page, 'invite: send', '.mx_Dialog .mx_Dialog_primary');
  await outcome(page, 'inviteByEmail', email, []);
  await until(page, 'invite: no dialog', () => document.querySelector('.mx_ChatInviteDialog') === null);
}

export const vectorWebIdentity: IdentityDriver = { lookup, requestEmailToken, bind, unbind, inviteByEmail };
