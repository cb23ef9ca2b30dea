/**
 * Changing an account's identity server, step by step:
 *
 *   form ──address──► access to the servers asked ──► looked into ──► confirmed ──► written and read again
 *
 * A browser may close the popup while it asks for access: the user's choice is kept in memory and gone on with.
 */
import { parseBaseUrl } from '../core/base-url.ts';
import { effective } from '../core/identity.ts';
import {
  isProblem,
  type CallIdentity,
  type Choice,
  type Plan,
  type Problem,
} from '../wire/identity-popup.ts';
import type { Shown } from '../wire/popup.ts';
import { identityForm, planView, problemNote, waitingView } from './identity-form.ts';

export interface IdentityFlow {
  edit(session: Shown): void;
  /** In a click: asks for access to the servers. */
  plan(session: Shown, choice: Choice): void;
  /** Goes on with what was begun before the popup was closed; false: nothing was. */
  resume(sessions: readonly Shown[]): Promise<boolean>;
}

/** What the user wanted before the popup was closed. */
export interface Draft {
  readonly id: string;
  readonly choice: Choice;
}

/** What the flow needs of wherever it is shown. */
export interface Stage {
  /** Replaces the whole view. */
  show(nodes: readonly Node[]): void;
  /** Shows the account as it is, below what went wrong if anything did. */
  done(nodes: Node[]): void;
  readonly call: CallIdentity;
  /** To servers, by their base URLs. `request` in a click. */
  readonly access: {
    request(urls: readonly string[]): Promise<boolean>;
    isHeld(urls: readonly string[]): Promise<boolean>;
  };
  readonly draft: {
    keep(draft: Draft): Promise<void>;
    read(): Promise<Partial<Draft>>;
    drop(): Promise<void>;
  };
}

export function createIdentityFlow({ show, done, call, access, draft }: Stage): IdentityFlow {
  const finish = (problem: Problem | null = null): void => {
    void draft.drop();
    done(problemNote(problem));
  };

  const edit = (session: Shown, typed = '', note: Problem | null = null): void => {
    const go = (choice: Choice): void => plan(session, choice);
    const form = identityForm(session.user, typed, note, go, () => finish());
    show(form);
    form[0]?.parentElement?.querySelector('input')?.focus();
  };

  const failed = (session: Shown, { want, address }: Choice, problem: Problem): void => {
    if (want !== 'server') return finish(problem);
    // nobody is asked again unless the user says so
    void draft.drop();
    edit(session, address, problem);
  };

  const write = async (session: Shown, choice: Choice, accepted: string[]): Promise<void> => {
    show(waitingView(session.user));
    const problem = await call('change', { id: session.id, choice, accepted });
    if (problem) failed(session, choice, problem);
    else finish();
  };

  const look = async (session: Shown, choice: Choice): Promise<void> => {
    show(waitingView(session.user));
    const found: Plan | Problem = await call('plan', { id: session.id, choice });
    if (isProblem(found)) failed(session, choice, found);
    else {
      const go = (accepted: string[]): void => guard(session, choice, write(session, choice, accepted));
      show(planView(session.user, choice, found, go, () => finish()));
    }
  };

  const guard = (session: Shown, choice: Choice, work: Promise<void>): void => {
    work.catch(() => failed(session, choice, { key: 'failed', detail: '' }));
  };

  const plan = (session: Shown, choice: Choice): void => {
    const servers = serversFor(session, choice);
    if ('key' in servers) return failed(session, choice, servers);
    void draft.keep({ id: session.id, choice });
    // in the click itself: Firefox forgets it at the first await
    const asked = access.request(servers).then((granted) => {
      if (granted) return look(session, choice);
      failed(session, choice, { key: 'needsAccess', detail: '' });
      return undefined;
    });
    guard(session, choice, asked);
  };

  return {
    edit,
    plan,
    async resume(sessions) {
      const { id, choice } = await draft.read();
      const session = sessions.find((each) => each.id === id);
      if (!session || !choice) return false;
      const servers = serversFor(session, choice);
      if (!('key' in servers) && (await access.isHeld(servers))) {
        guard(session, choice, look(session, choice));
      } else if (choice.want === 'server') edit(session, choice.address);
      else return false;
      return true;
    },
  };
}

/** The servers that a change needs: the homeserver, the new identity server and the one that is left. */
function serversFor({ home, account }: Shown, { want, address }: Choice): string[] | Problem {
  const used = effective(account.identity, account.suggested ?? account.clientDefault);
  const urls = [home, ...(used.is === 'url' ? [used.base] : [])];
  if (want === 'server') {
    const parsed = parseBaseUrl(address, { kind: 'identity', source: 'user', portal: home });
    if (!parsed.ok) return { key: `reason_${parsed.reason}`, detail: '' };
    urls.push(parsed.base);
  }
  return [...new Set(urls)];
}
