/** Pages that nobody drives while it matters: they tell their own server how they fared. */
import type { Form } from '../support/browser.ts';
import type { Site, SiteOptions } from '../support/static-site.ts';
import { WHOAMI } from './lifecycle-lab.ts';

export interface Report {
  /** what made the page try */
  why: string;
  /** of `whoami` at the portal; 0: a network error */
  status: number;
  url: string;
  /** of the picture; 0: it did not load */
  width: number;
}

const REPORT = `
  async function logIn(portal) {
    const body = JSON.stringify({ type: 'm.login.password', user: 'alice', password: 'pw-alice' });
    const response = await fetch(portal + '/_matrix/client/v3/login', { method: 'POST', body });
    return (await response.json()).access_token;
  }
  async function report(why) {
    const { portal, picture } = localStorage;
    let status = 0, url = '';
    try {
      const token = localStorage.token || (why === 'pageshow true' && (await logIn(portal)));
      if (token) ({ status, url } = await fetch(portal + '${WHOAMI}', { headers: { Authorization: 'Bearer ' + token } }));
    } catch {}
    const width = await new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve(image.naturalWidth);
      image.onerror = () => resolve(0);
      image.src = portal + '/_matrix/media/v3/download/' + picture + '?why=' + encodeURIComponent(why);
    });
    await fetch('/report', { method: 'POST', body: JSON.stringify({ why, status, url, width }) });
  }
`;

const WHEN = {
  bfcache: `addEventListener('pageshow', (event) => report('pageshow ' + event.persisted));`,
  prerender: `
    fetch('/began');
    report(document.prerendering ? 'prerendering' : 'not prerendered');
    document.addEventListener('prerenderingchange', () => report('shown'));
  `,
};

export function reportingSite(form: Form, kind: keyof typeof WHEN): Partial<SiteOptions> {
  const bootstrap = form === 'worker' ? '<script src="/homeward.js"></script>' : '';
  const plain = `<!doctype html><meta charset="utf-8">${bootstrap}<title>client</title><link rel="icon" href="data:,"><body>`;
  const active = `${plain}<script>${REPORT}${WHEN[kind]}</script>`;
  const files = {
    '/index.html': plain.replace(bootstrap, ''),
    '/start.html': kind === 'bfcache' ? active : plain,
    '/other.html': plain,
    '/prerendered.html': active,
  };
  // no-store would keep it out of the back-forward cache
  return { files, headers: { 'cache-control': 'no-cache' } };
}

/** In the order of their arrival. */
export function reportsOf({ recorder }: Site): Report[] {
  return recorder.requests(({ path }) => path === '/report').map(({ body }) => JSON.parse(body) as Report);
}
