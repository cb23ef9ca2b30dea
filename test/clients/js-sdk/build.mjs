// Four pages without a UI: window.sdk is matrix-js-sdk 0.11.1 or 2.4.6 (XMLHttpRequest, token in the query), 24.1.0
// or 34.13.0 (fetch, token in a header); towards identity servers 0.11.1 speaks v1, the others v2. The driver
// (test/support/drive-js-sdk.ts) plays the client on them.
// usage, in a folder where `npm ci` was run: node build.mjs OUT   makes OUT/js-sdk-0, -2, -24 and -34
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const [out] = process.argv.slice(2);
const modules = path.join(import.meta.dirname, 'node_modules');

// All but the last are written for bundlers that bring these Node modules along.
const alias = {
  buffer: path.join(modules, 'buffer/'),
  events: path.join(modules, 'events/'),
  querystring: path.join(modules, 'querystring-es3'),
  url: path.join(modules, 'url/'),
  util: path.join(modules, 'util/'),
};
const banner = `window.process = window.process || {
  env: {}, browser: true, version: 'v0.0.0', nextTick: function (f) { setTimeout(f, 0); },
};`;

/** What a browser has not: asking for it fails where the SDK expects that (olm), or gives an empty module. */
const absent = {
  name: 'absent',
  setup(builder) {
    const names = /^(olm|fs|crypto|stream|http|https|net|tls|zlib|path|os|child_process|browserify)$/;
    builder.onResolve({ filter: names }, ({ path: name }) => ({ path: name, namespace: 'absent' }));
    builder.onLoad({ filter: /.*/, namespace: 'absent' }, ({ path: name }) => ({
      contents: name === 'olm' ? 'throw new Error("olm is not in this page")' : 'module.exports = {}',
      loader: 'js',
    }));
  },
};

const required = (name) => `window.sdk = require('${name}');`;
const ready = 'window.ready = true;';

/** What is bundled, and what else the page needs: these SDKs hash addresses (lookup) by a global Olm or Buffer. */
const sites = {
  'js-sdk-0': { contents: `${required('js-sdk-0')} ${ready}` },
  'js-sdk-2': { contents: `${required('js-sdk-2')} Olm.init().then(() => { ${ready} });`, olm: true },
  'js-sdk-24': { contents: `${required('js-sdk-24')} Olm.init().then(() => { ${ready} });`, olm: true },
  'js-sdk-34': {
    contents: `import { Buffer } from 'buffer';
      import * as sdk from 'js-sdk-34';
      Object.assign(window, { Buffer, sdk, ready: true });`,
    module: true,
  },
};

for (const [name, { contents, olm, module }] of Object.entries(sites)) {
  const site = path.resolve(out, name);
  mkdirSync(site, { recursive: true });
  await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    format: module ? 'esm' : 'iife',
    splitting: module, // what it imports when it is needed (its cryptography) stays apart
    platform: 'browser',
    mainFields: ['browser', 'module', 'main'],
    define: { global: 'window', 'process.env.NODE_ENV': '"production"' },
    banner: { js: banner },
    alias,
    plugins: [absent],
    loader: { '.wasm': 'file' },
    minify: true,
    outdir: site,
    entryNames: 'sdk',
    logLevel: 'error',
  });
  if (olm) cpSync(path.join(modules, '@matrix-org/olm/olm_legacy.js'), path.join(site, 'olm_legacy.js'));
  const page = `<!doctype html>
<meta charset="utf-8">
<title>${name}</title>
<h1>matrix-${name}</h1>
${olm ? '<script src="olm_legacy.js"></script>\n' : ''}<script ${module ? 'type="module" ' : ''}src="sdk.js"></script>
`;
  writeFileSync(path.join(site, 'index.html'), page);
  // The test's web server puts the servers under test in the place of these addresses.
  const config = {
    default_hs_url: 'http://portal.localhost:8401',
    default_is_url: 'http://is0.localhost:8411',
  };
  writeFileSync(path.join(site, 'config.json'), JSON.stringify(config, null, 2));
}
