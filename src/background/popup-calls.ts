/** What the popup asks. */
import { accountKeyOf, sessionsOf, type Session } from '../core/session.ts';
import type { PopupCalls, Shown } from '../wire/popup.ts';
import { identityPopupHandlers, shownIdentity } from './identity-popup.ts';
import type { AccountOwner, SessionOwner } from './owners.ts';
import type { Sites } from './sites.ts';
import type { Tokens } from './tokens.ts';

type Handlers = {
  readonly [K in keyof PopupCalls]: (
    args: Parameters<PopupCalls[K]>[0],
  ) => Promise<ReturnType<PopupCalls[K]>>;
};

/** @param askReload called with clients whose open pages are not yet, or still, under Homeward */
export function popupHandlers(
  owner: SessionOwner,
  accounts: AccountOwner,
  tokens: Tokens,
  sites: Sites,
  askReload: (clients: readonly string[]) => Promise<void>,
): Handlers {
  const shown = async (session: Session): Promise<Shown> => ({
    ...told(session),
    home: accountKeyOf(session).home,
    account: await shownIdentity(session, accounts, tokens),
  });

  return {
    ...identityPopupHandlers(owner, accounts, tokens),

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
        sessions: await Promise.all(sessions.toSorted((a, b) => b.began - a.began).map(shown)),
      };
    },
    async wish({ client }) {
      await sites.wish(client);
      return null;
    },
    async turnOn({ client }) {
      await askReload(await sites.admit());
      return sites.isOn(client);
    },
    async turnOff({ client }) {
      // the badge first: afterwards the tabs of this client cannot be told from others
      await askReload([client]);
      await sites.turnOff(client);
      return null;
    },
    forget: ({ id }) =>
      owner.run((_, apply) => {
        apply({ type: 'ended', id, all: false });
        return null;
      }),
  };
}

/** Without the digests. */
function told(session: Session): Omit<Shown, 'home' | 'account'> {
  const { id, user, portal, named, namedBy, redirected, standing, began, movedFrom, refused } = session;
  return { id, user, portal, named, namedBy, redirected, standing, began, movedFrom, refused };
}
