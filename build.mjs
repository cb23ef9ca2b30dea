/**
 * Builds the extension: `dist/chromium` and `dist/firefox`, readable, from one manifest.
 *
 * `bundle` is also what the tests of the bundle graph and of the hook's size use.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const top = path.dirname(fileURLToPath(import.meta.url));

/** The oldest engines of manifest.json. */
const target = ['chrome123', 'firefox140'];

export const entries = {
  hook: 'src/hook/main.ts',
  bridge: 'src/bridge/main.ts',
  background: 'src/background/main.ts',
  popup: 'src/popup/main.ts',
};

/**
 * Bundles every context without writing; `metafile.outputs` tells what went into which.
 *
 * @param {{ minify?: boolean }} [options]
 */
export function bundle({ minify = false } = {}) {
  return build({
    absWorkingDir: top,
    entryPoints: entries,
    outdir: 'dist',
    bundle: true,
    format: 'iife',
    target,
    charset: 'utf8',
    minify,
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
}

async function main() {
  const { outputFiles } = await bundle();
  for (const engine of ['chromium', 'firefox']) {
    const folder = path.join(top, 'dist', engine);
    await fs.rm(folder, { recursive: true, force: true });
    await fs.mkdir(path.join(folder, 'icons'), { recursive: true });
    for (const file of outputFiles)
      await fs.writeFile(path.join(folder, path.basename(file.path)), file.contents);
    for (const file of ['popup.html', 'popup.css'])
      await fs.copyFile(path.join(top, 'src/popup', file), path.join(folder, file));
    await fs.copyFile(path.join(top, 'manifest.json'), path.join(folder, 'manifest.json'));
    await fs.cp(path.join(top, '_locales'), path.join(folder, '_locales'), { recursive: true });
    await fs.cp(path.join(top, 'icons'), path.join(folder, 'icons'), {
      recursive: true,
      filter: (file) => !file.endsWith('.svg'),
    });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
