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
