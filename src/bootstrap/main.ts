/** The bootstrap: the first script of a client's page, on a site that ships Homeward itself. */
import { unheard } from '../request/patience.ts';
import { begin } from './begin.ts';

begin(true, (registration) => {
  registration.ensure().catch(unheard);
  return Promise.resolve(true);
});
