/**
 * Sessions and tabs → declarativeNetRequest rules: what page code cannot see. All priorities are here, and so is the way
 * of ids: a rule has no id of its own, `update` gives a free one to what is new and leaves alone what is there already.
 *
 *   SIZE       thumbnails that a service worker in Firefox could not fetch are asked for a little bigger
 *   TIDY       parameters that the authenticated path does not have are taken out first
 *   MEDIA      a file at the portal, or at a legacy path → the homeserver's authenticated path, with that fragment
 *   PASSED     what the hook lets pass to the portal on purpose
 *   NET_ABOVE  what `PORTAL` would let through too much
 *   PORTAL     stays at the portal: what is its own, and tabs of a session that is there
 *   STRIP      takes a token out of the query, where one rule cannot do both (`STRIP_ABOVE`: for `NET_ABOVE`)
 *   NET        every other request at the portal → the homeserver, without a token
 *   FRAMES     frames with a URL of their own get no token, whosever they are (static, in rules.json): `initiatorDomains`
 *              means subdomains and other ports too, and a widget is in the client's tab
 *   HEADER     the token, on a URL that ends in this session's random fragment; media GETs of this client's tabs only
 */
export const PRIORITY = {
  SIZE: 11,
  TIDY: 10,
  MEDIA: 9,
  PASSED: 8,
  STRIP_ABOVE: 7,
  NET_ABOVE: 6,
  PORTAL: 5,
  STRIP: 4,
  NET: 3,
  FRAMES: 2,
  HEADER: 1,
} as const;

/** Of the session rule that takes the extension's origin off its own requests; not planned here. */
export const OWN_ORIGIN_RULE = 1;

export interface Condition {
  readonly urlFilter?: string;
  readonly regexFilter?: string;
  readonly isUrlFilterCaseSensitive: true;
  readonly initiatorDomains: readonly string[];
  readonly resourceTypes?: readonly string[];
  readonly excludedResourceTypes?: readonly string[];
  readonly requestMethods?: readonly string[];
  readonly tabIds?: readonly number[];
}

export interface Rule {
  readonly priority: number;
  readonly action: {
    readonly type: 'allow' | 'block' | 'redirect' | 'modifyHeaders';
    readonly [detail: string]: unknown;
  };
  readonly condition: Condition;
}

/** Of the client-server API, as filters can name them. */
export const VERSIONS = ['api/v1', 'r0', 'v1', 'v3', 'unstable', 'v2_alpha'];

/** Longest base URL in a regular expression: RE2 has a limit for its memory. */
export const MAX_IN_REGEX = 256;

export interface Update {
  readonly removeRuleIds: number[];
  readonly addRules: (Rule & { id: number })[];
}

/**
 * The calls that make the browser's rules those that are planned: one that removes, and one for each group, so that a
 * rule which the browser refuses takes no other group with it. Nothing for what is there already.
 *
 * @param current rules of the browser but for `OWN_ORIGIN_RULE`
 */
export function updatesFor(
  current: readonly (object & { id: number })[],
  groups: readonly Rule[][],
): Update[] {
  const there = new Map<string, number>();
  const removeRuleIds: number[] = [];
  for (const rule of current) {
    const content = contentOf(rule);
    if (there.has(content)) removeRuleIds.push(rule.id);
    else there.set(content, rule.id);
  }
  // clients on two ports of one host may need the same rule
  const planned = new Set<string>();
  const isMissing = (rule: Rule): boolean => {
    const content = contentOf(rule);
    const isNew = !planned.has(content) && !there.has(content);
    planned.add(content);
    return isNew;
  };
  const missing = groups.map((rules) => rules.filter(isMissing));
  for (const [content, stale] of there) if (!planned.has(content)) removeRuleIds.push(stale);
  const taken = new Set(current.map(({ id }) => id));
  let id = OWN_ORIGIN_RULE;
  const nextId = (): number => {
    do id += 1;
    while (taken.has(id));
    return id;
  };
  const removal = removeRuleIds.length > 0 ? [{ removeRuleIds, addRules: [] }] : [];
  const additions = missing
    .filter((rules) => rules.length > 0)
    .map((rules) => ({ removeRuleIds: [], addRules: rules.map((rule) => ({ ...rule, id: nextId() })) }));
  return [...removal, ...additions];
}

/** A rule without its id and without what a browser adds as `null`, in one spelling. */
function contentOf(rule: object): string {
  return JSON.stringify(rule, (key, value: unknown) => {
    if (key === 'id' || value === null) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Whose token it is, no rule can tell. */
export const TOKEN_PARAM = 'access_token';

// Parts of conditions.

/** Clients that are configured with `https://portal/` write `https://portal//_matrix`. */
export function slashed(base: string): string[] {
  return [`${base}/`, `${base}//`];
}

/** matrix-js-sdk loses the path of a base URL for media. */
export function anywhereAt(base: string): string {
  const { origin } = new URL(base);
  const path = base.slice(origin.length);
  return escaped(origin) + (path && `(?:${escaped(path)})?`);
}

export function isPlain(base: string): boolean {
  return new URL(base).pathname === '/';
}

export function hostOf(url: string): string {
  return new URL(url).hostname;
}

export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
