/** Text that servers and pages chose, made safe to look at. */

/** Control, direction and invisible characters as `\u{…}`: they could make one name look like another. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** A host, URL or user id. Isolated, so that its letters cannot reorder what stands around it. */
export function isolated(text: string): HTMLElement {
  const element = document.createElement('bdi');
  element.textContent = visible(text);
  return element;
}

/** Gives the sentence of a key of `_locales`, its placeholders filled in. */
export type Translate = (key: string, substitutions: string[]) => string;

let translate: Translate = (key) => key;

/** Before anything is shown. */
export function speak(language: Translate): void {
  translate = language;
}

export function message(key: string, ...substitutions: string[]): string {
  return translate(key.replaceAll('-', '_'), substitutions);
}

/** A message with names in it, each isolated. */
export function messageWith(key: string, ...names: string[]): (string | HTMLElement)[] {
  const marks = names.map((_, index) => `\u0001${index}\u0001`);
  return message(key, ...marks)
    .split('\u0001')
    .map((part, index) => (index % 2 === 1 ? isolated(names[Number(part)] ?? '') : part));
}
