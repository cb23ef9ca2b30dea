/** *Copy diagnostics*: what is so, as text for a bug report. No token, no digest, no fragment, no name of a room. */
import { sessionsOf, targetOf, type Session } from '../core/session.ts';
import { browser } from '../webext/browser.ts';
import type { Collect } from '../wire/envelope.ts';
import { missingFor } from './access.ts';
import type { OpenPages } from './open-pages.ts';
import type { SessionOwner } from '../owner/owners.ts';
import type { Rules } from './rules.ts';
import type { Sites } from './sites.ts';
import { tabsOf } from './tabs.ts';

export interface Diagnosed {
  readonly owner: SessionOwner;
  readonly pages: OpenPages;
  readonly rules: Rules;
  readonly sites: Sites;
}

const KEPT = 50;
const MAX_LINE = 400;

/** Of one client. */
export async function diagnose(client: string, keepers: Diagnosed): Promise<string> {
  const { owner, pages, rules, sites } = keepers;
  const sessions = await owner.run((state) => sessionsOf(state, client));
  const { version } = browser.runtime.getManifest();
  const { origins = [] } = await browser.permissions.getAll();
  const open = [...(await pages.all()).values()].filter((page) => page.client === client);
  const parts: [string, readonly string[]][] = [
    ['Homeward', [version, navigator.userAgent, new Date().toISOString()]],
    ['Sites that are on', await sites.all()],
    ['Access', origins],
    [`Sessions of ${client}`, await Promise.all(sessions.map(told))],
    [
      'Open pages',
      open.map(({ controlled, sessions: used, forbidden }) =>
        [`uses ${used.length}`, controlled && 'has a service worker', forbidden.length > 0 && 'CSP forbids']
          .filter(Boolean)
          .join(', '),
      ),
    ],
    ['Rules', await rules.describe()],
    ['Last decisions', await decisionsOf(client)],
  ];
  return parts
    .map(([title, facts]) => [title, ...(facts.length > 0 ? facts : ['none'])].join('\n  '))
    .join('\n');
}

async function told(session: Session): Promise<string> {
  const { user, portal, named, namedBy, redirected, standing, media, began, refused, superseded } = session;
  const missing = await missingFor(session);
  return [
    `${user} at ${portal}`,
    named === null ? 'names nothing' : `${namedBy ?? ''} names ${named}`,
    `goes to ${targetOf(session) ?? 'the portal'}`,
    standing.at === 'portal' ? `stays: ${standing.why}` : standing.at,
    redirected && 'login was redirected',
    media ? 'authenticated media' : 'authenticated media not seen',
    `since ${new Date(began).toISOString()}`,
    refused !== null && `refused ${refused}`,
    superseded && 'superseded',
    missing.length > 0 && `no access to ${missing.join(', ')}`,
  ]
    .filter(Boolean)
    .join('; ');
}

/** What the hooks of the open pages remember; the newest last. */
async function decisionsOf(client: string): Promise<string[]> {
  const message: Collect = { client, collect: true };
  const answers = await Promise.all(
    (await tabsOf(client)).map((tab) => browser.tabs.sendMessage(tab, message).catch(() => null)),
  );
  return answers
    .flatMap((text) => lines(text))
    .map((line) => line.slice(0, MAX_LINE))
    .slice(-KEPT);
}

function lines(text: unknown): string[] {
  try {
    const value: unknown = JSON.parse(String(text));
    return Array.isArray(value) ? value.map(String) : [];
  } catch {
    return [];
  }
}
