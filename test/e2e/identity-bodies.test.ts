/** Bodies that name identity servers, as the homeserver gets them in each state of the account. */
import type { Page } from 'puppeteer-core';
import { describe, expect, it } from 'vitest';
import { sendJson } from '../support/http.ts';
import { rows, type Fate, type Names, type Row } from './identity-body-rows.ts';
import {
  ACCOUNT_DATA,
  arrived,
  forms,
  IDENTITY,
  NOT_YET,
  register,
  send,
  useWitnessedLab,
  type Form,
} from './identity-calls.ts';
import type { IdentityScene } from './identity-lab.ts';
import { kinds, sample } from './lab.ts';
import { call, logIn } from './page-calls.ts';

const CLIENT = '/_matrix/client/v3/';

describe.each(kinds)('%s: bodies that name an identity server', (kind) => {
  const lab = useWitnessedLab(kind.engine, { form: kind.form, controlled: false });

  /** Nobody is deactivated. With `isBlind` the account data cannot be read. */
  async function start(isBlind = false): Promise<IdentityScene> {
    const scene = await lab.start();
    scene.alpha.faults.intercept = (request, response, path) => {
      const isUnread = isBlind && request.method === 'GET' && path.endsWith(ACCOUNT_DATA);
      if (isUnread) sendJson(response, 500, { errcode: 'M_UNKNOWN', error: '' });
      const ends = path.endsWith('/account/deactivate');
      if (ends && request.method === 'POST') sendJson(response, 401, { flows: [], params: {}, session: 'z' });
      return isUnread || (ends && request.method === 'POST');
    };
    return scene;
  }

  /** An account that changed to a server from its client's own, with tokens of both. */
  async function named(): Promise<{ scene: IdentityScene; token: string; names: Names }> {
    const scene = await start();
    const { page, portal, alpha, app } = scene;
    const { token } = await logIn(page, portal.url);
    const foreign = await register(page, scene, token);
    alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: scene.named.url });
    await call(page, portal.url, 'sync', { token });
    const issued = await register(page, scene, token);
    const text = JSON.stringify({ client_secret: 's3cret', email: 'a@example.org', send_attempt: 1 });
    const path = `${app.url}${IDENTITY}/validate/email/requestToken`;
    const { body } = await send(page, path, { method: 'POST', token: issued, text });
    const sid = String(body.sid);
    const names = { app: app.idServer, named: scene.named.idServer, token: issued, foreign, sid };
    return { scene, token, names };
  }

  it.each(sample(kind.form, forms, 3))('go to the account’s, by %s', async (form) => {
    const { scene, token, names } = await named();
    for (const row of rows(names)) await expectFate(scene, token, row, row.url, form);
    for (const { recorder } of [scene.app, scene.named]) {
      expect(recorder.requests(({ token: bearer }) => bearer === token)).toEqual([]);
    }
  });

  it.each(sample(kind.form, forms, 3))('are stripped or refused where it is none, by %s', async (form) => {
    const scene = await start();
    const { page, portal, alpha, app } = scene;
    alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: null });
    const { token } = await logIn(page, portal.url);
    const names = { app: app.idServer, named: '', token: 'is_token', foreign: 'is_other', sid: 'sid1' };
    for (const row of rows(names)) await expectFate(scene, token, row, row.disabled, form);
    expect([...arrived(app), ...arrived(scene.named)]).toEqual([]);
  });

  it('are stripped or refused where it is not valid', async () => {
    const scene = await start();
    const { page, portal, alpha, app } = scene;
    alpha.setAccountData('alice', ACCOUNT_DATA, { base_url: 'is.example' });
    const { token } = await logIn(page, portal.url);
    const names = { app: app.idServer, named: '', token: 'is_token', foreign: 'is_other', sid: 'sid1' };
    for (const row of rows(names)) await expectFate(scene, token, row, row.disabled, 'fetch');
  });

  it.each(sample(kind.form, forms, 3))('pass where the account says nothing, by %s', async (form) => {
    const scene = await start();
    const { token } = await logIn(scene.page, scene.portal.url);
    const issued = await register(scene.page, scene, token);
    const names = { app: scene.app.idServer, named: '', token: issued, foreign: 'is_other', sid: 'sid1' };
    for (const row of rows(names)) await expectFate(scene, token, row, 'same', form);
  });

  // the deadline is the same code's in both forms
  it.each(sample(kind.form, forms, 4))(
    'wait where it matters while it is not known, else lose it, by %s',
    async (form) => {
      const scene = await start(true);
      const { page, portal, alpha, app } = scene;
      const { token } = await logIn(page, portal.url);
      const names = { app: app.idServer, named: '', token: 'is_token', foreign: 'is_other', sid: 'sid1' };
      const all = rows(names);
      for (const row of all)
        if (row.unknown !== 'hold') await expectFate(scene, token, row, row.unknown, form);
      alpha.recorder.clear();
      const held = all.filter(({ unknown }) => unknown === 'hold');
      const answers = await Promise.all(held.map((row) => sendRow(page, portal.url, token, row, form)));
      for (const answer of answers) expect(answer).toMatchObject(NOT_YET);
      expect(alpha.recorder.requests(({ body }) => body.includes('is_token'))).toEqual([]);
    },
  );
});

function sendRow(page: Page, portal: string, token: string, row: Row, form: Form) {
  const path = row.path.startsWith('/') ? row.path : CLIENT + row.path;
  return send(page, portal + path, { form, method: row.method, token, text: textOf(row) });
}

/** Not as `JSON.stringify` writes it, so that it shows whether it was written anew. */
function textOf({ body }: Row): string {
  return typeof body === 'string' ? body : `${JSON.stringify(body, null, 3)}\n`;
}

async function expectFate(
  { page, portal, alpha }: IdentityScene,
  token: string,
  row: Row,
  fate: Fate,
  form: Form,
): Promise<void> {
  const { method, path } = row;
  const what = `${method} ${path} ${JSON.stringify(row.body)}`;
  alpha.recorder.clear();
  const answer = await sendRow(page, portal.url, token, row, form);
  const requests = alpha.recorder.requests((each) => each.method === method && each.path.endsWith(path));
  if (typeof fate === 'string' && fate !== 'same') {
    expect(answer, `${what}`).toMatchObject({ status: 400, body: { errcode: fate } });
    expect(requests, `${what}`).toEqual([]);
    return;
  }
  expect(requests, `${what}`).toHaveLength(1);
  const [arrivedBody = ''] = requests.map(({ body }) => body);
  if (fate === 'same') expect(arrivedBody, `${what}`).toBe(textOf(row));
  else expect(JSON.parse(arrivedBody), `${what}`).toEqual(fate);
}
