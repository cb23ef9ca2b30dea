/** Puts Homeward into a page: the patched functions, what this document knows, and whoever owns the state. */
import { decide } from '../core/decide.ts';
import type { PASS, Sketch, Verdict } from '../core/verdict.ts';
import { patchBeacon } from '../patch/beacon.ts';
import { patchDecoders } from '../patch/decoded.ts';
import { patchFetch } from '../patch/fetch.ts';
import { addEventListener, apply, nativeFetch } from '../patch/natives.ts';
import type { Router } from '../request/router.ts';
import { patchXhr } from '../patch/xhr.ts';
import type { Background, Listener } from './background.ts';
import { probe } from './check.ts';
import { createDecisions } from './decisions.ts';
import { patchFallback } from './fallback.ts';
import { rule } from '../request/identity.ts';
import { learn } from '../request/learn.ts';
import { settle } from '../request/settle.ts';
import { saveLinks } from './links.ts';
import { unheard } from '../request/patience.ts';
import { forbids, watchPolicy } from './policy.ts';
import { createSessions } from './sessions.ts';
import { onShownAnew, thisPage } from './shown.ts';

interface Place {
  readonly url: string;
  readonly token: string | null;
}

/** What a document says of requests that its patched functions did not see. */
export interface Guide {
  /** Where a GET without a token goes, and with which; null: where it is sent. By what is known at once. */
  goesTo(url: string): Place | null;
  /** The same, once it is known for sure. */
  whereTo(url: string): Promise<Place | null>;
  /** What the account says about a request of one of its workers. */
  rule: Router['rule'];
}

/** @param marksAll a page worker acts on what is not marked */
export function start(connect: (listener: Listener) => Background, marksAll: boolean): Guide {
  const decisions = createDecisions();
  const background = connect({
    onChange: ({ route, gone }) => (gone ? sessions.end(route) : sessions.change(route)),
    onReopen: () => void sessions.reopened(),
    collect: decisions.all,
  });
  const sessions = createSessions(background, {
    fetch: nativeFetch,
    page: thisPage(),
    forbids,
    marksAll,
    turnedOff: () => undo.forEach((restore) => restore()),
  });
  const { call } = background;
  const router: Router = {
    decide: (sketch) => {
      const verdict = decide(sketch, sessions.known);
      decisions.note(sketch, verdict);
      const { uses, signsOut, turnsTo, watch } = verdict as Partial<typeof PASS>;
      if (watch?.for === 'begin') sessions.logsInAt(watch.portal);
      if (uses) sessions.use(uses, sketch.token);
      if (signsOut && !sessions.known.signedOut) {
        sessions.known.signedOut = true;
        sessions.restart();
      }
      if (turnsTo) call('passed', { base: turnsTo }).catch(unheard);
      return verdict;
    },
    wait: sessions.wait,
    rule: (sketch, session, body) => rule(sketch, session, body, sessions, call),
    learn: (watch, answer) => learn(watch, answer, sessions, call),
    reaches: async (base) => (await probe(nativeFetch, base)).result !== 'unreachable',
  };
  const undo = [
    patchFetch(window, router),
    patchXhr(XMLHttpRequest.prototype, router),
    patchBeacon(Navigator.prototype, router),
    patchDecoders(Response.prototype),
    patchFallback(window, sessions.routeAt, marksAll),
  ];
  const goesTo: Guide['goesTo'] = (url) => placeOf(decide({ ...plain(url), sync: true }, sessions.known));
  saveLinks(goesTo);
  onShownAnew(sessions.restart);
  watchPolicy(sessions.violated);
  apply(addEventListener, document, ['visibilitychange', () => document.hidden || sessions.visible()]);
  return {
    goesTo,
    async whereTo(url) {
      const sketch = plain(url);
      return placeOf(await settle(router, sketch, router.decide(sketch), () => null));
    },
    rule: router.rule,
  };
}

/** A GET without a token. */
function plain(url: string): Sketch {
  return { method: 'GET', url, page: url, token: null, body: undefined, sync: false, ruled: false };
}

function placeOf(verdict: Verdict): Place | null {
  return verdict.act === 'send' ? { url: verdict.url, token: verdict.addToken } : null;
}
