/**
 * Builds what ships: the extension in `dist/chromium` and `dist/firefox`, readable, from one manifest, and the page
 * worker in `dist/worker`, minified, with its readable form beside it.
 *
 * `bundle` and `bundleWorker` are also what the tests of the bundle graph and of sizes use.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const top = path.dirname(fileURLToPath(import.meta.url));

/** The oldest engines of manifest.json. */
const target = ['chrome123', 'firefox140'];

/** A site's visitors have other engines too. */
const siteTarget = [...target, 'safari17'];

export const entries = {
  hook: 'src/hook/main.ts',
  bridge: 'src/bridge/main.ts',
  background: 'src/background/main.ts',
  popup: 'src/popup/main.ts',
};

export const workerEntries = {
  homeward: 'src/bootstrap/main.ts',
  'homeward-sw': 'src/worker/main.ts',
  'homeward-settings': 'src/settings/main.ts',
  'homeward-uninstall': 'src/bootstrap/uninstall.ts',
};

/** @type {import('esbuild').BuildOptions & { write: false, metafile: true }} */
const common = {
  absWorkingDir: top,
  bundle: true,
  format: 'iife',
  charset: 'utf8',
  metafile: true,
  write: false,
  logLevel: 'warning',
};

/**
 * Bundles every context of the extension without writing; `metafile.outputs` tells what went into which.
 *
 * @param {{ minify?: boolean }} [options]
 */
export function bundle({ minify = false } = {}) {
  return build({ ...common, entryPoints: entries, outdir: 'dist', target, minify });
}

/**
 * The same for the page worker.
 *
 * @param {{ minify?: boolean }} [options]
 */
export async function bundleWorker({ minify = true } = {}) {
  return build({
    ...common,
    entryPoints: workerEntries,
    outdir: minify ? 'dist/worker' : 'dist/worker/readable',
    target: siteTarget,
    minify,
    // workbox logs otherwise
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.css': 'text' },
    legalComments: 'none',
    banner: { js: header(await readPackage()) },
  });
}

/** The entry of the npm package, which tells where the page worker's files are. */
async function bundlePackage() {
  const read = await readPackage();
  return build({
    ...common,
    entryPoints: { index: 'src/package/main.ts' },
    outdir: 'dist/worker',
    format: 'esm',
    target: 'node20',
    define: { VERSION: JSON.stringify(read.version) },
    banner: { js: header(read) },
  });
}

/** @returns {Promise<{ version: string, license: string }>} */
async function readPackage() {
  return JSON.parse(await fs.readFile(path.join(top, 'package.json'), 'utf8'));
}

/** @param {{ version: string, license: string }} of */
function header({ version, license }) {
  return `/*! Homeward ${version} · ${license} · page worker */`;
}

/**
 * The licences of other packages that are in bundles, which want to be shipped with them, and where their sources are.
 *
 * @param {import('esbuild').Metafile} metafile
 */
async function notices({ inputs }) {
  const names = Object.keys(inputs).map(
    (file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? '',
  );
  const texts = [...new Set(names)].filter(Boolean).toSorted();
  const parts = texts.map(async (name) => {
    const folder = path.join(top, 'node_modules', name);
    const { version, repository } = JSON.parse(await fs.readFile(path.join(folder, 'package.json'), 'utf8'));
    const licence = await fs.readFile(path.join(folder, 'LICENSE'), 'utf8');
    return `${name} ${version}, ${repository.url ?? repository}\n\n${licence}`;
  });
  return (await Promise.all(parts)).join('\n\n');
}

async function writeExtension() {
  const { outputFiles, metafile } = await bundle();
  const licences = await notices(metafile);
  for (const engine of ['chromium', 'firefox']) {
    const folder = path.join(top, 'dist', engine);
    await fs.rm(folder, { recursive: true, force: true });
    await fs.mkdir(path.join(folder, 'icons'), { recursive: true });
    for (const file of outputFiles)
      await fs.writeFile(path.join(folder, path.basename(file.path)), file.contents);
    for (const file of ['popup/popup.html', 'popup/popup.css', 'ui/ui.css'])
      await fs.copyFile(path.join(top, 'src', file), path.join(folder, path.basename(file)));
    await fs.copyFile(path.join(top, 'src/background/rules.json'), path.join(folder, 'rules.json'));
    await fs.copyFile(path.join(top, 'manifest.json'), path.join(folder, 'manifest.json'));
    await fs.writeFile(path.join(folder, 'LICENSES.txt'), licences);
    await fs.cp(path.join(top, '_locales'), path.join(folder, '_locales'), { recursive: true });
    await fs.cp(path.join(top, 'icons'), path.join(folder, 'icons'), {
      recursive: true,
      filter: (file) => !file.endsWith('.svg'),
    });
  }
}

/** @param folder of its own: what else is there goes away */
export async function writeWorker(folder = path.join(top, 'dist/worker')) {
  await fs.rm(folder, { recursive: true, force: true });
  const built = await Promise.all([bundleWorker(), bundleWorker({ minify: false })]);
  const files = built.flatMap(({ outputFiles }) => outputFiles);
  const [{ metafile }] = built;
  const entry = (await bundlePackage()).outputFiles;
  const nameOf = (/** @type {{ path: string }} */ file) =>
    path.relative(path.join(top, 'dist/worker'), file.path);
  await fs.mkdir(path.join(folder, 'readable'), { recursive: true });
  for (const file of [...files, ...entry]) await fs.writeFile(path.join(folder, nameOf(file)), file.contents);
  await fs.copyFile(path.join(top, 'src/settings/homeward.html'), path.join(folder, 'homeward.html'));
  await fs.copyFile(path.join(top, 'src/package/index.d.ts'), path.join(folder, 'index.d.ts'));
  await fs.writeFile(path.join(folder, 'LICENSES.txt'), await notices(metafile));
  // as `sha256sum --check` reads it
  const sums = files.map((file) => {
    const sum = createHash('sha256').update(file.contents).digest('hex');
    return `${sum}  ${nameOf(file)}\n`;
  });
  await fs.writeFile(path.join(folder, 'SHA256SUMS'), sums.join(''));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await Promise.all([writeExtension(), writeWorker()]);
