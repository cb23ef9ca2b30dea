// The drivers of the clients that test/support/fixtures.ts builds.
import { hydrogen } from './drive-hydrogen.ts';
import { jsSdk } from './drive-js-sdk.ts';
import type { ClientDriver } from './drive-page.ts';
import { riotWeb } from './drive-riot-web.ts';
import { vectorWeb } from './drive-vector-web.ts';
import type { ClientName } from './fixtures.ts';

export { jsSdkUpload } from './drive-js-sdk.ts';
export type { ClientDriver } from './drive-page.ts';

export const drivers: Record<ClientName, ClientDriver> = {
  hydrogen,
  'vector-web': vectorWeb,
  'riot-web': riotWeb,
  'js-sdk-0': jsSdk,
  'js-sdk-2': jsSdk,
  'js-sdk-24': jsSdk,
  'js-sdk-34': jsSdk,
};
