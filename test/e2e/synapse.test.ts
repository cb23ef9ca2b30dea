import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSynapse, type Synapse } from '../support/synapse.ts';

describe('real homeservers', () => {
  let alpha: Synapse;
  let beta: Synapse;

  beforeAll(async () => {
    [alpha, beta] = await Promise.all([
      startSynapse({ name: 'alpha', users: ['alice', 'bob'] }),
      startSynapse({ name: 'beta', users: ['alice'] }),
    ]);
  });

  afterAll(() => Promise.all([alpha?.close(), beta?.close()]));

  it('name themselves in the login answer, with the trailing slash', async () => {
    for (const synapse of [alpha, beta]) {
      const identifier = { type: 'm.id.user', user: 'alice' };
      const login = { type: 'm.login.password', identifier, password: 'pw-alice' };
      const { status, body } = await synapse.call('POST', '/_matrix/client/v3/login', login);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        user_id: synapse.userId('alice'),
        well_known: { 'm.homeserver': { base_url: `${synapse.url}/` } },
      });
    }
    expect(alpha.url).toMatch(/^http:\/\/alpha\.localhost:\d+$/);
    expect(alpha.url).not.toBe(beta.url);
  });

  it('keep rooms and messages, each its own', async () => {
    const roomId = await alpha.createRoom('alice', 'Lobby', ['bob']);
    const eventId = await alpha.send('alice', roomId, 'hello');
    await alpha.send('bob', roomId, 'hello yourself');
    expect(eventId).toMatch(/^\$/);
    expect(await alpha.messages(roomId, 'bob')).toEqual([
      { sender: alpha.userId('alice'), body: 'hello' },
      { sender: alpha.userId('bob'), body: 'hello yourself' },
    ]);
    const elsewhere = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/messages?dir=f`;
    expect((await beta.call('GET', elsewhere, undefined, await beta.token('alice'))).status).toBe(403);
    const foreign = await beta.call('GET', elsewhere, undefined, await alpha.token('alice'));
    expect(foreign).toMatchObject({ status: 401, body: { errcode: 'M_UNKNOWN_TOKEN' } });
    expect(alpha.log()).toContain('createRoom');
  });

  it('leave no process behind', async () => {
    const gone = await startSynapse({ name: 'gone', users: [] });
    expect(process.kill(gone.pid, 0)).toBe(true);
    await gone.close();
    expect(() => process.kill(gone.pid, 0)).toThrow('ESRCH');
    expect(gone.log()).toContain('Synapse now listening');
    await gone.close();
  });
});
