/** Sessions, the rules for them, and what `decide` says in a document that uses them. */
import { decide } from '../../src/core/decide.ts';
import { planMedia, planStay, type InTabs } from '../../src/core/rule-media.ts';
import { planNet } from '../../src/core/rule-net.ts';
import type { Rule } from '../../src/core/rule-plan.ts';
import type { Known, Route, Sketch, Verdict } from '../../src/core/verdict.ts';
import endpoints from '../data/endpoints.json' with { type: 'json' };
import { STATIC } from './dnr.ts';

export const CLIENT = 'https://app.example';
export const TOKEN = 'secret-token';
export const MARK = '0123456789abcdef0123456789abcdef';
export const TAB = 5;

/** name, portal, target */
export const SITES: readonly [string, string, string][] = [
  ['hosts', 'https://portal.example', 'https://hs1.example'],
  ['ports', 'https://portal.example:8443', 'https://hs1.example:8448'],
  ['a port that goes', 'https://portal.example:8443', 'https://hs1.example'],
  ['a port that comes', 'https://portal.example', 'https://hs1.example:8448'],
  ['one host, two ports', 'https://m.example', 'https://m.example:8448'],
  ['http', 'http://portal.localhost:8080', 'http://hs1.localhost'],
  ['http to https', 'http://portal.example', 'https://portal.example'],
  ['addresses', 'http://[::1]:8008', 'http://[::1]:8009'],
  ['a target with a path', 'https://portal.example', 'https://hs1.example/base/one'],
  ['a portal with a path', 'https://portal.example/foo', 'https://hs1.example'],
  ['both with a path', 'https://portal.example/foo', 'https://hs1.example/base'],
  ['a target below the portal', 'https://m.example', 'https://m.example/hs'],
  ['a portal below the target', 'https://m.example/foo', 'https://m.example'],
  ['side by side', 'https://m.example/foo', 'https://m.example/bar'],
  ['a path that begins as the other', 'https://m.example/foo', 'https://m.example/foobar'],
  ['a target deeper', 'https://m.example/foo', 'https://m.example/foo/bar'],
  ['a portal deeper', 'https://m.example/foo/bar', 'https://m.example/foo'],
  ['paths that mean something', 'https://portal.example/a+b(c).d', 'https://hs1.example/x.y$1'],
];

export function routeOf(portal: string, target: string | null, media = true): Route {
  return { id: `${portal} ${target}`, portal, target, pending: false, media };
}

/** What a document knows that has used this session. */
export function using(route: Route, extra: Partial<Known> = {}): Known {
  return {
    ready: true,
    awake: true,
    sessionOf: (token) => (token === TOKEN ? route : null),
    tokenOf: (of) => (of === route ? TOKEN : null),
    claimed: null,
    adopting: false,
    marksAll: false,
    last: route,
    signedOut: false,
    recent: [route],
    ...extra,
  };
}

export function sketchOf(method: string, url: string, token: string | null = null): Sketch {
  const body = { refreshToken: null, loginType: null, namesIdentity: false };
  return { method, url, page: `${CLIENT}/`, token, body, sync: false, ruled: false };
}

/** The URL that a verdict lets out. */
export function urlOf(verdict: Verdict, url: string): string {
  if (verdict.act === 'pass') return verdict.marked ?? url;
  if (verdict.act === 'send') return verdict.url;
  throw new Error(verdict.act);
}

/** Server and path, as it goes over the wire. */
export function wired(url: string): string {
  return new URL(url).href.replace(/#.*/, '');
}

/** Where the hook would send a request without a token. */
export function decided(method: string, url: string, known: Known): string {
  return wired(urlOf(decide(sketchOf(method, url), known), url));
}

export function inTabs(portal: string, target: string | null, extra: Partial<InTabs> = {}): InTabs {
  return {
    client: CLIENT,
    portal,
    target,
    token: TOKEN,
    mark: MARK,
    tabs: [TAB],
    controlled: false,
    rulesFirst: false,
    ...extra,
  };
}

/** The rules of one session, in its tab. */
export function rulesFor(session: InTabs): Rule[] {
  const { client, portal, target } = session;
  const net = target === null ? [] : planNet({ client, portal, target });
  return [...STATIC, ...net, ...planMedia(session)];
}

/** The same, of several sessions: the first is the one that was used last. */
export function rulesForAll(sessions: readonly InTabs[]): Rule[] {
  const redirected = sessions.flatMap(({ client, portal, target }) =>
    target === null ? [] : [{ client, portal, target }],
  );
  const nets = redirected.filter(
    (net, index) =>
      redirected.findIndex(({ client, portal }) => client === net.client && portal === net.portal) === index,
  );
  const stays = ({ portal, target }: InTabs): boolean =>
    target === null && nets.some((net) => net.portal === portal);
  return [
    ...STATIC,
    ...nets.flatMap(planNet),
    ...sessions.flatMap((session) => (stays(session) ? planStay(session) : planMedia(session))),
  ];
}

const FILLED: Readonly<Record<string, string>> = { '{serverName}': 'x.example', '{mediaId}': 'AbC' };

/** method and path of every operation of every version */
export const OPERATIONS: readonly [string, string][] = endpoints.endpoints
  .filter(({ paths }) => paths.some((path) => /^\/_matrix\/(client|media|static)\//.test(path)))
  .flatMap(({ method, paths }) =>
    paths.map((path): [string, string] => [
      method,
      path.replaceAll(/\{\w+\}/g, (name) => FILLED[name] ?? '@a:b'),
    ]),
  );
