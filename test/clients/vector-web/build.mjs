// vector-web 0.9.0 (Riot as of late 2016, React 15) from its published lib/ folder.
// usage, in a folder where `npm ci` was run: node build.mjs OUT   makes OUT/vector-web
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';

const [out] = process.argv.slice(2);
const site = path.resolve(out, 'vector-web');
const modules = path.join(import.meta.dirname, 'node_modules');
const vector = path.join(modules, 'vector-web');
const skin = path.join(vector, 'src/skins/vector');
const require = createRequire(path.join(vector, 'package.json'));

/** Upstream: catw "src/skins/vector/css/**\/*.css", and the style sheets that its JavaScript imports. */
function styles() {
  const own = readdirSync(path.join(skin, 'css'), { recursive: true })
    .filter((name) => name.endsWith('.css'))
    .toSorted()
    .map((name) => path.join(skin, 'css', name));
  const others = [
    'gemini-scrollbar/gemini-scrollbar.css',
    'gfm.css/gfm.css',
    'highlight.js/styles/github.css',
    'draft-js/dist/Draft.css',
  ].map((name) => require.resolve(name));
  return [...own, ...others].map((file) => readFileSync(file, 'utf8')).join('\n');
}

/** The modules that webpack 1 was told to replace, or that are loaded by the page itself (olm). */
const replacements = {
  name: 'replacements',
  setup(builder) {
    const contents = {
      browserify: 'throw new Error("not in this page")',
      electron: 'throw new Error("not in this page")',
      fs: 'throw new Error("not in this page")',
      olm: 'module.exports = window.Olm',
      request: 'module.exports = require("browser-request")',
    };
    builder.onResolve({ filter: /^(browserify|electron|fs|olm|request)$/ }, ({ path: name }) => ({
      path: name,
      namespace: 'replacement',
    }));
    builder.onResolve({ filter: /\.css$/ }, ({ path: name }) => ({ path: name, namespace: 'style' }));
    builder.onLoad({ filter: /.*/, namespace: 'replacement' }, ({ path: name }) => ({
      contents: contents[name],
      resolveDir: modules,
      loader: 'js',
    }));
    builder.onLoad({ filter: /.*/, namespace: 'style' }, () => ({ contents: '', loader: 'js' }));
  },
};

/** Upstream's template with its two loops written out, and olm 3 (upstream: 2) made ready before the bundle. */
function page() {
  const scripts = `<script src="olm_legacy.js"></script>
    <script>
      Olm.init().then(function () {
        var script = document.createElement('script');
        script.src = 'bundle.js';
        document.body.appendChild(script);
      });
    </script>`;
  return readFileSync(path.join(vector, 'src/vector/index.html'), 'utf8')
    .replace(
      /<% for\(var i=0; i<htmlWebpackPlugin.files.css[\s\S]*?<% } %>/,
      '<link href="bundle.css" rel="stylesheet">',
    )
    .replace(/<% for\(var i=0; i<htmlWebpackPlugin.files.js[\s\S]*?<% } %>/, scripts);
}

// The test's web server puts the portal under test in the place of default_hs_url.
const config = {
  default_hs_url: 'http://portal.localhost:8401',
  default_is_url: 'http://is0.localhost:8411',
  brand: 'Riot',
  integrations_ui_url: '',
  integrations_rest_url: '',
};

mkdirSync(site, { recursive: true });
await build({
  // webpack 1 gave a global Buffer: without it an exception ends the sync loop after the first sync
  stdin: {
    contents: `window.Buffer = require('buffer/').Buffer; require('vector-web/lib/vector/index.js');`,
    resolveDir: import.meta.dirname,
  },
  bundle: true,
  format: 'iife',
  platform: 'browser',
  target: 'es2020',
  mainFields: ['browser', 'main'],
  // one React and one SDK for vector-web and matrix-react-sdk
  alias: {
    buffer: path.join(modules, 'buffer/'),
    'matrix-js-sdk': path.join(modules, 'matrix-js-sdk'),
    react: path.join(modules, 'react'),
    'react-dom': path.join(modules, 'react-dom'),
  },
  plugins: [replacements],
  loader: { '.js': 'jsx' },
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.TRAVIS': 'undefined', global: 'window' },
  banner: {
    js: 'window.process = window.process || { env: {}, browser: true, nextTick: function (f) { setTimeout(f, 0); } };',
  },
  nodePaths: [modules],
  minify: true,
  outfile: path.join(site, 'bundle.js'),
  logLevel: 'error',
});
for (const name of ['img', 'fonts'])
  cpSync(path.join(skin, name), path.join(site, name), { recursive: true });
cpSync(path.join(modules, '@matrix-org/olm/olm_legacy.js'), path.join(site, 'olm_legacy.js'));
writeFileSync(path.join(site, 'bundle.css'), styles());
writeFileSync(path.join(site, 'index.html'), page());
writeFileSync(path.join(site, 'config.json'), JSON.stringify(config, null, 2));
writeFileSync(path.join(site, 'version'), '0.9.0');
