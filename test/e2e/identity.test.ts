/** MSC2230 on embedded servers: who is asked what, in each state of the account. */
import { describe, expect, it } from 'vitest';
import { useIdentityLab } from './identity-lab.ts';
import { kinds } from './lab.ts';
import { call, logIn, ways } from './page-calls.ts';

const PING = '/_matrix/identity/v2';
const LOOKUP = '/_matrix/identity/v2/hash_details';

describe.each(kinds)('the identity server in %s', ({ engine, form }) => {
  const lab = useIdentityLab(engine, { form, controlled: false });

  it.each(ways)('is the account’s after a login, by %s', async (by) => {
    const { page, portal, alpha, app, named } = await lab.start();
    alpha.setAccountData('alice', 'm.identity_server', { base_url: named.url });
    await logIn(page, portal.url, 'alice', { by });
    const answer = await call(page, app.url, PING, { by });
    expect(answer).toMatchObject({ status: 200, url: `${named.url}${PING}` });
    expect(app.recorder.requests()).toEqual([]);
    expect(named.recorder.requests()).toHaveLength(1);
  });

  it.each(ways)('is none where the account says so, by %s', async (by) => {
    const { page, portal, alpha, app } = await lab.start();
    alpha.setAccountData('alice', 'm.identity_server', { base_url: null });
    await logIn(page, portal.url, 'alice', { by });
    const answer = await call(page, app.url, LOOKUP, { by, token: 'x' });
    expect(answer).toMatchObject({
      status: 403,
      url: `${app.url}${LOOKUP}`,
      body: { errcode: 'M_FORBIDDEN', error: 'This account does not use an identity server.' },
    });
    expect(app.recorder.requests()).toEqual([]);
  });

  it.each(ways)('is the app’s where the account says nothing, by %s', async (by) => {
    const { page, portal, app } = await lab.start();
    await logIn(page, portal.url, 'alice', { by });
    const answer = await call(page, app.url, PING, { by });
    expect(answer).toMatchObject({ status: 200, url: `${app.url}${PING}` });
  });
});
