/**
 * In the bootstrap's place where a site gives Homeward up: takes the worker and everything that is stored away. Not
 * while a session lives elsewhere than at its portal, where its token would go without us: for that it stays as it was.
 */
import { unheard } from '../request/patience.ts';
import { leave } from '../site/owner.ts';
import { begin } from './begin.ts';

begin(false, async (registration, sessions) => {
  // what cannot be read may be a session's
  if (await leave(sessions).catch(() => false)) {
    await registration.remove();
    return false;
  }
  registration.ensure().catch(unheard);
  return true;
});
