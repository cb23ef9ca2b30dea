/** A client that is signed in at a portal and at home, with access to all that is needed and a picture to show. */
import type { Page } from 'puppeteer-core';
import type { Homeserver, HomeserverOptions } from '../support/homeserver.ts';
import type { Portal, PortalOptions } from '../support/portal.ts';
import type { Site, SiteOptions } from '../support/static-site.ts';
import type { Lab } from './lab.ts';
import { logIn } from './page-calls.ts';

export interface AtHome {
  readonly site: Site;
  readonly page: Page;
  readonly portal: Portal;
  readonly home: Homeserver;
  readonly token: string;
  /** `SERVER/MEDIA_ID` of a picture at the homeserver. */
  readonly picture: string;
}

export interface AtHomeOptions {
  readonly site?: Partial<SiteOptions>;
  readonly home?: Partial<HomeserverOptions>;
  readonly portal?: Partial<PortalOptions>;
  /** false: access to the client only, as right after *Turn on*. */
  readonly granted?: boolean;
}

/** A red pixel. */
export const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
);

/** The homeserver has authenticated media only, as Synapse today, unless told otherwise. */
export async function atHome(lab: Lab, options: AtHomeOptions = {}): Promise<AtHome> {
  const home = await lab.homeserver({ legacyMedia: false, ...options.home });
  const portal = await lab.portal({ route: () => home.url, ...options.portal });
  const { site, page } = await lab.client(options.site);
  const { token } = await logIn(page, portal.url);
  if (options.granted !== false) await lab.popup.grant(site.origin);
  await page.bringToFront();
  const picture = `${home.serverName}/${home.putMedia(PIXEL, 'image/png')}`;
  return { site, page, portal, home, token, picture };
}
