/** A first visit: the functions in the page catch its login, long before the service worker is in charge. Measured. */
import type { Page } from 'puppeteer-core';
import { afterAll, describe, expect, it } from 'vitest';
import { workerEngines } from '../support/browser.ts';
import { attempt } from '../support/drive-page.ts';
import { startServers } from './hosting-stage.ts';
import { INDEX, useLab } from './lab.ts';
import { password, whoami } from './page-calls.ts';
import { expectNothingAtPortal, WHOAMI } from './worker-scene.ts';

interface First {
  signedIn: Promise<{ token: string; isControlled: boolean; ms: number }>;
  controlled: Promise<number>;
}

const VISITS = 5;
const table = ['| browser | visits | login answered, ms | worker in charge, ms |', '|---|---|---|---|'];
afterAll(() => console.log(table.join('\n')));

describe.each(workerEngines)('%s: the very first script of a first visit', (engine) => {
  const lab = useLab(engine, { form: 'worker' });

  it('logs in, and is at home, before the worker is in charge', async () => {
    const times = { login: [] as number[], controlled: [] as number[] };
    for (let visits = 0; visits < VISITS; visits += 1) {
      const { portal, home } = await startServers(lab);
      const given = [`${portal.url}/_matrix/client/v3/login`, JSON.stringify(password('alice'))];
      const code = `(${String(logInFirst)})(...${JSON.stringify(given)})`;
      const files = { '/index.html': `${INDEX}<script>${code}</script>` };
      const site = await lab.site({ homeward: true, files });
      const page = await lab.page(`${site.url}/`);
      const { token, isControlled, ms } = await attempt(page, 'the login', () => page.evaluate(signedIn));
      expect(isControlled).toBe(false);
      expect((await whoami(page, portal.url, token)).url).toBe(home.url + WHOAMI);
      times.login.push(ms);
      times.controlled.push(await controlled(page));
      expectNothingAtPortal({ site, page, portal, home, token }, `visit ${visits}`);
    }
    const middle = (all: number[]) => all.toSorted((a, b) => a - b)[(VISITS - 1) / 2]?.toFixed(0);
    table.push(`| ${[engine, VISITS, middle(times.login), middle(times.controlled)].join(' | ')} |`);
  });
});

/** Milliseconds after the visit began. */
function controlled(page: Page): Promise<number> {
  return attempt(page, 'in charge', () => page.evaluate(() => (window as unknown as First).controlled));
}

function signedIn(): First['signedIn'] {
  return (window as unknown as First).signedIn;
}

/** Runs in the page. */
function logInFirst(url: string, body: string): void {
  const first = window as unknown as First;
  const { serviceWorker } = navigator;
  const isControlled = serviceWorker.controller !== null;
  first.controlled = new Promise((resolve) => {
    serviceWorker.addEventListener('controllerchange', () => resolve(performance.now()), { once: true });
  });
  first.signedIn = (async () => {
    const response = await fetch(url, { method: 'POST', body });
    const { access_token: token } = (await response.json()) as { access_token: string };
    return { token, isControlled, ms: performance.now() };
  })();
}
