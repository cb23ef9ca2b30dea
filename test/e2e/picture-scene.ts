/** A client that shows pictures of its homeserver, and what of them reached the servers. */
import { expect } from 'vitest';
import type { Recorded } from '../support/recorder.ts';
import { atHome, PIXEL, type AtHome, type AtHomeOptions } from './at-home.ts';
import type { Lab } from './lab.ts';
import { logIn, whoami } from './page-calls.ts';
import { showImage, sound, type File, type Resource } from './picture-page.ts';

export const LEGACY = '/_matrix/media/v3/download';
export const AUTHENTICATED = '/_matrix/client/v1/media/download';

export interface Scene extends Omit<AtHome, 'picture'> {
  /** What the client takes for its homeserver. */
  readonly base: string;
}

const bodies = { picture: PIXEL, sound: sound() };
const types = { picture: 'image/png', sound: 'audio/wav' };

/** Returns `SERVER/MEDIA_ID`. */
export function put({ home }: Pick<Scene, 'home'>, file: File = 'picture'): string {
  return `${home.serverName}/${home.putMedia(bodies[file], types[file])}`;
}

export async function start(lab: Lab, options?: AtHomeOptions): Promise<Scene> {
  const scene = await atHome(lab, options);
  return inUse({ ...scene, base: scene.portal.url });
}

/** The login names nothing, for there is no portal: an old client on a new server. */
export async function startWithoutPortal(lab: Lab): Promise<Scene> {
  const home = await lab.homeserver({ legacyMedia: false });
  // nobody asks it
  const portal = await lab.portal({ route: () => home.url });
  const { site, page } = await lab.client();
  const { token } = await logIn(page, home.url);
  await lab.popup.grant(site.origin);
  await page.bringToFront();
  return inUse({ site, page, portal, home, token, base: home.url });
}

/** As a client is in use: it has asked for something with its token, and has shown a picture. */
async function inUse(scene: Scene): Promise<Scene> {
  const { page, base, token } = scene;
  await whoami(page, base, token);
  const first = () => showImage(page, `${base}${LEGACY}/${put(scene)}`);
  await expect.poll(first, { timeout: 10_000, message: 'a first picture' }).toBe('loaded');
  return scene;
}

export interface Seen {
  /** `PATH with the token good`, each once. */
  readonly home: readonly string[];
  readonly portal: readonly string[];
  /** The token, at the portal or the client's own server, for whatever it was. */
  readonly leaked: readonly string[];
}

export const good = (path: string, bearer = 'with the token'): Seen => ({
  home: [`${path} ${bearer} good`],
  portal: [],
  leaked: [],
});

/** What reached the servers for one file, once something has; and in numbers. */
export async function seen(
  { portal, home, site, token }: Scene,
  media: string,
): Promise<{ where: Seen; requests: readonly Recorded[]; cells: readonly number[] }> {
  const of = (all: readonly Recorded[]) => all.filter((request) => request.url.includes(media));
  const answered = () => of([...portal.recorder.all, ...home.recorder.requests()]).some((r) => r.status);
  await expect.poll(answered, { timeout: 10_000, message: 'a request' }).toBe(true);
  const bearer = (sent: string | null) =>
    sent === token ? 'with the token' : sent === null ? 'without a token' : 'with another token';
  const shown = (request: Recorded) => {
    const status = request.status ?? 0;
    return `${request.path} ${bearer(request.token)} ${status >= 200 && status < 300 ? 'good' : status}`;
  };
  const atPortal = of(portal.recorder.all);
  const requests = of(home.recorder.requests());
  const counted = (all: readonly Recorded[]) => [all.length, all.filter((r) => r.token === token).length];
  return {
    where: {
      home: [...new Set(requests.map(shown))],
      portal: atPortal.map(shown),
      leaked: [...portal.recorder.withToken(token), ...site.recorder.withToken(token)].map(shown),
    },
    requests,
    cells: [
      ...counted(atPortal),
      ...counted(requests),
      requests.filter(({ status }) => status === 206).length,
    ],
  };
}

/** Loads a fresh file by it. */
export async function show(
  scene: Scene,
  resource: Resource,
  { base = scene.base, path = LEGACY, search = '' } = {},
) {
  const media = put(scene, resource.file);
  const result = await resource.load(scene.page, `${base}${path}/${media}${search}`, scene.token);
  return { media, result, ...(await seen(scene, media)) };
}
