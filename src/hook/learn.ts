/** What the answers to watched requests change. */
import type { Watch } from '../core/decide.ts';
import { field } from '../core/json.ts';
import { isHardLogout, readCredentials, readRefreshed, type Credentials } from '../core/login-response.ts';
import type { Answer } from '../patch/router.ts';
import type { CallBackground } from '../wire/document.ts';
import type { Sessions } from './sessions.ts';

export function learn(
  watch: Watch,
  { status, url, body }: Answer,
  sessions: Sessions,
  background: CallBackground,
): void {
  const isGood = status >= 200 && status < 300;
  if (watch.for === 'begin') {
    const credentials = isGood && readCredentials(body);
    if (credentials) begin(watch.portal, url, body, credentials, sessions, background);
    return;
  }
  const { route } = watch;
  const isEnd = isGood && (watch.for === 'end' || watch.for === 'end-all');
  if (isEnd || isHardLogout(status, body)) {
    sessions.end(route);
    background('ended', { id: route.id, all: isGood && watch.for === 'end-all' }).catch(unheard);
  } else if (watch.for === 'refresh') {
    const tokens = isGood && readRefreshed(body);
    if (!tokens) return;
    sessions.addTokens(tokensOf(tokens), route);
    background('refreshed', { id: route.id, ...tokens }).catch(unheard);
  }
}

function begin(
  portal: string,
  url: string,
  body: unknown,
  credentials: Credentials,
  sessions: Sessions,
  background: CallBackground,
): void {
  const wellKnown = field(field(field(body, 'well_known'), 'm.homeserver'), 'base_url');
  const baseCsUrl = field(body, 'base_cs_url');
  const claim = { portal, finalUrl: url || null, ...credentials, wellKnown, baseCsUrl };
  // the message leaves in this turn: a page that reloads at once finds its session
  sessions.claim(tokensOf(credentials), background('begin', claim));
}

function tokensOf({ access, refresh }: Pick<Credentials, 'access' | 'refresh'>): string[] {
  return refresh === null ? [access] : [access, refresh];
}

/** The document goes on with what it knows when the background cannot be told. */
function unheard(): void {}
