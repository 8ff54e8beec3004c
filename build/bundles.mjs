/** The bundles the product is made of, one function each. Used by build.mjs and by the end-to-end tests. */
import { chmod, copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import path from 'node:path';
import vue from '@vitejs/plugin-vue';
import { build } from 'vite';
import { elementStyles } from './element-styles.mjs';
import { helpPages, pictures } from './help-pages.mjs';
import { licencesDefine } from './licences.mjs';

export const root = path.dirname(import.meta.dirname);

// These packages have no CommonJS form, and the Node 21 of NW.js 0.87 cannot `require` any other: they go into the bundle.
const ESM_ONLY = ['birpc'];

const builtins = new Set(builtinModules);

/** Vite's `rollupOptions.external`: what a Node-side bundle leaves to `require`. */
function isExternal(id) {
  if (id.startsWith('node:') || builtins.has(id)) return true;
  if (id.startsWith('.') || path.isAbsolute(id) || id.startsWith('\0')) return false;
  return !ESM_ONLY.some((name) => id === name || id.startsWith(`${name}/`));
}

/** Packages that take long to load and that most starts of the command line have no need of. */
const LOADED_WHEN_USED = ['mssql', 'selfsigned', 'ftp-srv', 'nodemailer', 'pdfkit'];

/** Their `require` waits until something of them is used; a package of which something is used at once gains nothing. */
const loadWhenUsed = {
  name: 'load-when-used',
  renderChunk(code) {
    const names = LOADED_WHEN_USED.join('|');
    const required = new RegExp(
      `let (\\w+) = require\\("(${names})"\\);(?:\\n\\1 = __toESM\\(\\1\\);)?`,
      'g',
    );
    const lazy = code.replace(required, (found, name, source) => {
      const load = found.includes('__toESM') ? `__toESM(require("${source}"))` : `require("${source}")`;
      return `const ${name} = whenUsed(() => ${load});`;
    });
    if (lazy === code) return null;
    return `${lazy}
function whenUsed(load) {
  let loaded;
  return new Proxy({}, { get: (_, name) => (loaded ??= load())[name] });
}
`;
  },
};

/** A plain CommonJS file with no `import()` left in it: NW.js crashes on one in a Node-side script. */
export async function bundleNode(entry, outFile, { executable = false, plugins = [] } = {}) {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    plugins: [loadWhenUsed, ...plugins],
    define: { 'process.env.NODE_ENV': JSON.stringify('production'), ...(await licencesDefine()) },
    resolve: { mainFields: ['main'] },
    ssr: { noExternal: true, resolve: { mainFields: ['main'] } },
    build: {
      ssr: true,
      target: 'node20',
      outDir: path.dirname(outFile),
      emptyOutDir: false,
      minify: false,
      copyPublicDir: false,
      rollupOptions: {
        input: entry,
        external: isExternal,
        output: {
          format: 'cjs',
          codeSplitting: false,
          entryFileNames: path.basename(outFile),
          banner: executable ? '#!/usr/bin/env node' : '',
        },
      },
    },
  });
  await refuseDynamicImport(outFile);
  if (executable) await chmod(outFile, 0o755);
}

/** The page: one classic script and one style sheet, so that it loads from a file and needs no Node. */
async function bundlePage(outDir) {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    plugins: [vue(), elementStyles(), helpPages()],
    define: {
      'process.env.NODE_ENV': JSON.stringify('production'),
      __VUE_OPTIONS_API__: 'false',
      __VUE_PROD_DEVTOOLS__: 'false',
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
      __VUE_I18N_FULL_INSTALL__: 'false',
      __VUE_I18N_LEGACY_API__: 'false',
      __INTLIFY_PROD_DEVTOOLS__: 'false',
    },
    build: {
      target: 'chrome124',
      outDir,
      emptyOutDir: false,
      copyPublicDir: false,
      assetsInlineLimit: Number.MAX_SAFE_INTEGER,
      cssCodeSplit: false,
      modulePreload: false,
      rollupOptions: {
        input: path.join(root, 'app/page.ts'),
        output: {
          format: 'iife',
          entryFileNames: 'page.js',
          assetFileNames: (asset) => (asset.names[0]?.endsWith('.css') ? 'page.css' : '[name][extname]'),
        },
      },
    },
  });
}

const ICONS = [
  'icon.png',
  ...['good', 'neutral', 'busy', 'warning', 'bad'].map((level) => `tray-${level}.png`),
];

/** The NW.js application folder, but for worker.js: that is the engine's, or a test's own. */
export async function bundleApp(outDir) {
  await mkdir(outDir, { recursive: true });
  await Promise.all([
    bundlePage(outDir),
    bundleNode(path.join(root, 'app/main/main.ts'), path.join(outDir, 'main.js')),
    bundleNode(path.join(root, 'app/main/engine-thread.ts'), path.join(outDir, 'engine-thread.js')),
    writeManifest(path.join(outDir, 'package.json')),
    copyFile(path.join(root, 'app/index.html'), path.join(outDir, 'index.html')),
    cp(pictures, path.join(outDir, 'help'), { recursive: true }),
    ...ICONS.map((name) => copyFile(path.join(root, 'assets', name), path.join(outDir, name))),
  ]);
}

/** The manifest's version is the product's: written once, in the root package.json. */
async function writeManifest(outFile) {
  const [manifest, product] = await Promise.all(
    ['app/package.json', 'package.json'].map(async (file) =>
      JSON.parse(await readFile(path.join(root, file), 'utf8')),
    ),
  );
  await writeFile(outFile, `${JSON.stringify({ ...manifest, version: product.version }, null, 2)}\n`);
}

async function refuseDynamicImport(file) {
  const code = await readFile(file, 'utf8');
  if (/\bimport\s*\(/.test(code)) throw new Error(`${file} holds an import(): NW.js would crash on it`);
}
