/** The application folder of a package: the bundles, and of the packages that they `require` what runs. */
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';

/** Bundles of the application; the demonstration stays at home. */
const BUNDLES = ['main.js', 'engine-thread.js', 'worker.js', 'synchro.js'];

const CODE = /\.(js|cjs|json|node)$/;
const LICENCE = /^(licen[cs]e|copying|notice)\b/i;
/** Folders of packages with nothing in them that runs. */
const IDLE = new Set([
  'test',
  'tests',
  '__tests__',
  'docs',
  'examples',
  'benchmark',
  'benchmarks',
  '.github',
]);

/**
 * `system` as in the names of the SQLite prebuilds: `linux-x64`, `win32-x64`. `product`: what build.mjs made.
 * The developer tools, which the SDK flavour of NW.js has, are closed.
 */
export async function writePayload({ product, modules, system, outDir }) {
  await cp(path.join(product, 'app'), outDir, { recursive: true });
  await cp(path.join(product, 'synchro.js'), path.join(outDir, 'synchro.js'));
  await closeDeveloperTools(path.join(outDir, 'package.json'));
  const names = await requiredBy(BUNDLES.map((name) => path.join(outDir, name)));
  for (const folder of await closure(names, modules)) {
    const copy = path.join(outDir, 'node_modules', path.relative(modules, folder));
    await copyPackage(folder, copy, folder === path.join(modules, '@photostructure/sqlite') ? system : null);
  }
}

async function closeDeveloperTools(file) {
  const manifest = JSON.parse(await readFile(file, 'utf8'));
  const closed = { ...manifest, 'chromium-args': `${manifest['chromium-args']} --disable-devtools` };
  await writeFile(file, `${JSON.stringify(closed, null, 2)}\n`);
}

async function requiredBy(files) {
  const names = new Set();
  for (const file of files) {
    for (const [, source] of (await readFile(file, 'utf8')).matchAll(/require\("([^"]+)"\)/g)) {
      if (/^(node:|\.|url$)/.test(source)) continue;
      names.add(
        source
          .split('/')
          .slice(0, source.startsWith('@') ? 2 : 1)
          .join('/'),
      );
    }
  }
  return names;
}

/** Folders of these packages and of all that they depend on, each where Node would find it. */
async function closure(names, modules) {
  const folders = new Set();
  const add = async (name, from, optional) => {
    const folder = lookUp(name, from, modules);
    if (folder === null) {
      if (optional) return;
      throw new Error(`${name} is not installed`);
    }
    if (folders.has(folder)) return;
    folders.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = await manifestOf(folder);
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies }))
      await add(dependency, folder, dependency in optionalDependencies || dependency.startsWith('@types/'));
  };
  for (const name of names) await add(name, modules, false);
  return [...folders].filter((folder) => !path.relative(modules, folder).startsWith('@types'));
}

function lookUp(name, from, modules) {
  for (let folder = from; folder.startsWith(modules); folder = path.dirname(folder)) {
    const found = folder === modules ? path.join(modules, name) : path.join(folder, 'node_modules', name);
    if (existsSync(path.join(found, 'package.json'))) return found;
  }
  return null;
}

async function manifestOf(folder) {
  return JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
}

/** Nested packages are copied by their own; of prebuilds, those of one system. */
async function copyPackage(from, to, prebuilds) {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = path.join(to, entry.name);
    if (entry.isDirectory()) {
      if (entry.name === 'node_modules' || IDLE.has(entry.name)) continue;
      if (path.basename(from) === 'prebuilds' && prebuilds !== null && entry.name !== prebuilds) continue;
      await copyPackage(source, target, prebuilds);
    } else if (CODE.test(entry.name) || LICENCE.test(entry.name)) await cp(source, target);
  }
}
