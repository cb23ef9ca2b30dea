/** The net: what no hook has seen goes home without a token. */
import { QUERY_CHARS } from './media.ts';
import { PASSED } from './place.ts';
import {
  anywhereAt,
  escaped,
  hostOf,
  isPlain,
  MAX_IN_REGEX,
  PRIORITY,
  slashed,
  TOKEN_PARAM,
  VERSIONS,
  type Rule,
} from './rule-plan.ts';

/** A redirected session, for the net. */
export interface Redirected {
  readonly client: string;
  readonly portal: string;
  readonly target: string;
}

/** The net of one client and portal. */
export function planNet(session: Redirected): Rule[] {
  const { portal, target } = session;
  if (isPlain(portal) && isPlain(target))
    return slashed(portal).flatMap((base) => netByFilter(base, session));
  if (portal.length <= MAX_IN_REGEX && target.length <= MAX_IN_REGEX) return netByRegex(session);
  // better nothing than a token at the portal
  return slashed(portal).flatMap((base) => [
    { ...ruleAt(`|${base}_matrix/`, session, PRIORITY.NET), action: { type: 'block' } },
    ...passedAt(base, session),
  ]);
}

/** By filters: regular expressions cost every request of a Chromium browser (DESIGN). @param base with its slash */
function netByFilter(base: string, session: Redirected): Rule[] {
  const { protocol, hostname, port } = new URL(session.target);
  const queryTransform = { removeParams: [TOKEN_PARAM] };
  const transform = { scheme: protocol.slice(0, -1), host: hostname, port, queryTransform };
  const net = (path: string, priority: number = PRIORITY.NET): Rule => ({
    ...ruleAt(`|${base}_matrix/${path}`, session, priority),
    action: { type: 'redirect', redirect: { transform } },
  });
  return [
    net('client/'),
    net('media/'),
    asPage(net('media/')),
    asPage(net('client/*/auth/*/fallback/web')),
    net('client/v1/login/get_token', PRIORITY.NET_ABOVE),
    ...VERSIONS.flatMap((version) =>
      ['login', 'register'].map((name) =>
        ruleAt(`|${base}_matrix/client/${version}/${name}^`, session, PRIORITY.PORTAL),
      ),
    ),
    ...passedAt(base, session),
  ];
}

/** Where a base URL has a path, which no transform can add or take away. */
function netByRegex(session: Redirected): Rule[] {
  const { portal, target } = session;
  const rule = (regexFilter: string, priority: number): Rule => {
    const { urlFilter: _, ...condition } = ruleAt('', session, priority).condition;
    return { priority, action: { type: 'allow' }, condition: { ...condition, regexFilter } };
  };
  const net = (base: string, path: string, priority: number = PRIORITY.NET): Rule => ({
    ...rule(`^${base}/+(_matrix/${path}.*)$`, priority),
    action: { type: 'redirect', redirect: { regexSubstitution: `${target}/\\1` } },
  });
  const strip = (base: string, path: string, priority: number): Rule => ({
    ...rule(`^${base}/+_matrix/${path}[!-"$->@-~]*[?](?:${QUERY_CHARS}&)?${TOKEN_PARAM}=`, priority),
    action: {
      type: 'redirect',
      redirect: { transform: { queryTransform: { removeParams: [TOKEN_PARAM] } } },
    },
  });
  const exactly = escaped(portal);
  // not where that is the target itself
  const anywhere = new URL(portal).origin === target ? exactly : anywhereAt(portal);
  const own = `_matrix/client/(?:${VERSIONS.join('|')})/(?:login|register)(?:[/?].*)?`;
  return [
    net(exactly, 'client/'),
    net(anywhere, 'media/'),
    net(anywhere, 'client/v1/media/'),
    asPage(net(anywhere, 'media/')),
    asPage(net(exactly, 'client/.*/auth/.*/fallback/web')),
    net(exactly, 'client/v1/login/get_token', PRIORITY.NET_ABOVE),
    strip(exactly, 'client/v1/login/get_token', PRIORITY.STRIP_ABOVE),
    strip(anywhere, '(?:client|media)/', PRIORITY.STRIP),
    rule(`^${exactly}/+${own}$`, PRIORITY.PORTAL),
    ...[...slashed(portal), ...slashed(new URL(portal).origin)].flatMap((base) => passedAt(base, session)),
  ];
}

/** What the hook lets through on purpose: a guest, a second account, a client that has signed out. */
function passedAt(base: string, session: Redirected): Rule[] {
  return [ruleAt(`|${base}_matrix/*${PASSED}|`, session, PRIORITY.PASSED)];
}

/** An `allow` rule, unless it is made another. */
function ruleAt(urlFilter: string, { client }: Redirected, priority: number): Rule {
  const initiatorDomains = [hostOf(client)];
  const excludedResourceTypes = ['main_frame'];
  return {
    priority,
    action: { type: 'allow' },
    condition: { urlFilter, isUrlFilterCaseSensitive: true, initiatorDomains, excludedResourceTypes },
  };
}

/** The same for navigations of a whole tab. */
function asPage({ condition, ...rule }: Rule): Rule {
  const { excludedResourceTypes: _, ...rest } = condition;
  return { ...rule, condition: { ...rest, resourceTypes: ['main_frame'] } };
}
