import type { Recorded } from '../support/recorder.ts';
import { Witness } from './witness.ts';

/** What could be known of an account's identity server when a request arrived. */
export interface Known {
  /** before: nobody is signed in. unknown: the homeserver has not yet told this document. */
  readonly phase: 'before' | 'unknown' | 'known';
  /** By its name: the one server that may be asked; null: none. */
  readonly allowed: string | null;
}

export interface Noted extends Known {
  readonly recorded: Recorded;
}

export const DATA = 'm.identity_server';

const LOGIN = /\/_matrix\/client\/[^/]+\/login$/;
const LOGOUT = /\/_matrix\/client\/[^/]+\/logout(?:\/all)?$/;
const READ = new RegExp(`/user/([^/]+)/account_data/${DATA.replace('.', '\\.')}$`);

/** Notes with every request what could be known when it arrived. It knows of one page at a time. */
export class IdentityWitness extends Witness {
  readonly noted: Noted[] = [];
  private readonly appsOwn: string;
  /** The server that an account names, as its homeserver would tell now. */
  private readonly truth: (userId: string) => string | null;
  private state: Known;

  constructor(appsOwn: string, truth: (userId: string) => string | null) {
    super();
    this.appsOwn = appsOwn;
    this.truth = truth;
    this.state = { phase: 'before', allowed: appsOwn };
  }

  get known(): Known {
    return this.state;
  }

  /** A new document asks anew. */
  reopened(): void {
    if (this.state.phase === 'known') this.state = { phase: 'unknown', allowed: null };
  }

  override add(recorded: Recorded): Recorded {
    this.noted.push({ recorded, ...this.state });
    return super.add(recorded);
  }

  protected override answered(recorded: Recorded): void {
    this.learn(recorded);
    super.answered(recorded);
  }

  private learn({ server, method, path, status }: Recorded): void {
    const userId = READ.exec(path)?.[1];
    if (method === 'GET' && userId !== undefined && (status === 200 || status === 404)) {
      this.state = { phase: 'known', allowed: this.truth(decodeURIComponent(userId)) };
    }
    if (method !== 'POST' || status !== 200) return;
    // the portal only passes on what a homeserver has answered before
    if (LOGIN.test(path) && server !== 'portal') this.state = { phase: 'unknown', allowed: null };
    if (LOGOUT.test(path)) this.state = { phase: 'before', allowed: this.appsOwn };
  }
}
