/** A session, and a homeserver and background that are asked about its account. */
import { createAccountData } from '../../src/page/account-data.ts';
import type { Held } from '../../src/page/held.ts';
import type { CallBackground } from '../../src/wire/document.ts';
import type { IdentityRead } from '../../src/wire/identity.ts';

export const PATH = '/_matrix/client/r0/user/%40a%3Ax/account_data/m.identity_server';
export const held = (extra: Partial<Held> = {}): Held => ({
  id: 's',
  portal: 'https://portal.example',
  target: 'https://hs1.example',
  pending: false,
  media: false,
  accountData: PATH,
  token: 't',
  ...extra,
});

/** A homeserver that answers after so many milliseconds, and a background that takes what `decides` says. */
export function open(decides: (read: IdentityRead, count: number) => boolean = () => true, takes = 10) {
  const asked: { url: string; init: RequestInit; at: number }[] = [];
  const reads: IdentityRead[] = [];
  const answers: (() => Response)[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    // the mark never travels
    asked.push({ url: url.replace('#hw-pass', ''), init, at: Date.now() });
    await new Promise((resolve) => {
      setTimeout(resolve, takes);
    });
    return answers.shift()?.() ?? Response.json({ base_url: null });
  };
  const background = ((_: 'read', read: IdentityRead) => {
    reads.push(read);
    return Promise.resolve(decides(read, reads.length));
  }) as unknown as CallBackground;
  return { asked, reads, answers, account: createAccountData(fetch, background) };
}
