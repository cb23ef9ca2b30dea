/** The hook: runs in the page's own world at document_start, before any script of the page. */
import { decide, type PASS } from '../core/decide.ts';
import { patchFetch } from '../patch/fetch.ts';
import { nativeFetch } from '../patch/natives.ts';
import type { Router } from '../patch/router.ts';
import { patchXhr } from '../patch/xhr.ts';
import { openChannel } from './channel.ts';
import { probe } from './check.ts';
import { learn } from './learn.ts';
import { createSessions } from './sessions.ts';

// an opaque origin (a sandboxed document) is nobody's client
if (self.origin !== 'null') {
  const channel = openChannel(({ route, gone }) => (gone ? sessions.end(route) : sessions.change(route)));
  const sessions = createSessions(channel, nativeFetch, () => undo.forEach((restore) => restore()));
  const router: Router = {
    decide: (sketch) => {
      const verdict = decide(sketch, sessions.known);
      const { uses, signsOut } = verdict as Partial<typeof PASS>;
      if (uses) sessions.use(uses);
      if (signsOut) sessions.known.signedOut = true;
      return verdict;
    },
    wait: sessions.wait,
    learn: (watch, answer) => learn(watch, answer, sessions, channel.call),
    reaches: async (base) => (await probe(nativeFetch, base)) !== 'unreachable',
  };
  const undo = [patchFetch(window, router), patchXhr(XMLHttpRequest.prototype, router)];
}
