// What a client's UI would make a bare matrix-js-sdk do with its identity server.
import type { Page } from 'puppeteer-core';
import type { IdentityDriver } from './drive-identity.ts';
import { attempt } from './drive-page.ts';

type Json = Record<string, string | undefined>;
interface Policies {
  policies: Record<string, Record<string, string | { url: string }>>;
}

/** The versions differ in what follows the named arguments, and 0.11.1 has only what API version 1 needs. */
interface IdentityClient {
  idBaseUrl?: string;
  identityServer?: { getAccessToken(): Promise<string> };
  generateClientSecret(): string;
  getIdentityServerUrl(withoutScheme: boolean): string;
  getOpenIdToken(): Promise<unknown>;
  registerWithIdentityServer(openId: unknown): Promise<Json>;
  getIdentityAccount(token: string): Promise<unknown>;
  getTerms(service: string, baseUrl: string | undefined): Promise<Policies>;
  agreeToTerms(service: string, baseUrl: string | undefined, token: string, urls: string[]): Promise<unknown>;
  lookupThreePid(medium: string, address: string, ...rest: unknown[]): Promise<Json>;
  requestEmailToken(email: string, secret: string, attempt: number, ...rest: unknown[]): Promise<Json>;
  bindThreePid(data: Json): Promise<unknown>;
  addThreePid(credentials: Json, bind: boolean): Promise<unknown>;
  unbindThreePid(medium: string, address: string): Promise<unknown>;
  deleteThreePid(medium: string, address: string): Promise<unknown>;
  inviteByEmail(roomId: string, email: string): Promise<unknown>;
}

/** As Element does: stored, checked before every use, and got anew if the identity server does not know it. */
interface Token {
  get(): Promise<string>;
  register(): Promise<string>;
  /** Accepts the terms, if that is what is missing. */
  check(token: string): Promise<void>;
}

interface Actions {
  /** What the SDK's method takes at its end: in 2.4.6 a callback, and a token in all that speak version 2. */
  rest(): Promise<unknown[]>;
  lookup(email: string): Promise<string | null>;
  requestEmailToken(email: string): Promise<{ sid: string; clientSecret: string }>;
  bind(sid: string, clientSecret: string): Promise<void>;
  unbind(email: string): Promise<void>;
  inviteByEmail(roomId: string, email: string): Promise<void>;
}

declare global {
  interface Window {
    identityToken: Token;
    identity: Actions;
  }
}

/** In the page. Methods of one object, since nothing outside of this function is there; so below. */
function installToken(): void {
  const client = window.sdkClient as unknown as IdentityClient;
  const service = 'SERVICE_TYPE_IS';
  window.identityToken = {
    async get() {
      const stored = localStorage.getItem('identityToken');
      if (stored === null) return this.register();
      try {
        await this.check(stored);
        return stored;
      } catch (error) {
        if (Reflect.get(Object(error), 'errcode') === 'M_UNAUTHORIZED') return this.register();
        throw error;
      }
    },
    async register() {
      const answer = await client.registerWithIdentityServer(await client.getOpenIdToken());
      const token = answer['token'] ?? answer['access_token'] ?? '';
      await this.check(token);
      localStorage.setItem('identityToken', token);
      return token;
    },
    async check(token) {
      try {
        await client.getIdentityAccount(token);
      } catch (error) {
        if (Reflect.get(Object(error), 'errcode') !== 'M_TERMS_NOT_SIGNED') throw error;
        const { policies } = await client.getTerms(service, client.idBaseUrl);
        const texts = Object.values(policies).flatMap((policy) => Object.values(policy));
        const urls = texts.flatMap((text) => (typeof text === 'string' ? [] : [text.url]));
        await client.agreeToTerms(service, client.idBaseUrl, token, urls);
      }
    },
  };
  client.identityServer = { getAccessToken: () => window.identityToken.get() };
}

function installActions(generation: number): void {
  const client = window.sdkClient as unknown as IdentityClient;
  window.identity = {
    async rest() {
      // without an address 0.11.1 would ask a path on the page's own server
      if (!client.idBaseUrl) throw new Error('No identity server base URL set');
      if (generation === 0) return [];
      return generation === 2
        ? [undefined, await window.identityToken.get()]
        : [await window.identityToken.get()];
    },
    async lookup(email) {
      const found = await client.lookupThreePid('email', email, ...(await this.rest()));
      return found['mxid'] ?? null;
    },
    async requestEmailToken(email) {
      const clientSecret = client.generateClientSecret();
      const rest = await this.rest();
      const answer = await client.requestEmailToken(email, clientSecret, 1, undefined, ...rest);
      return { sid: answer['sid'] ?? '', clientSecret };
    },
    async bind(sid, secret) {
      const credentials = { sid, client_secret: secret, id_server: client.getIdentityServerUrl(true) };
      if (generation === 0) await client.addThreePid(credentials, true);
      else await client.bindThreePid({ ...credentials, id_access_token: await window.identityToken.get() });
    },
    async unbind(email) {
      if (generation === 0) await client.deleteThreePid('email', email);
      else await client.unbindThreePid('email', email);
    },
    async inviteByEmail(roomId, email) {
      await client.inviteByEmail(roomId, email);
    },
  };
}

type Action = 'lookup' | 'requestEmailToken' | 'bind' | 'unbind' | 'inviteByEmail';

/** Errors come as text: those of the old SDKs are not `Error`s, and would arrive without what they say. */
async function call<T>(page: Page, generation: number, action: Action, ...args: string[]): Promise<T> {
  if (generation > 0) await page.evaluate(installToken); // anew: the client is another one after a reload
  await page.evaluate(installActions, generation);
  const answer = await attempt(page, action, () =>
    page.evaluate(
      async (name, values) => {
        try {
          const method = window.identity[name] as (...given: string[]) => Promise<unknown>;
          return { value: await method.apply(window.identity, values) };
        } catch (error) {
          const [code, status] = ['errcode', 'httpStatus'].map((key) => Reflect.get(Object(error), key));
          return { error: [code, status, String(error)].filter(Boolean).join(' ') };
        }
      },
      action,
      args,
    ),
  );
  if ('error' in answer) throw new Error(`${action}: ${answer.error}`);
  return answer.value as T;
}

/** The SDK's major version: 0, 2, 24 or 34. */
export function sdkIdentity(generation: number): IdentityDriver {
  return {
    lookup: (page, email) => call(page, generation, 'lookup', email),
    requestEmailToken: (page, email) => call(page, generation, 'requestEmailToken', email),
    bind: (page, sid, clientSecret) => call(page, generation, 'bind', sid, clientSecret),
    unbind: (page, email) => call(page, generation, 'unbind', email),
    inviteByEmail: (page, roomId, email) => call(page, generation, 'inviteByEmail', roomId, email),
  };
}
