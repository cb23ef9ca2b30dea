/** The popup when a server fails: it says so, and shows nothing as changed that the account does not say. */
import { describe, expect, it } from 'vitest';
import { engines } from '../support/browser.ts';
import {
  dataOf,
  fault,
  fromExtension,
  serversOf,
  TERMS,
  usePopupLab,
  writes,
  type PopupLab,
  type PopupScene,
} from './identity-popup-page.ts';
import { json, looking, odd, READ, TERMS_READ, WRITE, writing } from './identity-popup-failures.ts';

describe.each(engines)('%s: the popup, when a server fails:', (engine) => {
  const lab = usePopupLab(engine);
  const signedIn = () =>
    lab.signedIn({ terms: TERMS, content: ({ named }) => ({ base_url: named.url, kept: true }) });

  /** What is shown is what the account says. */
  async function unchanged(scene: PopupScene): Promise<void> {
    const { named, site } = scene;
    await lab.popup.show(site.origin);
    const value = await lab.popup.page.$eval('.identity .value', ({ textContent }) => textContent);
    expect(value).toBe(named.url);
    expect(dataOf(scene)).toEqual({ base_url: named.url, kept: true });
    expect(await lab.popup.page.$('.undo')).toBeNull();
    expect(serversOf(scene).flatMap(({ recorder }) => fromExtension(recorder.all))).toEqual([]);
  }

  it.each(looking)('%s', async (_, { at, request, answer, says, detail = '' }) => {
    const scene = await signedIn();
    fault(scene[at], request, answer);
    await lab.popup.press('.change-identity');
    await lab.check(scene.next.url);
    await lab.says(says);
    expect(await lab.text()).toContain(detail);
    expect(await lab.popup.page.$('.confirm')).toBeNull();
    expect(writes(scene.alpha)).toEqual([]);
    // the address can be mended
    scene[at].faults.intercept = null;
    await lab.check(scene.next.url);
    await lab.popup.page.waitForSelector('.confirm');
    await lab.look('.cancel');
    await unchanged(scene);
  });

  it('nobody is there', async () => {
    const scene = await signedIn();
    await scene.next.close();
    await lab.popup.press('.change-identity');
    await lab.check(scene.next.url);
    await lab.says('identityUnreachable');
    await lab.look('.cancel');
    await unchanged(scene);
  });

  it.each(writing)('after it was confirmed, %s', async (_, { at, request, answer, says, detail = '' }) => {
    const scene = await signedIn();
    await lab.popup.press('.change-identity');
    await lab.check(scene.next.url);
    fault(scene[at], request, answer);
    await lab.confirm();
    await lab.says(says);
    expect(await lab.text()).toContain(detail);
    scene[at].faults.intercept = null;
    await lab.look('.cancel');
    await unchanged(scene);
  });

  it.each(['no-identity', 'own-identity'])('the write of %s', async (button) => {
    const scene = await signedIn();
    fault(scene.alpha, WRITE, json(403, 'M_FORBIDDEN'));
    await lab.look(`.${button}`);
    await lab.confirm();
    await lab.says('homeserverRefused');
    expect(await lab.text()).toContain('403 M_FORBIDDEN says 403');
    await unchanged(scene);
  });

  it('what was written cannot be read again', async () => {
    const scene = await signedIn();
    await lab.look('.no-identity');
    fault(scene.alpha, READ, json(500, 'M_UNKNOWN'), 1);
    await lab.confirm();
    await lab.says('notReadBack');
    expect(await lab.text(), 'nothing is shown as changed').toContain(scene.named.url);
    expect(dataOf(scene)).toEqual({ base_url: null, kept: true });
  });

  it('accepted terms cannot be noted with the account: it goes on', async () => {
    const scene = await signedIn();
    fault(scene.alpha, ['PUT', /m\.accepted_terms$/], json(403, 'M_FORBIDDEN'));
    await lab.popup.press('.change-identity');
    await lab.check(scene.next.url);
    await lab.confirm();
    await lab.says('changedHere', scene.named.url, scene.next.url);
  });

  // an account that names nothing is another thing: what is beside it would get lost
  it.each(odd)('the account is read as %s', async (_, answer) => {
    const scene = await signedIn();
    fault(scene.alpha, READ, answer);
    await lab.look('.no-identity');
    await lab.says('homeserverRefused');
    await unchanged(scene);
  });

  it('terms: 404, and none is wanted', async () => {
    const scene = await lab.signedIn();
    fault(scene.next, TERMS_READ, json(404, 'M_UNRECOGNIZED'));
    await lab.popup.press('.change-identity');
    await lab.check(scene.next.url);
    await lab.says('noTerms');
  });

  it.each(['form', 'server', 'none', 'own'] as const)('nothing, but it is cancelled at: %s', async (at) => {
    const scene = await signedIn();
    await cancelAt(lab, at, scene);
    expect(writes(scene.alpha)).toEqual([]);
    await unchanged(scene);
  });
});

async function cancelAt(lab: PopupLab, at: 'form' | 'server' | 'none' | 'own', { next }: PopupScene) {
  if (at === 'form' || at === 'server') await lab.popup.press('.change-identity');
  else await lab.look(at === 'none' ? '.no-identity' : '.own-identity');
  if (at === 'server') await lab.check(next.url);
  await lab.look('.cancel');
}
