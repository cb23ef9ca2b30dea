/** Pictures, with the token, for tabs that use a session. */
import { AUTHENTICATED, DROPPED, FILE, LEGACY, QUERY_CHARS } from './media.ts';
import {
  anywhereAt,
  hostOf,
  MAX_IN_REGEX,
  PRIORITY,
  slashed,
  TOKEN_PARAM,
  type Condition,
  type Rule,
} from './rule-plan.ts';

/** A session that open tabs use, for its pictures. */
export interface InTabs {
  readonly client: string;
  readonly portal: string;
  /** null: the session is at its portal. */
  readonly target: string | null;
  readonly token: string;
  /** 128 random bits: the fragment that the header rule goes by. */
  readonly mark: string;
  /** Tabs whose top document is the client's and has used this session's token, and no other's. */
  readonly tabs: readonly number[];
  /** One of these documents is controlled by the client's own service worker, whose requests have no tab. */
  readonly controlled: boolean;
  /** The browser applies rules before that worker sees a request (Firefox). */
  readonly rulesFirst: boolean;
}

/** A token that is in a URL already may be another session's. */
const UNWANTED = [...DROPPED, TOKEN_PARAM];

/** Documents, and what could tell the page the fragment (platform.md m). */
const NO_TOKEN_FOR = ['main_frame', 'sub_frame', 'object', 'script', 'stylesheet'];

/** Pictures of one session at a homeserver with authenticated media (MSC3916). */
export function planMedia(session: InTabs): Rule[] {
  const { client, portal, target, tabs, controlled } = session;
  const home = target ?? portal;
  // `^` and `*` have a meaning in a filter
  if (/[*^|]/.test(home) || home.length > MAX_IN_REGEX || portal.length > MAX_IN_REGEX) return [];
  const common = {
    isUrlFilterCaseSensitive: true,
    initiatorDomains: [hostOf(client)],
    requestMethods: ['get'],
  } as const;
  const excludedResourceTypes = [...NO_TOKEN_FOR, 'xmlhttprequest'];
  const inPage = tabs.length > 0 ? [{ ...common, tabIds: tabs, excludedResourceTypes }] : [];
  const inWorker = controlled ? [{ ...common, tabIds: [-1], resourceTypes: ['xmlhttprequest'] }] : [];
  const rules = [...inPage, ...inWorker].flatMap((place) => mediaAt(session, home, place));
  if (!controlled || !session.rulesFirst) return rules;
  return [...rules, ...inPage.map((place) => enlarge(portal, place))];
}

/**
 * Firefox shows a service worker the request as rules have made it, `User-Agent` included. Hydrogen's asks for thumbnails
 * up to 50 px with CORS, where that header needs leave which no homeserver gives: bigger ones it lets through.
 */
function enlarge(portal: string, place: Condition): Rule {
  const source = `${anywhereAt(portal)}/+_matrix/(?:${LEGACY}|${AUTHENTICATED})thumbnail/`;
  // with its default, which Firefox writes out: else this rule would never be equal to the stored one
  const size = ['width', 'height'].map((key) => ({ key, value: '64', replaceOnly: false }));
  const small = '(?:[1-4]?[0-9]|50)';
  return {
    priority: PRIORITY.SIZE,
    action: { type: 'redirect', redirect: { transform: { queryTransform: { addOrReplaceParams: size } } } },
    condition: {
      ...place,
      regexFilter: `^${source}[!-"$->@-~]+[?](?:${QUERY_CHARS}&)?width=${small}(?:&${QUERY_CHARS})?$`,
    },
  };
}

function mediaAt({ portal, target, token, mark }: InTabs, home: string, place: Condition): Rule[] {
  const [legacy, both] = [LEGACY, `(?:${LEGACY}|${AUTHENTICATED})`];
  const sources = [`${anywhereAt(home)}/+_matrix/${legacy}`];
  if (target !== null) sources.unshift(`${anywhereAt(portal)}/+_matrix/${both}`);
  const redirects = sources.flatMap((source): Rule[] => [
    {
      priority: PRIORITY.MEDIA,
      action: {
        type: 'redirect',
        redirect: { regexSubstitution: `${home}/_matrix/${AUTHENTICATED}\\1#${mark}` },
      },
      condition: { ...place, regexFilter: `^${source}(${FILE}(?:[?]${QUERY_CHARS})?)$` },
    },
    {
      priority: PRIORITY.TIDY,
      action: {
        type: 'redirect',
        redirect: { transform: { queryTransform: { removeParams: UNWANTED } } },
      },
      condition: {
        ...place,
        regexFilter: `^${source}[!-"$->@-~]+[?](?:${QUERY_CHARS}&)?(?:${UNWANTED.join('|')})=${QUERY_CHARS}$`,
      },
    },
  ]);
  const header: Rule = {
    priority: PRIORITY.HEADER,
    action: {
      type: 'modifyHeaders',
      requestHeaders: [{ header: 'authorization', operation: 'set', value: `Bearer ${token}` }],
    },
    condition: { ...place, urlFilter: `|${home}/_matrix/${AUTHENTICATED}*#${mark}|` },
  };
  return [...redirects, header];
}

/**
 * Tabs whose session is at the portal: the net of another session is not for them. They get no token by rule: this is
 * above the header rule.
 */
export function planStay({ client, portal, tabs }: Pick<InTabs, 'client' | 'portal' | 'tabs'>): Rule[] {
  return slashed(portal).map((base) => ({
    priority: PRIORITY.PORTAL,
    action: { type: 'allow' },
    condition: {
      isUrlFilterCaseSensitive: true,
      initiatorDomains: [hostOf(client)],
      urlFilter: `|${base}_matrix/`,
      tabIds: tabs,
    },
  }));
}
