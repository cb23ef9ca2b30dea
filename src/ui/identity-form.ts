/** Changing an account's identity server: the form, what the change means, and its confirmation. */
import type { Choice, Plan, Problem } from '../wire/identity-popup.ts';
import { button, element } from './elements.ts';
import { isolated, message, messageWith, visible } from './text.ts';

/** @param typed what the user had typed before */
export function identityForm(
  user: string,
  typed: string,
  note: Problem | null,
  go: (choice: Choice) => void,
  cancel: () => void,
): Node[] {
  const input = document.createElement('input');
  Object.assign(input, { type: 'text', name: 'identity-server', value: typed, spellcheck: false });
  input.setAttribute('autocapitalize', 'none');
  input.placeholder = message('addressExample');
  const form = document.createElement('form');
  const label = element('label', '', message('newServer'), input);
  const submit = button(message('check'), 'main check', () => form.requestSubmit());
  form.append(label, element('div', 'buttons', submit, button(message('cancel'), 'cancel', cancel)));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    go({ want: 'server', address: input.value.trim() });
  });
  return [element('h2', '', isolated(user)), ...problemNote(note), form];
}

export function problemNote(problem: Problem | null): Node[] {
  if (!problem) return [];
  const note = element('p', 'note warning', message(problem.key));
  if (problem.detail) note.append(' ', element('span', 'detail', isolated(problem.detail)));
  return [note];
}

export function waitingView(user: string): Node[] {
  return [element('h2', '', isolated(user)), element('p', 'waiting', message('checking'))];
}

/** @param go gets the URLs of the accepted terms */
export function planView(
  user: string,
  choice: Choice,
  plan: Plan,
  go: (accepted: string[]) => void,
  cancel: () => void,
): Node[] {
  const boxes = plan.terms.map(({ name, url }) => termsBox(name, url));
  const confirm = button(message('changeForAll'), 'confirm', () => go(plan.terms.map(({ url }) => url)));
  const mayGo = (): void => {
    confirm.disabled = boxes.some(({ box }) => !box.checked);
  };
  boxes.forEach(({ box }) => box.addEventListener('change', mayGo));
  mayGo();
  const notes: Node[] = [element('p', 'value', ...becomes(choice, plan))];
  if (!plan.hasTerms) notes.push(element('p', 'note warning', message('noTerms')));
  if (boxes.length > 0)
    notes.push(element('p', '', message('acceptTerms')), ...boxes.map(({ line }) => line));
  return [
    element('h2', '', isolated(user)),
    ...notes,
    ...publishedNote(plan),
    element('div', 'buttons', button(message('cancel'), 'main cancel', cancel), confirm),
  ];
}

function becomes({ want }: Choice, { base }: Plan): (string | HTMLElement)[] {
  if (want === 'none') return [message('becomesNone')];
  if (want === 'own') return base === null ? [message('becomesOwn')] : messageWith('becomesOwnServer', base);
  return messageWith('becomesServer', base ?? '');
}

/** What stays behind. Changing the server takes nothing back, and no promise is made that it does. */
function publishedNote({ old, base, published }: Plan): Node[] {
  if (old === null || old === base) return [];
  if (published === null)
    return [element('p', 'note warning published', ...messageWith('publishedUnknown', old))];
  if (published.length === 0) return [element('p', 'soft published', ...messageWith('publishedNone', old))];
  const list = element('ul', '', ...published.map((address) => element('li', '', isolated(address))));
  return [element('p', 'note warning published', ...messageWith('publishedStill', old)), list];
}

function termsBox(name: string, url: string): { box: HTMLInputElement; line: HTMLElement } {
  const box = document.createElement('input');
  box.type = 'checkbox';
  const link = document.createElement('a');
  Object.assign(link, { target: '_blank', rel: 'noreferrer noopener', textContent: visible(name) });
  // whatever the server says, a link goes to a web page
  if (/^https?:/i.test(url)) link.href = url;
  return { box, line: element('label', 'terms', box, ' ', link) };
}
