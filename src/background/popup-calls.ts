/** What the popup asks. */
import { sessionsOf, type Session } from '../core/session.ts';
import type { PopupCalls, Shown } from '../wire/popup.ts';
import { missingFor } from './access.ts';
import { askHeld } from './requests.ts';
import { diagnose, type Diagnosed } from './diagnostics.ts';
import { identityPopupHandlers, shownSession } from '../owner/settings.ts';
import type { OpenPages } from './open-pages.ts';
import type { AccountOwner } from '../owner/owners.ts';
import type { Sites } from './sites.ts';
import type { Tokens } from './tokens.ts';

type Handlers = {
  readonly [K in keyof PopupCalls]: (
    args: Parameters<PopupCalls[K]>[0],
  ) => Promise<ReturnType<PopupCalls[K]>>;
};

export interface PopupKeepers extends Diagnosed {
  readonly accounts: AccountOwner;
  readonly tokens: Tokens;
  readonly sites: Sites;
  /** Called with clients whose open pages are not yet, or still, under Homeward. */
  askReload(clients: readonly string[]): Promise<void>;
}

export function popupHandlers(keepers: PopupKeepers): Handlers {
  const { owner, accounts, tokens, sites, pages, rules, askReload } = keepers;
  const shown = async (session: Session): Promise<Shown> => ({
    ...(await shownSession(session, accounts, tokens)),
    missing: await missingFor(session),
    forbidden: await isForbidden(session, pages),
  });

  return {
    ...identityPopupHandlers(owner, accounts, tokens, askHeld),

    clients: () =>
      owner.run((state) => [
        ...new Set(state.sessions.flatMap(({ client, superseded }) => (superseded ? [] : [client]))),
      ]),

    async describe({ client }) {
      const [on, isListed] = await Promise.all([sites.isOn(client), sites.isListed(client)]);
      const sessions = await owner.run((state) =>
        sessionsOf(state, client).filter(({ superseded }) => !superseded),
      );
      return {
        on,
        lostAccess: isListed && !on,
        loginForbidden: await forbids(client, '', pages),
        sessions: await Promise.all(sessions.toSorted((a, b) => b.began - a.began).map(shown)),
      };
    },
    async wish({ client }) {
      await sites.wish(client);
      return null;
    },
    async turnOn({ client }) {
      await askReload(await sites.admit());
      await rules.settle();
      return sites.isOn(client);
    },
    async turnOff({ client }) {
      // the badge first: afterwards the tabs of this client cannot be told from others
      await askReload([client]);
      await sites.turnOff(client);
      await rules.settle();
      return null;
    },
    async forget({ id }) {
      await owner.run((_, apply) => apply({ type: 'ended', id, all: false }));
      await rules.settle();
      return null;
    },
    diagnose: ({ client }) => diagnose(client, keepers),
  };
}

/** In a page of the client that is open now. */
async function isForbidden({ id, client, standing }: Session, pages: OpenPages): Promise<boolean> {
  if (standing.at === 'portal') return standing.why === 'forbidden';
  return forbids(client, id, pages);
}

async function forbids(client: string, id: string, pages: OpenPages): Promise<boolean> {
  const open = [...(await pages.all()).values()];
  return open.some((page) => page.client === client && page.forbidden.includes(id));
}
