/** The extension's own sentences, where no browser has them. */
import messages from '../../_locales/en/messages.json' with { type: 'json' };
import type { Translate } from './text.ts';

interface Message {
  readonly message: string;
  readonly placeholders?: Readonly<Record<string, { readonly content: string }>>;
}

export const texts: Readonly<Record<string, Message>> = messages;

/** As browsers do: `$NAME$` stands for a placeholder, whose content is the number of a substitution. */
export const english: Translate = (key, substitutions) => {
  const { message, placeholders = {} } = texts[key] ?? { message: '' };
  return message.replaceAll(/\$(\w+)\$/g, (_, name: string) => {
    const number = Number(placeholders[name.toLowerCase()]?.content.slice(1));
    return substitutions[number - 1] ?? '';
  });
};
