/**
 * What a browser does with declarativeNetRequest rules, as far as Homeward's go (platform.md d and m; the Chrome
 * documentation's "Rule evaluation"). Where Chromium and Firefox differ, what both do.
 */
import { readFileSync } from 'node:fs';
import type { Rule } from '../../src/core/rule-plan.ts';

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly type: string;
  readonly tab: number;
  /** Origin of the document that asks; null: the user. */
  readonly initiator: string | null;
  /** In a frame with a URL of its own. */
  readonly framed?: boolean;
}

export interface Outcome {
  /** Every URL that the request was at, the last one first asked for by the network. */
  readonly urls: readonly string[];
  readonly blocked: boolean;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

interface Header {
  readonly header: string;
  readonly value: string;
}

interface Redirect {
  readonly regexSubstitution?: string;
  readonly transform?: {
    readonly scheme?: string;
    readonly host?: string;
    readonly port?: string;
    readonly queryTransform?: { readonly removeParams: readonly string[] };
  };
}

const MAX_REDIRECTS = 5;

/** The rules that come with the extension. */
export const STATIC: readonly Rule[] = JSON.parse(
  readFileSync(new URL('../../src/background/rules.json', import.meta.url), 'utf8'),
) as Rule[];

/** Follows the redirects of rules until none matches; then what is sent. */
export function ask(rules: readonly Rule[], request: Request): Outcome {
  const urls = [request.url];
  for (;;) {
    const at = { ...request, url: urls.at(-1) ?? '' };
    const first = firstOf(rules, at);
    if (first?.action.type === 'block') return { urls, blocked: true, headers: {} };
    if (first?.action.type !== 'redirect') return { urls, blocked: false, headers: headersOf(rules, at) };
    urls.push(redirected(first, at.url));
    if (urls.length > MAX_REDIRECTS + 1) throw new Error(`too many redirects: ${urls.join(' → ')}`);
  }
}

/** Of equal priority: allow, then block, then redirect. */
const ACTIONS = ['allow', 'allowAllRequests', 'block', 'redirect'];

function firstOf(rules: readonly Rule[], request: Request): Rule | undefined {
  return matching(rules, request)
    .filter(({ action }) => ACTIONS.includes(action.type))
    .toSorted(
      (a, b) => b.priority - a.priority || ACTIONS.indexOf(a.action.type) - ACTIONS.indexOf(b.action.type),
    )[0];
}

/** A rule that allows takes away the headers of rules that are not above it. */
function headersOf(rules: readonly Rule[], request: Request): Record<string, string> {
  const matched = matching(rules, request);
  const allowed = Math.max(
    0,
    ...matched.filter(({ action }) => action.type.startsWith('allow')).map(({ priority }) => priority),
  );
  const set = matched
    .filter(({ action, priority }) => action.type === 'modifyHeaders' && priority > allowed)
    .flatMap(({ action }) => action['requestHeaders'] as Header[]);
  return Object.fromEntries(set.map(({ header, value }) => [header.toLowerCase(), value]));
}

function matching(rules: readonly Rule[], request: Request): Rule[] {
  return rules.filter((rule) => {
    // of a frame, it is for everything within
    const isFrame = (rule.action.type as string) === 'allowAllRequests' && request.framed === true;
    return matches(rule.condition, isFrame ? { ...request, type: 'sub_frame' } : request);
  });
}

export function matches(condition: Rule['condition'], request: Request): boolean {
  const { urlFilter, regexFilter, initiatorDomains, requestMethods, tabIds } = condition;
  const { url, method, tab, initiator } = request;
  if (urlFilter !== undefined && !filterOf(urlFilter).test(url)) return false;
  if (regexFilter !== undefined && !regexOf(regexFilter).test(url)) return false;
  if (requestMethods && !requestMethods.includes(method.toLowerCase())) return false;
  if (tabIds && !tabIds.includes(tab)) return false;
  if (initiatorDomains) {
    const host = initiator === null ? '' : new URL(initiator).hostname;
    if (!initiatorDomains.some((domain) => host === domain || host.endsWith(`.${domain}`))) return false;
  }
  return matchesType(condition, request.type);
}

function matchesType({ resourceTypes, excludedResourceTypes }: Rule['condition'], type: string): boolean {
  if (resourceTypes) return resourceTypes.includes(type);
  if (excludedResourceTypes) return !excludedResourceTypes.includes(type);
  return type !== 'main_frame';
}

const FILTERS = new Map<string, RegExp>();
const REGEXES = new Map<string, RegExp>();

function regexOf(source: string): RegExp {
  const made = REGEXES.get(source) ?? new RegExp(source, 'u');
  REGEXES.set(source, made);
  return made;
}

/** `|` is an end of the URL, `^` a separator or the end, `*` anything. */
function filterOf(filter: string): RegExp {
  const known = FILTERS.get(filter);
  if (known) return known;
  const [, start = '', middle = '', end = ''] = /^(\|?)(.*?)(\|?)$/.exec(filter) ?? [];
  const pattern = middle
    .replaceAll(/[\\$.+?()[\]{}|]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('^', '(?:[^a-zA-Z0-9_.%-]|$)');
  const made = new RegExp(`${start && '^'}${pattern}${end && '$'}`, 'u');
  FILTERS.set(filter, made);
  return made;
}

function redirected({ action, condition }: Rule, url: string): string {
  const { regexSubstitution, transform } = action['redirect'] as Redirect;
  const next =
    regexSubstitution === undefined
      ? transformed(url, transform ?? {})
      : substituted(url, condition.regexFilter ?? '', regexSubstitution);
  // https://fetch.spec.whatwg.org/#concept-http-redirect-fetch: a fragment is handed down
  const there = new URL(next);
  if (!next.includes('#')) there.hash = new URL(url).hash;
  return there.href;
}

function substituted(url: string, filter: string, substitution: string): string {
  const found = regexOf(filter).exec(url) ?? [];
  return substitution.replaceAll(/\\(\d)/g, (_, digit: string) => found[Number(digit)] ?? '');
}

function transformed(
  href: string,
  { scheme, host, port, queryTransform }: Redirect['transform'] & {},
): string {
  const url = new URL(href);
  const query = url.search
    .slice(1)
    .split('&')
    .filter((pair) => !queryTransform?.removeParams.includes(pair.split('=', 1)[0] ?? ''))
    .join('&');
  const authority = `${host ?? url.hostname}${portOf(port ?? url.port)}`;
  return `${scheme ? `${scheme}:` : url.protocol}//${authority}${url.pathname}${query && `?${query}`}${url.hash}`;
}

function portOf(port: string): string {
  return port && `:${port}`;
}
