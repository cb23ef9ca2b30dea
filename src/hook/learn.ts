/** What the answers to watched requests change. */
import { isHardLogout, readTokens } from '../core/login-response.ts';
import type { Watch } from '../core/verdict.ts';
import type { Answer } from '../patch/router.ts';
import type { CallBackground } from '../wire/document.ts';
import type { IdentityNote } from '../wire/identity.ts';
import { tellsOfIdentity } from './identity.ts';
import { unheard } from './patience.ts';
import type { Sessions } from './sessions.ts';

export function learn(
  watch: Watch,
  { status, url, body }: Answer,
  sessions: Sessions,
  background: CallBackground,
): void {
  const isGood = `${status}`.startsWith('2');
  const tokens = isGood && readTokens(body);
  if (watch.for === 'begin') {
    // the message leaves in this turn: a page that reloads at once finds its session
    if (tokens) sessions.claim(tokens, background('begin', { portal: watch.portal, finalUrl: url, body }));
    return;
  }
  if (watch.for === 'note') {
    const note = watch.note as IdentityNote;
    if (isGood) background('answered', { note, body }).catch(unheard);
    return;
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
    background('refreshed', { id, tokens }).catch(unheard);
  } else if (isGood && (watch.for === 'identity-data' || (watch.for === 'sync' && tellsOfIdentity(body)))) {
    sessions.hint(route, watch.for === 'identity-data');
  }
}
