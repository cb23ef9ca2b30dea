// Plays a client on a bare matrix-js-sdk page: what a UI would make the SDK do, in the same order.
import type { Page } from 'puppeteer-core';
import { attempt, until, visit, type ClientDriver } from './drive-page.ts';

/** The little of matrix-js-sdk that is used, alike in 0.11.1, 2.4.6, 24.1.0 and 34.13.0. */
interface SdkClient {
  loginFlows(): Promise<unknown>;
  loginWithPassword(user: string, password: string): Promise<Record<string, string>>;
  startClient(options: { initialSyncLimit: number }): unknown;
  stopClient(): void;
  getSyncState(): string | null;
  getRoom(id: string): { timeline: { getContent(): { body?: string }; status: string | null }[] } | null;
  sendTextMessage(room: string, text: string): Promise<unknown>;
  uploadContent(file: Blob | { stream: Blob }, options: object): Promise<string | { content_uri: string }>;
  logout(): Promise<unknown>;
}

interface Config {
  default_hs_url: string;
  default_is_url?: string;
}

declare global {
  interface Window {
    ready?: boolean;
    sdk: { createClient(options: Record<string, string | undefined>): SdkClient };
    /** The client in use. What has to outlive a reload is in localStorage: `session`, `room` and `identityToken`. */
    sdkClient: SdkClient;
  }
}

/** As a login page does: a client without a token for the configured server, asked for its login flows. */
async function showLogin(page: Page, step: string): Promise<void> {
  await attempt(page, step, () =>
    page.evaluate(async () => {
      const config: Config = await (await fetch('config.json')).json();
      const { default_hs_url: baseUrl, default_is_url: idBaseUrl } = config;
      window.sdkClient = window.sdk.createClient({ baseUrl, idBaseUrl });
      await window.sdkClient.loginFlows();
    }),
  );
}

/** Signed in: a new client with the stored token and the addresses it has always been given, the configured ones. */
async function start(page: Page, step: string): Promise<void> {
  await attempt(page, step, () =>
    page.evaluate(() => {
      const session: Record<string, string> = JSON.parse(localStorage.getItem('session') ?? '{}');
      window.sdkClient = window.sdk.createClient(session);
      window.sdkClient.startClient({ initialSyncLimit: 20 });
    }),
  );
  await until(page, `${step}: sync`, () =>
    ['PREPARED', 'SYNCING'].includes(window.sdkClient.getSyncState() ?? ''),
  );
}

async function open(page: Page, origin: string): Promise<void> {
  await visit(page, `${origin}/`);
  await until(page, 'open: matrix-js-sdk', () => window.ready);
  await showLogin(page, 'open: login flows');
}

async function login(page: Page, user: string, password: string): Promise<void> {
  const error = await attempt(page, 'login', () => page.evaluate(signIn, user, password));
  if (error) throw new Error(`login: the form says '${error}'`);
  await start(page, 'login');
}

/** In the page: asks for a token, stores the session, and shows and returns the error if there is one. */
async function signIn(user: string, password: string): Promise<string> {
  document.body.dataset['error'] = '';
  try {
    const config: Config = await (await fetch('config.json')).json();
    const answer = await window.sdkClient.loginWithPassword(user, password);
    const { access_token: accessToken, user_id: userId, device_id: deviceId } = answer;
    const { default_hs_url: baseUrl, default_is_url: idBaseUrl } = config;
    const session = { baseUrl, idBaseUrl, accessToken, userId, deviceId };
    localStorage.setItem('session', JSON.stringify(session));
  } catch (error) {
    document.body.dataset['error'] = error instanceof Error ? error.message : JSON.stringify(error);
  }
  return document.body.dataset['error'] ?? '';
}

async function openRoom(page: Page, roomId: string): Promise<void> {
  await until(page, `openRoom: ${roomId}`, (id) => window.sdkClient.getRoom(id ?? '') !== null, roomId);
  await page.evaluate((id) => localStorage.setItem('room', id), roomId);
}

async function send(page: Page, text: string): Promise<void> {
  await attempt(page, 'send', () =>
    page.evaluate(async (body) => {
      await window.sdkClient.sendTextMessage(localStorage.getItem('room') ?? '', body);
    }, text),
  );
  await inTimeline(page, 'send: in the timeline', text);
}

/** An event has a status until it came back by sync. */
async function inTimeline(page: Page, step: string, text: string): Promise<void> {
  await until(
    page,
    step,
    (part) =>
      window.sdkClient
        .getRoom(localStorage.getItem('room') ?? '')
        ?.timeline.some((event) => !event.status && event.getContent().body?.includes(part ?? '')),
    text,
  );
}

async function reload(page: Page): Promise<void> {
  await attempt(page, 'reload', () => page.reload({ waitUntil: 'domcontentloaded' }));
  await until(page, 'reload: matrix-js-sdk', () => window.ready);
  await start(page, 'reload');
}

async function signOut(page: Page): Promise<void> {
  await attempt(page, 'signOut', () =>
    page.evaluate(async () => {
      await window.sdkClient.logout();
      window.sdkClient.stopClient();
      localStorage.clear();
    }),
  );
  await showLogin(page, 'signOut: login flows');
}

/** Uploads a text file; returns its mxc: address. */
export async function jsSdkUpload(page: Page, text: string): Promise<string> {
  return attempt(page, 'upload', () =>
    page.evaluate(async (content) => {
      const options = { name: 'note.txt', type: 'text/plain', includeFilename: true };
      const file = new Blob([content], options);
      // 0.11.1 is older than `Blob.stream`: without this it would send the text of that method
      const given = document.title === 'js-sdk-0' ? { stream: file } : file;
      const answer = await window.sdkClient.uploadContent(given, options);
      return typeof answer === 'string' ? answer : answer.content_uri; // 0.11.1, 2.4.6: the address itself
    }, text),
  );
}

export const jsSdk: ClientDriver = {
  open,
  login,
  openRoom,
  send,
  waitForMessage: (page, text) => inTimeline(page, 'waitForMessage', text),
  reload,
  signOut,
  loginError: (page) => until(page, 'loginError', () => document.body.dataset['error'] ?? ''),
};
