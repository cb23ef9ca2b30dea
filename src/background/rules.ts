/**
 * Keeps the browser's rules equal to the plan: on every change, and whenever the background starts. What is equal is not
 * written again. Rules act only where access to the sites is held.
 */
import { planMedia, planStay, type InTabs } from '../core/rule-media.ts';
import { planNet } from '../core/rule-net.ts';
import { OWN_ORIGIN_RULE, updatesFor, type Rule, type Update } from '../core/rule-plan.ts';
import { sessionsOf, targetOf, type Session } from '../core/session.ts';
import {
  ACTS_BEFORE_WORKERS,
  dynamicRules,
  isSupported,
  sessionRules,
  type RuleSet,
} from '../webext/rule-set.ts';
import { usedBy, type OpenPage } from './open-pages.ts';
import type { Tokens } from './tokens.ts';

const MAX_REFUSALS = 5;

export interface RuleSources {
  sessions(): Promise<readonly Session[]>;
  isOn(client: string): Promise<boolean>;
  pages(): Promise<ReadonlyMap<number, OpenPage>>;
  readonly tokens: Tokens;
}

export interface Rules {
  /** Resolves when the rules are those of everything that is known now. */
  settle(): Promise<void>;
  /** Takes the token out of a tab, before anything else. */
  leave(tab: number): void;
  /** How many rules there are, and what the browser has refused. */
  describe(): Promise<string[]>;
}

export function createRules(sources: RuleSources): Rules {
  const refusals: string[] = [];
  let current: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  let inTabs: readonly (Rule & { id: number })[] = [];

  /** The last few, each once. */
  const refused = (error: unknown): void => {
    const text = String(error).slice(0, 300);
    if (refusals.includes(text)) return;
    refusals.push(text);
    if (refusals.length > MAX_REFUSALS) refusals.shift();
  };

  const apply = async (set: RuleSet, groups: readonly Rule[][]): Promise<void> => {
    for (const update of updatesFor(await planned(set), groups)) {
      const { removeRuleIds, addRules } = await supported(update);
      if (removeRuleIds.length + addRules.length > 0)
        await set.update({ removeRuleIds, addRules }).catch(refused);
    }
  };

  const supported = async ({ removeRuleIds, addRules }: Update): Promise<Update> => {
    const checked = await Promise.all(addRules.map((rule) => isSupported(rule.condition.regexFilter)));
    if (checked.includes(false)) refused('a regular expression is not supported');
    return { removeRuleIds, addRules: addRules.filter((_, index) => checked[index]) };
  };

  const reconcile = async (): Promise<void> => {
    const sessions = await sessionsThatAreOn(sources);
    const nets = netsOf(sessions);
    await apply(
      dynamicRules,
      nets.map((net) => planNet(net)),
    );
    await apply(sessionRules, await groupsInTabs(sources, sessions, nets));
    inTabs = (await planned(sessionRules)) as (Rule & { id: number })[];
  };

  return {
    settle: () => {
      next ??= current = current
        .then(() => {
          next = null;
          return reconcile();
        })
        .catch(refused);
      return next;
    },
    leave(tab) {
      const ids = inTabs.filter(({ condition }) => condition.tabIds?.includes(tab)).map(({ id }) => id);
      if (ids.length > 0) sessionRules.update({ removeRuleIds: ids, addRules: [] }).catch(refused);
    },
    async describe() {
      const [dynamic, session] = await Promise.all([planned(dynamicRules), planned(sessionRules)]);
      return [`dynamic: ${dynamic.length}`, `session: ${session.length}`, ...refusals];
    },
  };
}

async function planned(set: RuleSet): Promise<(object & { id: number })[]> {
  return (await set.get()).filter(({ id }) => id !== OWN_ORIGIN_RULE);
}

async function sessionsThatAreOn({ sessions, isOn }: RuleSources): Promise<Session[]> {
  const all = await sessions();
  const clients = [...new Set(all.map(({ client }) => client))];
  const on = await Promise.all(clients.map(isOn));
  const lit = clients.filter((_, index) => on[index]);
  return lit.flatMap((client) => sessionsOf({ sessions: all, lastHomes: [] }, client));
}

type Net = Parameters<typeof planNet>[0];

/** One for each client and portal: the homeserver of the session that was used last. */
function netsOf(sessions: readonly Session[]): Net[] {
  const nets = new Map<string, Net>();
  for (const session of sessions) {
    const { client, portal } = session;
    const target = targetOf(session);
    const key = `${client} ${portal}`;
    if (target !== null && !nets.has(key)) nets.set(key, { client, portal, target });
  }
  return [...nets.values()];
}

async function groupsInTabs(
  { pages, tokens }: RuleSources,
  sessions: readonly Session[],
  nets: readonly Net[],
): Promise<Rule[][]> {
  const open = [...(await pages())];
  const groups = sessions.map(async (session) => {
    const mine = open.filter(([, page]) => onlyUses(page, session, sessions));
    const token = await tokens.of(session.id);
    if (mine.length === 0 || token === null) return [];
    const { client, portal } = session;
    const inTabs: InTabs = {
      client,
      portal,
      target: targetOf(session),
      token,
      mark: await tokens.mark(session.id),
      tabs: mine.map(([tab]) => tab).toSorted((a, b) => a - b),
      rulesFirst: ACTS_BEFORE_WORKERS,
      controlled: mine.some(([, { controlled }]) => controlled) && controls(session, open, sessions),
    };
    const hasNet = nets.some((net) => net.portal === portal && isSameHost(net.client, client));
    if (inTabs.target === null && hasNet) return planStay(inTabs);
    return session.media ? planMedia(inTabs) : [];
  });
  return Promise.all(groups);
}

/** Whether no document of another session, on whatever port of this host, is controlled by a service worker too. */
function controls(
  { id, client }: Session,
  open: readonly (readonly [number, OpenPage])[],
  sessions: readonly Session[],
): boolean {
  const used = open.flatMap(([, page]) =>
    page.controlled && isSameHost(page.client, client) ? usedBy(page) : [],
  );
  return used.every((other) => other === id || !sessions.some((session) => session.id === other));
}

/** A document that uses two sessions' tokens gets no pictures by rule: whose they are, nobody could tell. */
function onlyUses(page: OpenPage, { id, client }: Session, sessions: readonly Session[]): boolean {
  const live = usedBy(page).filter((used) => sessions.some((session) => session.id === used));
  return page.client === client && live.length === 1 && live[0] === id;
}

function isSameHost(a: string, b: string): boolean {
  return new URL(a).hostname === new URL(b).hostname;
}
