// The whole Hydrogen app (login page, room list, timeline) from the npm package hydrogen-view-sdk.
// usage, in a folder where `npm ci` was run: node build.mjs OUT   makes OUT/hydrogen
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const [out] = process.argv.slice(2);
const site = path.resolve(out, 'hydrogen');
const modules = path.join(import.meta.dirname, 'node_modules');
const sdk = path.join(modules, 'hydrogen-view-sdk');

const assetPaths = {
  downloadSandbox: 'assets/download-sandbox.html',
  worker: 'assets/main.js',
  olm: { wasm: 'olm/olm.wasm', legacyBundle: 'olm/olm_legacy.js', wasmBundle: 'olm/olm.js' },
  serviceWorker: 'sw.js',
};

// What upstream's own main.js does; the published package holds everything but this.
const main = `
import { Platform, createNavigation, createRouter, RootViewModel, FeatureSet } from 'hydrogen-view-sdk';

const platform = new Platform({
  container: document.body,
  assetPaths: ${JSON.stringify(assetPaths)},
  config: null,
  configURL: 'config.json',
  options: { development: false },
});
await platform.init();
const navigation = createNavigation();
platform.setNavigation(navigation);
const urlRouter = createRouter({ navigation, history: platform.history });
urlRouter.attach();
const features = await FeatureSet.load(platform.settingsStorage);
const root = new RootViewModel({ platform, urlCreator: urlRouter, urlRouter, navigation, features });
await root.load();
platform.createAndMountRootView(root);
`;

const page = `<!doctype html>
<html>
  <head>
    <meta charset="utf-8">
    <title>Hydrogen</title>
    <link rel="stylesheet" type="text/css" href="assets/theme-element-light.css">
  </head>
  <body class="hydrogen">
    <script type="module" src="app.js"></script>
  </body>
</html>
`;

// The test's web server puts the portal under test in the place of this address.
const config = {
  defaultHomeServer: 'http://portal.localhost:8401',
  themeManifests: ['assets/theme-element-69495185.json'],
  defaultTheme: { light: 'element-light', dark: 'element-dark' },
};

mkdirSync(path.join(site, 'olm'), { recursive: true });
cpSync(path.join(sdk, 'asset-build/assets'), path.join(site, 'assets'), { recursive: true });
cpSync(path.join(sdk, 'lib-build/sw.js'), path.join(site, 'sw.js'));
for (const name of ['olm.js', 'olm.wasm', 'olm_legacy.js']) {
  cpSync(path.join(modules, '@matrix-org/olm', name), path.join(site, 'olm', name));
}
await build({
  stdin: { contents: main, resolveDir: import.meta.dirname },
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  mainFields: ['browser', 'module', 'main'],
  define: { global: 'window', DEFINE_VERSION: '"0.3.1"', DEFINE_GLOBAL_HASH: '"fixture"' },
  external: ['crypto', 'path', 'fs'], // named by olm for Node only
  minify: true,
  outfile: path.join(site, 'app.js'),
  logLevel: 'error',
});
writeFileSync(path.join(site, 'index.html'), page);
writeFileSync(path.join(site, 'config.json'), JSON.stringify(config, null, 2));
