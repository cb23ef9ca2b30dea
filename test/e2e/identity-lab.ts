/** A client, a portal, a homeserver, and two identity servers: the app's own and the one that accounts name. */
import type { Page } from 'puppeteer-core';
import type { Engine } from '../support/browser.ts';
import type { Homeserver } from '../support/homeserver.ts';
import { startIdentityServer, type IdentityServer } from '../support/identity-server.ts';
import type { Portal } from '../support/portal.ts';
import type { Site } from '../support/static-site.ts';
import { useLab, type Lab, type LabOptions } from './lab.ts';

export interface IdentityScene {
  readonly site: Site;
  readonly page: Page;
  readonly portal: Portal;
  readonly alpha: Homeserver;
  /** The app's own. */
  readonly app: IdentityServer;
  /** The one that accounts name. */
  readonly named: IdentityServer;
}

export interface IdentityLab extends Lab {
  start(): Promise<IdentityScene>;
  identityServer(name: string): Promise<IdentityServer>;
}

export function useIdentityLab(engine: Engine, options: LabOptions = {}): IdentityLab {
  const lab = useLab(engine, options);
  const identityServer = async (name: string, alpha?: Homeserver): Promise<IdentityServer> =>
    lab.keep(await startIdentityServer({ name, ...(alpha && { whoIs: alpha.openIdUser }) }));
  return Object.assign(lab, {
    identityServer,
    async start() {
      const alpha = await lab.homeserver();
      const [portal, app, named, client] = await Promise.all([
        lab.portal({ route: () => alpha.url }),
        identityServer('is0', alpha),
        identityServer('is1', alpha),
        lab.client(),
      ]);
      return { ...client, portal, alpha, app, named };
    },
  });
}
