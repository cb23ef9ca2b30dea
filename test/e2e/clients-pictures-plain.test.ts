/** Without Homeward, at a homeserver that shows pictures to everybody: that the clients show what they are watched for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, launch, type TestBrowser } from '../support/browser.ts';
import { pictureClients, type PictureClient } from '../support/drive-pictures.ts';
import { drivers } from '../support/drive.ts';
import { clientSite } from '../support/fixtures.ts';
import { startHomeserver } from '../support/homeserver.ts';
import { mediaCalls } from '../support/matrix-media.ts';
import { startSite } from '../support/static-site.ts';
import { fillRoom, look, save, savedBy, seenBy, type FileName } from './pictures-room.ts';

describe.each(engines)('%s', (engine) => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await launch(engine, { extension: false });
  });
  afterAll(() => browser?.close());

  // its own service worker adds the token, but Firefox asks for videos past it
  const unplayed = (client: PictureClient): FileName[] =>
    engine === 'firefox' && client === 'hydrogen' ? ['video'] : [];

  it.each(pictureClients)('%s shows pictures, plays and saves', async (client) => {
    const home = await startHomeserver({ name: 'alpha', users: ['alice', 'friend'] });
    const without = unplayed(client);
    const root = await clientSite(client);
    const site = await startSite({
      name: client,
      root,
      replace: { 'http://portal.localhost:8401': home.url },
    });
    const page = await browser.newPage();
    try {
      const token = (user: string) => Promise.resolve(home.issue(user).access_token);
      const server = mediaCalls({ port: Number(new URL(home.url).port), token, userId: home.userId });
      const room = await fillRoom(server, 'friend', home.createRoom('friend', 'Pictures', ['alice']));
      const driver = drivers[client];
      await driver.open(page, site.origin);
      await driver.login(page, 'alice', 'pw-alice');
      await driver.openRoom(page, room.roomId, 'Pictures');
      await look(page, client, room, without);
      await driver.reload(page);
      await look(page, client, room, without);
      const arrived = (name: keyof typeof room.ids, what: string) =>
        home.recorder.requests(
          ({ path, status }) =>
            (status === 200 || status === 206) && path.includes(what) && path.includes(room.ids[name]),
        ).length > 0;
      for (const name of savedBy(client)) {
        await save(page, client, name);
        await expect.poll(() => arrived(name, '/download/'), { timeout: 10_000 }).toBe(true);
      }
      expect(seenBy(client, without).filter((name) => !arrived(name, '/media/'))).toEqual([]);
    } finally {
      await page.close();
      await Promise.all([site.close(), home.close()]);
    }
  });
});
