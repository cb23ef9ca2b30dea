/** The last decisions of this document, for *Copy diagnostics*: nothing that names a person or a secret. */
import { locate } from '../core/place.ts';
import type { Sketch, Verdict } from '../core/verdict.ts';

const KEPT = 50;

export interface Decisions {
  note(sketch: Sketch, verdict: Verdict): void;
  all(): string[];
}

export function createDecisions(): Decisions {
  const lines: string[] = [];
  return {
    note(sketch, verdict) {
      const place = locate(sketch.url, sketch.page);
      if (!place) return;
      const token = sketch.token === null ? 'no token' : 'token';
      const at = new Date().toISOString().slice(11, 19);
      lines[lines.length] =
        `${at} ${sketch.method} ${place.home} ${plain(place.path)} (${token}): ${told(verdict)}`;
      if (lines.length > KEPT) lines.splice(0, 1);
    },
    all: () => lines,
  };
}

/** Up to the first name below the version: ids of rooms, users, devices and files are nobody's business. */
function plain(path: string): string {
  const [known = ''] = KNOWN.exec(path) ?? [];
  return path.length > known.length ? `${known}/…` : known;
}

const KNOWN =
  /^(client|media|identity|static|key|federation)(\/(api\/v1|unstable|[rv]\d{1,2}|v2_alpha)(?=\/|$)(\/[a-zA-Z_]{1,24}(?=\/|$))?)?/;

/** What happens, and why. */
function told(verdict: Verdict): string {
  switch (verdict.act) {
    case 'pass':
      return `passes${verdict.uses ? ', its session is there' : verdict.marked ? ', past the net' : ''}`;
    case 'send': {
      const tokenWord = verdict.addToken
        ? ', with its token'
        : verdict.dropToken
          ? ', without the token'
          : '';
      return `goes to ${locate(verdict.url, verdict.url)?.home ?? '?'}${tokenWord}`;
    }
    case 'hold':
      return `waits for ${{ ready: 'the background', token: "its token's session", target: 'the check' }[verdict.until.for]}`;
    case 'rule':
      return 'the account decides';
    case 'read':
      return 'its body decides';
    case 'answer':
      return `answered ${verdict.status}`;
    case 'refuse':
      return 'refused';
  }
}
