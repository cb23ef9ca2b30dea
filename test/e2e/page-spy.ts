/**
 * A page that wraps whatever a channel could be made of, as text, and notes each use in `window.seen` (platform.md b).
 * What it notes of its own login is filtered by the test.
 */
export const SPY = `
  window.seen = [];
  const note = (line) => { seen[seen.length] = line; };
  const apply = Reflect.apply;
  const textOf = (value) => { try { return typeof value === 'string' ? value : value && value.type ? 'event ' + value.type : typeof value; } catch { return '?'; } };
  const wrap = (owner, key, label) => {
    const native = owner[key];
    owner[key] = function (...args) { note(label + ' ' + args.map(textOf).join(' ')); return apply(native, this, args); };
  };
  for (const key of ['addEventListener', 'removeEventListener', 'dispatchEvent']) wrap(EventTarget.prototype, key, 'channel? EventTarget.' + key);
  for (const key of ['postMessage', 'start']) wrap(MessagePort.prototype, key, 'channel? MessagePort.' + key);
  for (const [owner, key] of [[CustomEvent.prototype, 'detail'], [MouseEvent.prototype, 'relatedTarget'], [MessageEvent.prototype, 'data'], [MessageEvent.prototype, 'ports']]) {
    const { get } = Object.getOwnPropertyDescriptor(owner, key);
    Object.defineProperty(owner, key, { configurable: true, get() { note('channel? read ' + key); return apply(get, this, []); } });
  }
  const Native = CustomEvent;
  window.CustomEvent = function (...args) { note('channel? new CustomEvent ' + args.map(textOf).join(' ')); return new Native(...args); };
  for (const key of ['detail', 'bubbles', 'cancelable', 'composed', 'relatedTarget', 'ports']) {
    Object.defineProperty(Object.prototype, key, { configurable: true, get() { note('channel? inherited ' + key); return undefined; }, set(value) { Object.defineProperty(this, key, { value, writable: true, configurable: true, enumerable: true }); } });
  }
  for (const name of ['homeward-handshake', 'ask', 'tell']) addEventListener(name, () => note('handshake event ' + name), true);
  seen.length = 0;
`;
