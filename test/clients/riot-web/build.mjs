// riot-web 1.7.14 (Element as of late 2020, React 16) from the sources that its npm packages hold.
// usage, in a folder where `npm ci` was run: node build.mjs OUT   makes OUT/riot-web
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';
import postcss from 'postcss';

const [out] = process.argv.slice(2);
const site = path.resolve(out, 'riot-web');
const modules = path.join(import.meta.dirname, 'node_modules');
const [riot, react, sdk] = ['riot-web', 'matrix-react-sdk', 'matrix-js-sdk'].map((name) =>
  path.join(modules, name),
);
const require = createRequire(import.meta.url);

/** Upstream: scripts/copy-res.js, from the translators' format to the one that the app reads; English only. */
function translations() {
  const texts = {};
  for (const from of [react, riot]) {
    const file = path.join(from, 'src/i18n/strings/en_EN.json');
    for (const [key, text] of Object.entries(JSON.parse(readFileSync(file, 'utf8')))) {
      const [name, count] = key.split('|', 2);
      if (count) texts[name] = { ...texts[name], [count]: text };
      else texts[name] = text;
    }
  }
  return texts;
}

const empty = 'module.exports = {}';
/** By what is asked for: what a browser has not, and what webpack's configuration replaced. */
const contents = [
  [/^(electron|fs|path|crypto|stream|net|tls|child_process|request)$/, empty],
  [/\.s?css$/, ''], // the page links the style sheets itself
  [/VectorCustomServerDialog$/, empty], // in the published index of components, but not in the package
  [/^\$webapp\/i18n\/languages\.json$/, 'module.exports = "i18n/languages.json"'],
  [
    // imported for its default export, which its UMD file has not, although it calls itself an ES module
    /^commonmark$/,
    `const all = require('./commonmark/dist/commonmark.js');
     module.exports = { ...all, default: all, __esModule: true };`,
  ],
];

const replacements = {
  name: 'replacements',
  setup(builder) {
    for (const [filter, code] of contents) {
      const namespace = `replacement ${filter}`;
      builder.onResolve({ filter }, ({ kind, path: name }) =>
        kind === 'entry-point' ? undefined : { path: name, namespace },
      );
      builder.onLoad({ filter: /.*/, namespace }, () => ({
        contents: code,
        resolveDir: modules,
        loader: 'js',
      }));
    }
    builder.onLoad({ filter: /\.js$/ }, ({ path: file }) => {
      // theirs is JavaScript with decorators, JSX and types
      const own = [riot, react, sdk].some((each) => file.startsWith(path.join(each, 'src')));
      if (!own) return undefined;
      return { contents: readFileSync(file, 'utf8'), loader: 'tsx', resolveDir: path.dirname(file) };
    });
  },
};

const assets = {
  loader: Object.fromEntries(
    ['.svg', '.png', '.gif', '.ttf', '.woff', '.woff2', '.wasm', '.ico'].map((name) => [name, 'file']),
  ),
  assetNames: 'assets/[name].[hash]',
};

// webpack 4 brought these two along
const banner = `window.process = window.process || {
  env: {}, browser: true, version: '', argv: [], nextTick: function (f) { setTimeout(f, 0); },
};
window.setImmediate = window.setImmediate || function (f, ...args) { return setTimeout(f, 0, ...args); };`;

async function bundle(entryPoints, globalName, banners) {
  await build({
    ...assets,
    entryPoints,
    outdir: site,
    bundle: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2020',
    minify: true,
    keepNames: true, // the app finds components by their names
    mainFields: ['matrix_src_browser', 'matrix_src_main', 'browser', 'main'],
    resolveExtensions: ['.js', '.ts', '.tsx', '.json'],
    // without defined fields the room list fails: a field shadows a getter
    tsconfigRaw: {
      compilerOptions: { experimentalDecorators: true, useDefineForClassFields: true, jsx: 'react' },
    },
    plugins: [replacements],
    define: { 'process.env.NODE_ENV': '"production"', global: globalName },
    alias: {
      ...Object.fromEntries(
        ['react', 'react-dom', 'prop-types', 'sanitize-html'].map((name) => [name, path.join(modules, name)]),
      ),
      buffer: path.join(modules, 'buffer/'),
      events: path.join(modules, 'events/'),
      'matrix-react-sdk': react,
      querystring: path.join(modules, 'querystring-es3'),
      util: path.join(modules, 'util/'),
    },
    banner: banners,
    nodePaths: [modules],
    logLevel: 'error',
  });
}

/** Upstream's own chain of plugins, without those that are for old browsers; esbuild then collects what it links. */
async function lightTheme() {
  const steps = 'import mixins simple-vars extend nested easings strip-inline-comments hexrgba'.split(' ');
  const from = path.join(react, 'res/themes/light/css/light.scss');
  const plugins = steps.map((step) => require(`postcss-${step}`)());
  const parser = require('postcss-scss');
  const { css } = await postcss(plugins).process(readFileSync(from, 'utf8'), { from, parser });
  const links = {
    name: 'links',
    setup(builder) {
      builder.onResolve({ filter: /.*/ }, ({ kind, path: name, resolveDir }) => {
        if (kind !== 'url-token' || /^(data|https?):/.test(name)) return undefined;
        const file = path.resolve(resolveDir, name.replace(/[?#].*$/, ''));
        return existsSync(file) ? { path: file } : { path: name, external: true };
      });
    },
  };
  await build({
    ...assets,
    stdin: { contents: css, resolveDir: path.dirname(from), loader: 'css' },
    bundle: true,
    minify: true,
    plugins: [links],
    outfile: path.join(site, 'bundles/fixture/theme-light.css'), // the app looks for a path like this
    logLevel: 'error',
  });
}

/** Upstream's template with its loops and names written out. */
function page() {
  const sheets = `<link rel="stylesheet" href="bundle.css">
    <link rel="stylesheet" disabled="disabled" title="Light" href="bundles/fixture/theme-light.css">`;
  return readFileSync(path.join(riot, 'src/vector/index.html'), 'utf8')
    .replace(/<% for \(var i=0; i < htmlWebpackPlugin[\s\S]*?<% }\s*} %>/, sheets)
    .replace(/<%= htmlWebpackPlugin\.files\.chunks\['([\w-]+)'\]\.entry %>/g, '$1.js')
    .replace(/<%= htmlWebpackPlugin\.options[^%]*%>/, '')
    .replace(/<img src="<%= require.*$/gm, '')
    .replace(/<%= require\('\.\.\/\.\.\/res\/([^']*)'\) %>/g, '$1');
}

// The test's web server puts the servers under test in the place of these two addresses.
const config = {
  default_server_config: {
    'm.homeserver': { base_url: 'http://portal.localhost:8401', server_name: 'portal.localhost' },
    'm.identity_server': { base_url: 'http://is0.localhost:8411' },
  },
  disable_guests: true,
  brand: 'Element',
  default_theme: 'light',
  integrations_ui_url: '',
  integrations_rest_url: '',
  piwik: false,
};

mkdirSync(path.join(site, 'i18n'), { recursive: true });
await bundle({ bundle: path.join(riot, 'src/vector/index.ts') }, 'window', { js: banner });
await bundle(
  {
    'indexeddb-worker': path.join(riot, 'src/vector/indexeddb-worker.js'),
    usercontent: path.join(react, 'src/usercontent/index.js'),
  },
  'self',
  {},
);
await lightTheme();
for (const name of ['welcome', 'themes', 'vector-icons', 'welcome.html', 'sw.js', 'manifest.json'])
  cpSync(path.join(riot, 'res', name), path.join(site, name), { recursive: true });
cpSync(path.join(react, 'res/media'), path.join(site, 'media'), { recursive: true });
cpSync(path.join(modules, 'olm/olm_legacy.js'), path.join(site, 'olm_legacy.js'));
const styles = ['gfm.css/gfm.css', 'highlight.js/styles/github.css'].map((name) => require.resolve(name));
writeFileSync(path.join(site, 'bundle.css'), styles.map((file) => readFileSync(file, 'utf8')).join('\n'));
writeFileSync(path.join(site, 'index.html'), page());
writeFileSync(path.join(site, 'i18n/en_EN.json'), JSON.stringify(translations()));
const languages = { en: { fileName: 'en_EN.json', label: 'English' } };
writeFileSync(path.join(site, 'i18n/languages.json'), JSON.stringify(languages));
writeFileSync(path.join(site, 'config.json'), JSON.stringify(config, null, 2));
writeFileSync(path.join(site, 'version'), '1.7.14');
