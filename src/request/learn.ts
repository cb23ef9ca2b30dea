/** What the answers to watched requests change. */
import { isHardLogout, readTokens } from '../core/login-response.ts';
import type { Route, Watch } from '../core/verdict.ts';
import type { Answer } from './router.ts';
import type { Bound, CallBackground } from '../wire/document.ts';
import type { IdentityNote } from '../wire/identity.ts';
import { tellsOfIdentity } from './identity.ts';
import { unheard } from './patience.ts';

/** What answers are watched for whose bodies are read: they are small. */
export const READ = /^(begin|refresh|note)$/;

/** Milliseconds that such an answer waits for what it says to be stored. */
export const STORED_DEADLINE = 5000;

/** What goes on with what is learnt. */
export interface Learner {
  /** The tokens of a login answer, the access token first. */
  claim(tokens: readonly string[], bound: Promise<Bound | null>): void;
  addTokens(tokens: readonly string[], route: Route): void;
  end(route: Route): void;
  /** The account data may have changed. `mine`: this client has just written it. */
  hint(route: Route, mine: boolean): void;
}

/**
 * @returns settles when tokens, or whose a validation is, are stored that the page is about to have; undefined: there are
 *   none
 */
export function learn(
  watch: Watch,
  { status, url, body }: Answer,
  sessions: Learner,
  background: CallBackground,
): Promise<unknown> | undefined {
  const isGood = `${status}`.startsWith('2');
  const tokens = isGood && readTokens(body);
  if (watch.for === 'begin') {
    if (!tokens) return undefined;
    // the message leaves in this turn: a page that reloads at once finds its session
    const bound = background('begin', { portal: watch.portal, finalUrl: url, body });
    sessions.claim(tokens, bound);
    return bound.catch(unheard);
  }
  if (watch.for === 'note') {
    const note = watch.note as IdentityNote;
    return isGood ? background('answered', { note, body }).catch(unheard) : undefined;
  }
  const { route, token } = watch;
  const { id } = route;
  const all = watch.for === 'end-all';
  if (isGood && (all || watch.for === 'end')) {
    sessions.end(route);
    background('loggedOut', { id, all }).catch(unheard);
  } else if (token && isHardLogout(status, body)) {
    // a token from before a refresh says nothing of the session: the background knows which is the newest
    background('unknownToken', { id, token }).catch(unheard);
  } else if (tokens && watch.for === 'refresh') {
    sessions.addTokens(tokens, route);
    return background('refreshed', { id, tokens }).catch(unheard);
  } else if (isGood && (watch.for === 'identity-data' || (watch.for === 'sync' && tellsOfIdentity(body)))) {
    sessions.hint(route, watch.for === 'identity-data');
  }
  return undefined;
}
