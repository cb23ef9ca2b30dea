import { describe, expect, it, vi } from 'vitest';
import { PASSED } from '../../src/core/place.ts';

// as it is built: workbox logs otherwise
vi.stubEnv('NODE_ENV', 'production');
vi.stubGlobal('self', globalThis);
vi.stubGlobal('location', new URL('https://client.example/homeward-sw.js'));
const { createRouter, isUndecided } = await import('../../src/worker/routes.ts');

const P = 'https://portal.example';

/** As a browser makes it; `navigate` cannot be made by a constructor. */
function request(url: string, mode: string): Request {
  return { url, mode } as Request;
}

describe('a request that nobody has decided about', () => {
  it.each<[url: string, mode: string, isOurs: boolean]>([
    [`${P}/_matrix/client/v3/sync`, 'cors', true],
    [`${P}/_matrix/media/v3/download/a/b`, 'no-cors', true],
    [`${P}/_matrix/identity/v2/lookup`, 'cors', true],
    [`${P}/base/path/_matrix/client/v3/sync`, 'cors', true],
    [`${P}//_matrix/client/v3/sync`, 'cors', true],
    [`${P}/%5Fmatrix/client/v3/sync`, 'cors', true],
    [`${P}/_matrix/client/v3/sync${PASSED}`, 'cors', false],
    [`${P}/_matrix/client/v3/sync#else`, 'cors', true],
    [`${P}/_matrix/federation/v1/version`, 'cors', false],
    [`${P}/_matrix/key/v2/server`, 'cors', false],
    [`${P}/_matrix/static/client/login`, 'cors', false],
    [`${P}/.well-known/matrix/client`, 'cors', false],
    [`${P}/_synapse/admin/v1/users`, 'cors', false],
    [`${P}/app/_matrixes/client/x`, 'cors', false],
    [`${P}/?_matrix/client`, 'cors', false],
    [`${P}/index.html`, 'cors', false],
    [`${P}/_matrix/client/v3/login/sso/redirect`, 'navigate', false],
    [`${P}/_matrix/client/v3/auth/m.login.recaptcha/fallback/web?session=x`, 'navigate', true],
    [`${P}/_matrix/media/v3/download/a/b`, 'navigate', false],
  ])('%s (%s): %s', (url, mode, isOurs) => {
    expect(isUndecided(new URL(url), request(url, mode))).toBe(isOurs);
  });
});

describe('the router', () => {
  const answer = vi.fn<(request: Request, client: string) => Promise<Response>>(() =>
    Promise.resolve(new Response('ours')),
  );
  const router = createRouter(answer);
  const event = { clientId: 'c' } as never;

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])('answers %s', async (method) => {
    const asked = new Request(`${P}/_matrix/client/v3/sync`, { method });
    const response = await router.handleRequest({ request: asked, event });
    expect(await response?.text()).toBe('ours');
    expect(answer).toHaveBeenLastCalledWith(asked, 'c');
  });

  it('leaves everything else alone', () => {
    const asked = new Request('https://client.example/app.js');
    expect(router.handleRequest({ request: asked, event })).toBeUndefined();
  });
});
