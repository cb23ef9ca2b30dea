// Two pages without a UI: window.sdk is matrix-js-sdk 2.4.6 (XMLHttpRequest, token in the query) or 24.1.0
// (fetch, token in a header). The driver (test/support/drive-js-sdk.ts) plays the client on them.
// usage, in a folder where `npm ci` was run: node build.mjs OUT   makes OUT/js-sdk-2 and OUT/js-sdk-24
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const [out] = process.argv.slice(2);
const modules = path.join(import.meta.dirname, 'node_modules');

// Both SDKs are written for bundlers that bring these Node modules along.
const alias = {
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
    const names = /^(olm|fs|crypto|stream|http|https|net|tls|zlib|path|os|child_process)$/;
    builder.onResolve({ filter: names }, ({ path: name }) => ({ path: name, namespace: 'absent' }));
    builder.onLoad({ filter: /.*/, namespace: 'absent' }, ({ path: name }) => ({
      contents: name === 'olm' ? 'throw new Error("olm is not in this page")' : 'module.exports = {}',
      loader: 'js',
    }));
  },
};

for (const name of ['js-sdk-2', 'js-sdk-24']) {
  const site = path.resolve(out, name);
  mkdirSync(site, { recursive: true });
  await build({
    stdin: {
      contents: `window.sdk = require('${name}'); window.ready = true;`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    format: 'iife',
    platform: 'browser',
    mainFields: ['browser', 'module', 'main'],
    define: { global: 'window', 'process.env.NODE_ENV': '"production"' },
    banner: { js: banner },
    alias,
    plugins: [absent],
    loader: { '.wasm': 'file' },
    minify: true,
    outfile: path.join(site, 'sdk.js'),
    logLevel: 'error',
  });
  const page = `<!doctype html>
<meta charset="utf-8">
<title>${name}</title>
<h1>matrix-${name}</h1>
<script src="sdk.js"></script>
`;
  writeFileSync(path.join(site, 'index.html'), page);
  // The test's web server puts the portal under test in the place of this address.
  const config = { default_hs_url: 'http://portal.localhost:8401' };
  writeFileSync(path.join(site, 'config.json'), JSON.stringify(config, null, 2));
}
