/** The extension API as far as views use it: the real messages. */
import messages from '../../_locales/en/messages.json' with { type: 'json' };

interface Message {
  readonly message: string;
  readonly placeholders?: Readonly<Record<string, { readonly content: string }>>;
}

export const texts: Readonly<Record<string, Message>> = messages;

/** As browsers do: `$NAME$` stands for a placeholder, whose content is the number of a substitution. */
export function getMessage(key: string, substitutions: readonly string[] = []): string {
  const { message, placeholders = {} } = texts[key] ?? { message: '' };
  return message.replaceAll(/\$(\w+)\$/g, (_, name: string) => {
    const number = Number(placeholders[name.toLowerCase()]?.content.slice(1));
    return substitutions[number - 1] ?? '';
  });
}

export const browser = { i18n: { getMessage } };
