/** What the service worker asks this page: what it alone knows, the tokens that its document uses. */
import type { Guide } from '../page/start.ts';
import { addEventListener, apply } from '../patch/natives.ts';
import { unheard } from '../request/patience.ts';
import { remake } from '../site/items.ts';
import { isToPage, type ToPage } from '../site/messages.ts';
import { followPlayers, type WhereTo } from './parts.ts';

/** @param container before any script of the client listens to it, and hears what is not for it */
export function answerWorker(container: ServiceWorkerContainer, guide: Guide): void {
  const whereTo = followPlayers(guide.whereTo);
  const asked = (event: MessageEvent<unknown>): void => {
    const { data, ports } = event;
    if (!isToPage(data)) return;
    event.stopImmediatePropagation();
    answer(data, { ...guide, whereTo }).then((value) => ports[0]?.postMessage(value), unheard);
  };
  apply(addEventListener, container, ['message', asked]);
}

async function answer(
  message: ToPage,
  { whereTo, rule }: Pick<Guide, 'rule'> & { whereTo: WhereTo },
): Promise<unknown> {
  if (message.homeward === 'where') return whereTo(message.url, message.isPlayed);
  if (message.homeward === 'remake') return remake('state');
  // the worker may be of a newer version than this page
  if (message.homeward !== 'rule') return null;
  const { method, url, token, body, session } = message;
  const sketch = { method, url, page: url, token, body: undefined, sync: false, ruled: false };
  return rule(sketch, session, body);
}
