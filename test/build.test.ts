import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bundle, bundleWorker, entries, workerEntries } from '../build.mjs';
import manifest from '../manifest.json' with { type: 'json' };
import messages from '../_locales/en/messages.json' with { type: 'json' };

const BOOTSTRAP = [
  'src/bootstrap',
  'src/page',
  'src/patch',
  'src/request',
  'src/site',
  'src/owner',
  'src/core',
  'src/wire',
  'node_modules/idb',
];

/** Which folders a bundle may be made of. */
const allowed: Record<string, readonly string[]> = {
  hook: ['src/hook', 'src/page', 'src/patch', 'src/request', 'src/core', 'src/wire'],
  bridge: ['src/bridge', 'src/wire'],
  background: [
    'src/background',
    'src/owner',
    'src/webext',
    'src/core',
    'src/wire',
    'node_modules/webextension-polyfill',
  ],
  popup: ['src/popup', 'src/ui', 'src/webext', 'src/core', 'src/wire', 'node_modules/webextension-polyfill'],
  homeward: BOOTSTRAP,
  'homeward-uninstall': BOOTSTRAP,
  'homeward-settings': [
    'src/settings',
    'src/ui',
    '_locales',
    'src/request',
    'src/site',
    'src/owner',
    'src/core',
    'src/wire',
    'node_modules/idb',
  ],
  'homeward-sw': [
    'src/worker',
    'src/request',
    'src/site',
    'src/owner',
    'src/core',
    'src/wire',
    'node_modules/idb',
    'node_modules/workbox-routing',
    'node_modules/workbox-core',
  ],
};

/** MSC1730 alone took 6 KB, MSC2230 2.4 more, and what page code does about media, policies and reloads the rest. */
const MAX_HOOK = 12 * 1024;

describe('the bundles', async () => {
  const { metafile, outputFiles } = await bundle({ minify: true });
  const worker = await bundleWorker();
  const outputs = { ...metafile.outputs, ...worker.metafile.outputs };

  it.each([...Object.keys(entries), ...Object.keys(workerEntries)])(
    '%s is made of its own folders',
    (name) => {
      const output = Object.entries(outputs).find(([file]) => file.endsWith(`/${name}.js`));
      const inputs = Object.keys(output?.[1].inputs ?? {});
      const folders = allowed[name] ?? [];
      expect(inputs.length).toBeGreaterThan(0);
      expect(inputs.filter((input) => !folders.some((folder) => input.startsWith(`${folder}/`)))).toEqual([]);
    },
  );

  it('the hook is small', () => {
    const hook = outputFiles.find(({ path }) => path.endsWith('hook.js'));
    expect(gzipSync(hook?.contents ?? '', { level: 9 }).length).toBeLessThanOrEqual(MAX_HOOK);
  });
});

describe('the manifest', () => {
  it('asks for no more than it needs', () => {
    expect(manifest.permissions).toEqual([
      'activeTab',
      'declarativeNetRequestWithHostAccess',
      'scripting',
      'storage',
    ]);
    expect(manifest).not.toHaveProperty('host_permissions');
    expect(manifest).not.toHaveProperty('content_scripts');
    expect(manifest).not.toHaveProperty('web_accessible_resources');
  });

  it('has its messages', () => {
    const used = JSON.stringify(manifest).match(/__MSG_(\w+)__/g) ?? [];
    expect(used.map((name) => name.slice(6, -2)).filter((name) => !(name in messages))).toEqual([]);
  });
});
