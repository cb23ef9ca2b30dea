/** DOM in a line. */

type Content = string | Node;

export function element(tag: string, className: string, ...content: Content[]): HTMLElement {
  const result = document.createElement(tag);
  if (className) result.className = className;
  result.append(...content);
  return result;
}

export function button(label: string, className: string, press: () => void): HTMLButtonElement {
  const result = document.createElement('button');
  result.type = 'button';
  result.className = className;
  result.textContent = label;
  result.addEventListener('click', press);
  return result;
}

/** Replaces a view. Who works by keyboard goes on at what there is to do first, or waits at the view itself. */
export function showIn(view: HTMLElement, nodes: readonly Node[]): void {
  const hadFocus = view.contains((view.getRootNode() as Document | ShadowRoot).activeElement);
  view.replaceChildren(...nodes);
  if (hadFocus) (view.querySelector<HTMLElement>('input, button:enabled') ?? view).focus();
}
