import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secretOf, startHub, type RunningHub } from '../support/ftp-hub';
import { publishRound, randomFile, sha256 } from '../support/hub-folders';

const run = promisify(execFile);
const isThere = (program: string): Promise<boolean> =>
  run(program, ['--version']).then(
    () => true,
    // ncftp knows no such option, and says so.
    (error: unknown) => !(error instanceof Error && 'code' in error && error.code === 'ENOENT'),
  );
const [curl, lftp, ncftp] = await Promise.all([isThere('curl'), isThere('lftp'), isThere('ncftpput')]);

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

/** What a cut upload left at the hub, and the whole of it here. */
async function cutUpload(
  of: RunningHub,
  batch: string,
): Promise<{ file: string; part: string; content: Buffer }> {
  const file = of.folders.local(`batch ${batch}`);
  const content = await randomFile(file, 300_000);
  const name = `${batch}-${sha256(content).slice(0, 16)}.part`;
  const folder = join(of.folders.sites, '1', 'batches');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), content.subarray(0, 100_000));
  return { file, part: `/batches/${name}`, content };
}

const batchAt = (of: RunningHub, batch: string): Promise<Buffer> =>
  readFile(join(of.folders.sites, '1', 'batches', `${batch}.batch`));

test.runIf(curl)('curl goes on with an upload that was cut', async () => {
  const { file, part, content } = await cutUpload(hub, '000010');
  // Had it begun anew, the hub would have found another digest or the same: the bytes that pass tell.
  const sent = await withCurl(part, '-C', '-', '-T', file, '-w', '%{size_upload}');
  expect(Number(sent)).toBe(200_000);
  await withCurl('/', '-l', '-Q', `RNFR ${part}`, '-Q', 'RNTO /batches/000010.batch');
  expect(sha256(await batchAt(hub, '000010'))).toBe(sha256(content));
});

test.runIf(lftp)('lftp goes on with what was cut, in both directions', async () => {
  const { file, part, content } = await cutUpload(hub, '000011');
  const got = hub.folders.local('segment for lftp');
  await writeFile(got, 'cha');
  const script = hub.folders.local('script to resume');
  const lines = [
    'set ftp:ssl-force true',
    'set ssl:verify-certificate no',
    'set net:max-retries 1',
    'set net:timeout 10',
    `open -u "site1,${secretOf(1)}" -p ${hub.port} 127.0.0.1`,
    `get -c /rounds/000001/origin-000.segment -o "${got}"`,
    `put -c "${file}" -o ${part}`,
    `mv ${part} /batches/000011.batch`,
  ];
  await writeFile(script, lines.join('\n'));
  await run('lftp', ['-f', script], { timeout: 30_000 });
  expect(await readFile(got, 'utf8')).toBe('changes');
  expect(sha256(await batchAt(hub, '000011'))).toBe(sha256(content));
});

describe.runIf(ncftp)('ncftp, which knows no TLS', () => {
  async function account(of: RunningHub): Promise<string[]> {
    const file = of.folders.local('account');
    await writeFile(file, `host 127.0.0.1\nuser site1\npass ${secretOf(1)}\n`);
    return ['-f', file, '-P', String(of.port), '-t', '10', '-r', '1'];
  }

  test('is refused in plain words where TLS is required', async () => {
    const listed = run('ncftpls', [...(await account(hub)), 'ftp://127.0.0.1/rounds/'], { timeout: 30_000 });
    const refused: unknown = await listed.catch((error: unknown) => error);
    expect(refused).toMatchObject({ stderr: expect.stringContaining('TLS first: AUTH TLS') as string });
    expect(hub.server.blocked()).toEqual([]);
  });

  test('works where TLS was turned off by hand, and goes on with what was cut', async () => {
    const plain = await startHub({ tls: null });
    try {
      await publishRound(plain.folders.rounds, 1, Buffer.from('changes'));
      const as = await account(plain);
      const { file, part, content } = await cutUpload(plain, '000012');
      // By sendfile it would begin at the start of the file, wherever it resumes: the hub then refuses the name.
      const renames = ['-Y', `RNFR ${part}`, '-Y', 'RNTO /batches/000012.batch'];
      await run('ncftpput', [...as, '-s', '-z', ...renames, '-C', file, part], { timeout: 30_000 });
      expect(sha256(await batchAt(plain, '000012'))).toBe(sha256(content));
      const folder = plain.folders.local('round');
      await mkdir(folder);
      const got = join(folder, 'origin-000.segment');
      await writeFile(got, 'cha');
      await run('ncftpget', [...as, '-z', folder, '/rounds/000001/origin-000.segment'], { timeout: 30_000 });
      expect(await readFile(got, 'utf8')).toBe('changes');
    } finally {
      await plain.end();
    }
  });
});
