/** The packages that are delivered with the product, with their licences, as the lock file knows them. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);

/** `[{name, version, licence}]`, by name; development packages are not delivered. */
export async function licences() {
  const lock = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(lock.packages)
    .filter(([folder, { dev, link }]) => folder !== '' && dev !== true && link !== true)
    .map(([folder, { name, version, license }]) => ({
      name: name ?? folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      licence: license ?? '',
    }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** For `define`: the sources know the list as `__LICENCES__`. */
export const licencesDefine = async () => ({ __LICENCES__: JSON.stringify(await licences()) });
