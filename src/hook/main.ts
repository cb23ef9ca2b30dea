/** The hook: runs in the page's own world at document_start, before any script of the page. */
import { isFirst } from '../page/first.ts';
import { start } from '../page/start.ts';
import { openChannel } from './channel.ts';

// an opaque origin (a sandboxed document) is nobody's client
if (self.origin !== 'null' && isFirst()) start(openChannel, false);
