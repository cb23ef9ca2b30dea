// What clients do with an identity server, by those of test/support/fixtures.ts that know of any.
import type { Page } from 'puppeteer-core';
import { riotWebIdentity } from './drive-identity-riot-web.ts';
import { sdkIdentity } from './drive-identity-sdk.ts';
import { vectorWebIdentity } from './drive-identity-vector-web.ts';
import type { ClientName } from './fixtures.ts';

/** For a signed-in client. */
export interface IdentityDriver {
  /** asks the client's identity server who has an e-mail address; null: nobody; rejects with the error the client got */
  lookup(page: Page, email: string): Promise<string | null>;
  /** starts e-mail validation for binding at the client's identity server; answers the sid */
  requestEmailToken(page: Page, email: string): Promise<{ sid: string; clientSecret: string }>;
  /** after the code was submitted: bind */
  bind(page: Page, sid: string, clientSecret: string): Promise<void>;
  unbind(page: Page, email: string): Promise<void>;
  inviteByEmail(page: Page, roomId: string, email: string): Promise<void>;
}

export const identityDrivers: Record<Exclude<ClientName, 'hydrogen'>, IdentityDriver> = {
  'vector-web': vectorWebIdentity,
  'riot-web': riotWebIdentity,
  'js-sdk-0': sdkIdentity(0),
  'js-sdk-2': sdkIdentity(2),
  'js-sdk-24': sdkIdentity(24),
  'js-sdk-34': sdkIdentity(34),
};
