import type { Page } from 'puppeteer-core';
import { password, type Way } from './page-calls.ts';
import { waitFor } from './popup-page.ts';

/** A page that reloads in the very turn in which it read the login answer. @returns the token */
export function reloadAtLogin(page: Page, portal: string, by: Way): Promise<string> {
  return reloadAt(page, `${portal}/_matrix/client/v3/login`, password('alice'), by);
}

/** The same with the answer of a refresh. @returns the new token */
export function reloadAtRefresh(page: Page, portal: string, refreshToken: string, by: Way): Promise<string> {
  return reloadAt(page, `${portal}/_matrix/client/v3/refresh`, { refresh_token: refreshToken }, by);
}

async function reloadAt(page: Page, url: string, body: object, by: Way): Promise<string> {
  await page.evaluate(() => sessionStorage.removeItem('token'));
  await reloaded(page, async () => {
    await page.evaluate(by === 'fetch' ? postByFetch : postByXhr, url, JSON.stringify(body));
    await waitFor(page, () => sessionStorage.getItem('token') !== null);
  });
  return page.evaluate(() => sessionStorage.getItem('token') ?? '');
}

/**
 * Done when the next document's first script has run: what is asked before it is asked by nothing of Homeward, which no
 * client can do, but a driver.
 *
 * @param reload makes the page reload itself, soon
 */
export async function reloaded(page: Page, reload: () => Promise<void>): Promise<void> {
  await page.evaluate(() => {
    document.title = 'before';
  });
  await reload();
  await waitFor(page, () => document.title !== 'before' && document.readyState !== 'loading');
}

function postByFetch(url: string, body: string): void {
  void (async () => {
    const response = await fetch(url, { method: 'POST', body });
    const { access_token: token } = (await response.json()) as { access_token: string };
    sessionStorage.setItem('token', token);
    location.reload();
  })();
}

function postByXhr(url: string, body: string): void {
  const xhr = new XMLHttpRequest();
  xhr.open('POST', url);
  xhr.addEventListener('readystatechange', () => {
    if (xhr.readyState !== 4) return;
    const { access_token: token } = JSON.parse(xhr.responseText) as { access_token: string };
    sessionStorage.setItem('token', token);
    location.reload();
  });
  xhr.send(body);
}
