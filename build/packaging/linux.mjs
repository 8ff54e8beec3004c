/** The Linux packages: an archive to unpack anywhere, and a package for Debian and its kin. */
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from '../bundles.mjs';
import { RUNTIME_LIBRARIES } from '../debian-libraries.mjs';

const run = promisify(execFile);
const debian = path.join(import.meta.dirname, 'debian');

/** `compression`: of gzip, 1 to 9. */
export async function makeArchive(folder, { compression = 9 } = {}) {
  const file = `${folder}.tar.gz`;
  const [parent, name] = [path.dirname(folder), path.basename(folder)];
  await run('tar', [
    '-c',
    '-f',
    file,
    '-I',
    `gzip -${compression}`,
    '--owner=0',
    '--group=0',
    '-C',
    parent,
    name,
  ]);
  return file;
}

/** `compression` as dpkg-deb takes it. The program's files are linked into the package, not copied. */
export async function makeDebianPackage(folder, { version, compression = ['-Zxz'] }) {
  const out = path.dirname(folder);
  const tree = path.join(out, 'debian');
  await rm(tree, { recursive: true, force: true });
  const place = (file) => path.join(tree, file);
  for (const each of ['DEBIAN', 'opt', 'usr/bin', 'usr/share/doc/synchronisation'])
    await mkdir(place(each), { recursive: true });
  await run('cp', ['-al', folder, place('opt/synchronisation')]);
  await symlink('/opt/synchronisation/synchro', place('usr/bin/synchro'));
  await symlink('/opt/synchronisation/synchronisation', place('usr/bin/synchronisation'));
  await copyInto(place, {
    'usr/share/applications/synchronisation.desktop': path.join(debian, 'synchronisation.desktop'),
    'usr/share/icons/hicolor/256x256/apps/synchronisation.png': path.join(root, 'assets/icon.png'),
    'usr/share/icons/hicolor/scalable/apps/synchronisation.svg': path.join(root, 'assets/icon.svg'),
    'usr/lib/systemd/system/synchronisation.service': path.join(debian, 'synchronisation.service'),
    'usr/share/doc/synchronisation/copyright': path.join(root, 'LICENSE'),
    'usr/share/doc/synchronisation/README.md': path.join(root, 'README.md'),
  });
  await writeControl(place('DEBIAN'), { version, folder });
  const file = path.join(out, `synchronisation_${version}_amd64.deb`);
  await run('dpkg-deb', ['--build', '--root-owner-group', ...compression, tree, `${file}.part`]);
  await rename(`${file}.part`, file);
  await rm(tree, { recursive: true });
  return file;
}

async function copyInto(place, files) {
  for (const [target, source] of Object.entries(files)) {
    await mkdir(path.dirname(place(target)), { recursive: true });
    await cp(source, place(target));
  }
}

async function writeControl(control, { version, folder }) {
  const { stdout } = await run('du', ['-sk', folder]);
  const values = {
    version,
    size: stdout.split('\t')[0],
    libraries: RUNTIME_LIBRARIES.map((name) => `${name} | ${name}t64`).join(', '),
  };
  const text = await readFile(path.join(debian, 'control'), 'utf8');
  await writeFile(
    path.join(control, 'control'),
    text.replace(/\{(\w+)\}/g, (_, name) => values[name]),
  );
  for (const name of await readdir(debian)) {
    if (!/^(templates|postinst|prerm|postrm)$/.test(name)) continue;
    await cp(path.join(debian, name), path.join(control, name));
    if (name !== 'templates') await chmod(path.join(control, name), 0o755);
  }
}
