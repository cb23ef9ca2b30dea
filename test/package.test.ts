/** The npm package as `npm pack` makes it, and as the build of whoever hosts a client uses it. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeWorker } from '../build.mjs';

const run = promisify(execFile);
const top = path.resolve(import.meta.dirname, '..');

interface Manifest {
  readonly version: string;
  readonly exports: Record<string, unknown>;
  readonly scripts: { readonly prepack?: string };
}

const manifest = JSON.parse(await fs.readFile(path.join(top, 'package.json'), 'utf8')) as Manifest;

const SCRIPTS = ['homeward.js', 'homeward-sw.js', 'homeward-settings.js', 'homeward-uninstall.js'];
const BUILT = [
  ...SCRIPTS,
  ...SCRIPTS.map((script) => `readable/${script}`),
  'homeward.html',
  'index.js',
  'index.d.ts',
  'LICENSES.txt',
  'SHA256SUMS',
];

/** What else lies in a clone, and is not for the package. */
const NOT_OURS = ['src/core/decide.ts', 'test/build.test.ts', 'dist/chromium/hook.js', 'build.mjs', '.npmrc'];

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** In a folder of its own: the clone's `dist` is in use, and is not always there. */
async function pack(folder: string): Promise<Packed> {
  for (const file of NOT_OURS) {
    await fs.mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await fs.writeFile(path.join(folder, file), '');
  }
  for (const file of ['package.json', 'README.md', 'HOSTING.md', 'LICENSE', '.gitignore']) {
    await fs.copyFile(path.join(top, file), path.join(folder, file));
  }
  await writeWorker(path.join(folder, 'dist/worker'));
  // it is built: the scripts would build the clone
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json'], {
    cwd: folder,
    env: { ...process.env, npm_config_update_notifier: 'false' },
  });
  const [packed] = JSON.parse(stdout) as Packed[];
  if (!packed) throw new Error('nothing was packed');
  return packed;
}

// a machine may be busy with browsers meanwhile
describe('the npm package', { timeout: 60_000 }, () => {
  let folder = '';
  let consumer = '';
  let packed: Packed;

  beforeAll(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'homeward-package-'));
    packed = await pack(folder);
    consumer = path.join(folder, 'consumer');
    const installed = path.join(consumer, 'node_modules/homeward');
    await fs.mkdir(installed, { recursive: true });
    await fs.writeFile(path.join(consumer, 'package.json'), '{ "type": "module" }');
    await run('tar', ['-xzf', path.join(folder, packed.filename), '-C', installed, '--strip-components=1']);
  }, 60_000);
  afterAll(() => fs.rm(folder, { recursive: true, force: true }));

  /** What a module of the consumer's prints, as JSON. */
  async function inConsumer(code: string): Promise<unknown> {
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], {
      cwd: consumer,
    });
    return JSON.parse(stdout);
  }

  it('has the page worker and what tells of it, and nothing else', () => {
    const expected = ['package.json', 'README.md', 'HOSTING.md', 'LICENSE'];
    expected.push(...BUILT.map((file) => `dist/worker/${file}`));
    expect(packed.files.map((file) => file.path).toSorted()).toEqual(expected.toSorted());
    expect(manifest.scripts.prepack).toBe('npm run build');
  });

  it('has the licences of what is in its bundles', async () => {
    const text = await fs.readFile(path.join(folder, 'dist/worker/LICENSES.txt'), 'utf8');
    const named = [...text.matchAll(/^(\S+) [\d.]+, .*:\/\//gm)].map(([, name]) => name);
    expect(named).toEqual(['idb', 'workbox-core', 'workbox-routing']);
    expect(text).toContain('Permission is hereby granted');
  });

  it('has its version and licence at the top of each script, and the right checksums', async () => {
    const at = path.join(consumer, 'node_modules/homeward/dist/worker');
    for (const file of BUILT.filter((name) => name.endsWith('.js'))) {
      const text = await fs.readFile(path.join(at, file), 'utf8');
      expect(text.slice(0, 200), `${file}`).toContain(`/*! Homeward ${manifest.version} · Apache-2.0 `);
    }
    const lines = (await fs.readFile(path.join(at, 'SHA256SUMS'), 'utf8')).trimEnd().split('\n');
    const sums = BUILT.filter((name) => name.endsWith('.js') && name !== 'index.js').map(async (file) => {
      const bytes = await fs.readFile(path.join(at, file));
      return `${createHash('sha256').update(bytes).digest('hex')}  ${file}`;
    });
    expect(lines.toSorted()).toEqual((await Promise.all(sums)).toSorted());
  });

  it('is as publint wants it', async () => {
    const { buffer } = new Uint8Array(await fs.readFile(path.join(folder, packed.filename)));
    const { messages, pkg } = await publint({ pack: { tarball: buffer }, level: 'suggestion', strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it('tells where the files are', async () => {
    const told = await inConsumer(`
      import { files, version } from 'homeward';
      console.log(JSON.stringify({ files, version }));`);
    const names = ['homeward.js', 'homeward-sw.js', 'homeward-settings.js', 'homeward.html'];
    const at = await fs.realpath(path.join(consumer, 'node_modules/homeward/dist/worker'));
    expect(told).toEqual({ files: names.map((name) => path.join(at, name)), version: manifest.version });
    const settings = await fs.readFile(path.join(at, 'homeward.html'), 'utf8');
    expect(settings).toContain('<script src="homeward-settings.js">');
    for (const name of names) expect((await fs.stat(path.join(at, name))).isFile(), `${name}`).toBe(true);
  });

  it('exports each file', async () => {
    const names = Object.keys(manifest.exports).map((name) => path.join('homeward', name));
    const urls = await inConsumer(`
      const urls = ${JSON.stringify(names)}.map((name) => import.meta.resolve(name));
      console.log(JSON.stringify(urls));`);
    expect(names).toEqual(expect.arrayContaining(SCRIPTS.map((script) => `homeward/${script}`)));
    for (const url of urls as string[]) expect((await fs.stat(new URL(url))).isFile()).toBe(true);
    const inside = `import('homeward/dist/worker/index.js').catch(({ code }) => console.log(JSON.stringify(code)));`;
    expect(await inConsumer(inside)).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('is typed', async () => {
    const code = [
      `import { files, version } from 'homeward';`,
      `export const first: string | undefined = files[0];`,
      `// @ts-expect-error it is no number`,
      `export const wrong: number = version;`,
    ];
    await fs.writeFile(path.join(consumer, 'use.ts'), code.join('\n'));
    const tsc = path.join(top, 'node_modules/.bin/tsc');
    const args = ['--noEmit', '--strict', '--module', 'nodenext', '--moduleResolution', 'nodenext', 'use.ts'];
    await expect(run(tsc, args, { cwd: consumer })).resolves.toEqual({ stdout: '', stderr: '' });
  });
});
