/** Answers that are read while they arrive, through the page worker, and requests of a page that is being left. */
import { describe, expect, it } from 'vitest';
import { engines, workerEngines } from '../support/browser.ts';
import { useLab } from './lab.ts';
import { whoami } from './page-calls.ts';
import { leaving } from './webkit-calls.ts';
import { askerFiles, said, startInWorker } from './worker-dedicated.ts';
import { expectNothingAtPortal, OURS, signIn, untilInCharge, visit } from './worker-scene.ts';

const CLIENT = '/_matrix/client/v3/';

describe.each(workerEngines)('%s: an answer', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  it('is read by a dedicated worker while it arrives', async () => {
    const scene = await signIn(await visit(lab, { files: askerFiles }));
    const { page, portal, home, token } = scene;
    await untilInCharge(page, OURS);
    let more = (): void => undefined;
    home.faults.intercept = (_, response, path) => {
      if (path !== `${CLIENT}sync`) return false;
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"next_batch":');
      more = () => void response.end('"1"}');
      return true;
    };
    await startInWorker(page, { url: `${portal.url}${CLIENT}sync`, token });
    const heard = () => said(page);
    await expect.poll(heard).toEqual(['200', '{"next_batch":']);
    more();
    await expect.poll(heard).toEqual(['200', '{"next_batch":', '"1"}', 'end']);
    expect(home.recorder.requests(({ path }) => path === `${CLIENT}sync`)).toMatchObject([{ token }]);
    expectNothingAtPortal(scene, 'at all');
  });
});

// WebKit: webkit.test.ts
describe.each(engines)('%s: a keepalive request', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  it.each(['before the worker is in charge', 'afterwards'])(
    'arrives though its page is left at once, %s',
    async (when) => {
      const scene = await signIn(await visit(lab));
      const { page, portal, home, token, site } = scene;
      if (when === 'afterwards') await untilInCharge(page, OURS);
      await whoami(page, portal.url, token);
      const path = `${CLIENT}rooms/left`;
      await page.evaluate(leaving, portal.url + path, token);
      await page.goto(`${site.url}/?left`, { waitUntil: 'domcontentloaded' });
      const arrived = () => home.recorder.requests((request) => request.path === path);
      await expect.poll(arrived).toMatchObject([{ token, method: 'POST', body: '{}' }]);
      expect(portal.recorder.requests((request) => request.path === path)).toEqual([]);
      expectNothingAtPortal(scene, 'at all');
    },
  );
});
