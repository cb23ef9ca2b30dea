/** Answers a Matrix request that no patched function saw: pictures, workers, frames, the client's own service worker. */
import { decide } from '../core/decide.ts';
import type { Sketch, Verdict, Watch } from '../core/verdict.ts';
import { readJson } from '../request/answer.ts';
import { rule } from '../request/identity.ts';
import { learn, READ, STORED_DEADLINE, type Learner } from '../request/learn.ts';
import { inTime } from '../request/patience.ts';
import { readdress, type Address } from '../request/readdress.ts';
import type { Router } from '../request/router.ts';
import { settle, type Settled } from '../request/settle.ts';
import { tokenOf } from '../request/sketch.ts';
import type { SiteOwner } from '../site/owner.ts';
import { readKnowledge, type Knowledge } from './known.ts';
import { ruleOf, whereOf } from './pages.ts';

/** As it is before a client's own service worker runs. */
const nativeFetch = fetch.bind(globalThis);

/** @param client id of the document or worker that asks; empty: none, or not known */
export async function answer(request: Request, client: string, owner: SiteOwner): Promise<Response> {
  const sketch = sketchOf(request);
  if (request.mode === 'navigate') return navigate(request, sketch, owner);
  if (sketch.token === null && request.method === 'GET') {
    const where = await whereOf(client, request);
    if (where === null) return nativeFetch(request);
    if (where) return send(request, { url: where.url, addToken: where.token });
  }
  const knowledge = await readKnowledge(owner.sessions);
  // what has no token and is no GET may be of another session than the last: a refresh, say
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const known = isRead ? knowledge.known : { ...knowledge.known, last: null };
  const router = routerFor({ ...knowledge, known }, owner);
  const verdict = await settle(router, sketch, router.decide(sketch), () => request.clone().text());
  return carryOut(request, verdict, router);
}

async function carryOut(request: Request, verdict: Settled, router: Router): Promise<Response> {
  if (verdict.act === 'refuse') return Response.error();
  if (verdict.act === 'answer') {
    const headers = { 'Content-Type': 'application/json' };
    return new Response(verdict.text, { status: verdict.status, headers });
  }
  const { watch } = verdict;
  if (verdict.act === 'pass') return observe(await nativeFetch(request), watch, router);
  const { orPortal } = verdict;
  const sent = send(request, verdict);
  const response = orPortal ? sent.catch(() => send(request, { url: orPortal.url }, true)) : sent;
  return observe(await response, watch, router);
}

async function send(request: Request, address: Address, isSameServer = false): Promise<Response> {
  return nativeFetch(await readdress(request, address, isSameServer));
}

/** A page of user-interactive authentication at a portal of the client's own origin (spec, "Fallback"). */
async function navigate(request: Request, sketch: Sketch, { sessions }: SiteOwner): Promise<Response> {
  const verdict: Verdict = decide(sketch, (await readKnowledge(sessions)).known);
  return verdict.act === 'send' ? Response.redirect(verdict.url) : nativeFetch(request);
}

async function observe(response: Response, watch: Watch | null, router: Router): Promise<Response> {
  if (!watch) return response;
  const { status, url, ok } = response;
  const isRead = status === 401 || (ok && READ.test(watch.for));
  const body = isRead ? await readJson(response) : null;
  // the tokens of a login or refresh are not to be used before they are known
  await inTime(STORED_DEADLINE, router.learn(watch, { status, url, body }));
  return response;
}

function routerFor({ known, wait }: Knowledge, { call }: SiteOwner): Router {
  const asker = { known, adopted: () => Promise.resolve(), fresh: () => [] };
  return {
    decide: (sketch) => decide(sketch, known),
    wait,
    async rule(sketch, session, body) {
      const { method, url, token } = sketch;
      const ruled = await ruleOf({ homeward: 'rule', method, url, token, body, session });
      return ruled === undefined ? rule(sketch, session, body, asker, call) : ruled;
    },
    learn: (watch, told) => learn(watch, told, LEARNER, call),
    reaches: () => Promise.resolve(true),
  };
}

/** The pages are told by the owner of the state. */
const LEARNER: Learner = {
  claim: (_, bound) => void bound.catch(() => undefined),
  addTokens: () => undefined,
  end: () => undefined,
  hint: () => undefined,
};

function sketchOf({ method, url, headers }: Request): Sketch {
  const token = tokenOf(headers.get('authorization'), url);
  return { method, url, page: url, token, body: undefined, sync: false, ruled: false };
}
