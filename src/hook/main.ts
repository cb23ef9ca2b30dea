/** The hook: runs in the page's own world at document_start, before any script of the page. */
import { decide } from '../core/decide.ts';
import type { PASS } from '../core/verdict.ts';
import { patchBeacon } from '../patch/beacon.ts';
import { patchDecoders } from '../patch/decoded.ts';
import { patchFetch } from '../patch/fetch.ts';
import { addEventListener, apply, nativeFetch } from '../patch/natives.ts';
import type { Router } from '../patch/router.ts';
import { patchXhr } from '../patch/xhr.ts';
import { openChannel } from './channel.ts';
import { probe } from './check.ts';
import { rule } from './identity.ts';
import { learn } from './learn.ts';
import { unheard } from './patience.ts';
import { createSessions } from './sessions.ts';

// an opaque origin (a sandboxed document) is nobody's client
if (self.origin !== 'null') {
  const channel = openChannel(({ route, gone }) => (gone ? sessions.end(route) : sessions.change(route)));
  const sessions = createSessions(channel, nativeFetch, () => undo.forEach((restore) => restore()));
  const { call } = channel;
  const router: Router = {
    decide: (sketch) => {
      const verdict = decide(sketch, sessions.known);
      const { uses, signsOut, turnsTo } = verdict as Partial<typeof PASS>;
      if (uses) sessions.use(uses, sketch.token);
      if (signsOut) sessions.known.signedOut = true;
      if (turnsTo) call('passed', { base: turnsTo }).catch(unheard);
      return verdict;
    },
    wait: sessions.wait,
    rule: (sketch, session, body) => rule(sketch, session, body, sessions, call),
    learn: (watch, answer) => learn(watch, answer, sessions, call),
    reaches: async (base) => (await probe(nativeFetch, base)) !== 'unreachable',
  };
  const undo = [
    patchFetch(window, router),
    patchXhr(XMLHttpRequest.prototype, router),
    patchBeacon(Navigator.prototype, router),
    patchDecoders(Response.prototype),
  ];
  apply(addEventListener, document, ['visibilitychange', () => document.hidden || sessions.visible()]);
}
