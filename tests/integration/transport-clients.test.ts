import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { secretOf, startHub, type RunningHub } from '../support/ftp-hub';
import { publishRound, randomFile, sha256 } from '../support/hub-folders';

const run = promisify(execFile);
const isThere = (program: string): Promise<boolean> =>
  run(program, ['--version']).then(
    () => true,
    () => false,
  );
const [curl, lftp] = await Promise.all([isThere('curl'), isThere('lftp')]);

let hub: RunningHub;
beforeAll(async () => {
  hub = await startHub();
  await publishRound(hub.folders.rounds, 1, Buffer.from('changes'));
});
afterAll(() => hub.end());

async function withCurl(path: string, ...more: string[]): Promise<string> {
  const url = `ftp://127.0.0.1:${hub.port}${path}`;
  const login = `site1:${secretOf(1)}`;
  const { stdout } = await run('curl', ['-sS', '-k', '--ssl-reqd', '-m', '20', '-u', login, url, ...more]);
  return stdout;
}

const names = (listing: string): string[] => listing.trim().split(/\r?\n/);

test.runIf(curl)('curl sees the tree, reads a round and leaves a batch', async () => {
  expect(names(await withCurl('/', '-l'))).toEqual([
    'acks',
    'answers',
    'batches',
    'questions',
    'requests',
    'rounds',
    'status.json',
  ]);
  expect(await withCurl('/rounds/')).toMatch(/^drwxr-xr-x .* 000001\r?\n$/);
  for (const passive of ['--ftp-pasv', '--disable-epsv'])
    expect(await withCurl('/rounds/000001/origin-000.segment', passive)).toBe('changes');
  expect(await withCurl('/rounds/000001/origin-000.segment', '-C', '3')).toBe('nges');
  const file = hub.folders.local('batch');
  const content = await randomFile(file, 300_000);
  const part = `/batches/000001-${sha256(content).slice(0, 16)}.part`;
  await withCurl(part, '-T', file, '-Q', `-RNFR ${part}`, '-Q', '-RNTO /batches/000001.batch');
  expect(sha256(await readFile(join(hub.folders.sites, '1', 'batches', '000001.batch')))).toBe(
    sha256(content),
  );
});

test.runIf(lftp)(
  'lftp, which shakes hands after 150, sees the tree, reads and writes',
  async () => {
    const file = hub.folders.local('batch for lftp');
    const content = await randomFile(file, 300_000);
    const part = `/batches/000002-${sha256(content).slice(0, 16)}.part`;
    const script = hub.folders.local('script');
    const lines = [
      'set ftp:ssl-force true',
      'set ssl:verify-certificate no',
      'set net:max-retries 1',
      'set net:timeout 10',
      `open -u "site1,${secretOf(1)}" -p ${hub.port} 127.0.0.1`,
      'cls -1 /',
      'cat /rounds/000001/origin-000.segment',
      `put "${file}" -o ${part}`,
      `mv ${part} /batches/000002.batch`,
    ];
    await writeFile(script, lines.join('\n'));
    const { stdout } = await run('lftp', ['-f', script], { timeout: 30_000 });
    expect(stdout).toContain(
      '/acks/\n/answers/\n/batches/\n/questions/\n/requests/\n/rounds/\n/status.json\nchanges',
    );
    expect(sha256(await readFile(join(hub.folders.sites, '1', 'batches', '000002.batch')))).toBe(
      sha256(content),
    );
  },
  40_000,
);
