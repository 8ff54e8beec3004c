import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'basic-ftp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';
import { clientOf, secretOf, startHub, type RunningHub } from '../support/ftp-hub';
import { publishRound, randomFile, sha256 } from '../support/hub-folders';
import { RawFtp } from '../support/raw-ftp';

const never = new AbortController().signal;
let hub: RunningHub;
beforeEach(async () => {
  hub = await startHub();
});
afterEach(() => hub.end());

async function sendBatch(site: number, batch: number): Promise<Buffer> {
  const file = hub.folders.local(`batch of ${site}`);
  const content = await randomFile(file, 1000);
  const link = createFtpHubLink(hub.linkOptions(site));
  await link.sendBatch(batch, file, { signal: never });
  link.close();
  return content;
}

async function namesIn(client: Client, folder: string): Promise<string[]> {
  return (await client.list(folder)).map(({ name }) => name).sort();
}

test('two sites each see their own batches, and the same rounds', async () => {
  await sendBatch(1, 11);
  await sendBatch(2, 22);
  await publishRound(hub.folders.rounds, 1, Buffer.from('changes'));
  for (const [site, batch] of [
    [1, '000011.batch'],
    [2, '000022.batch'],
  ] as const) {
    const client = await clientOf(hub, site);
    expect(await namesIn(client, '/')).toEqual([
      'acks',
      'answers',
      'batches',
      'questions',
      'requests',
      'rounds',
      'status.json',
    ]);
    expect(await namesIn(client, '/batches')).toEqual([batch]);
    expect(await namesIn(client, '/rounds')).toEqual(['000001']);
    expect(await namesIn(client, '/rounds/000001')).toEqual(['manifest.json', 'origin-000.segment']);
    client.close();
  }
});

test('nothing outside the tree, and nothing by a link, can be reached', async () => {
  await sendBatch(2, 1);
  await publishRound(hub.folders.rounds, 1, Buffer.from('changes'));
  await writeFile(join(hub.folders.root, 'secret'), 'secret');
  await mkdir(join(hub.folders.sites, '1', 'batches'), { recursive: true });
  await symlink(join(hub.folders.root, 'secret'), join(hub.folders.sites, '1', 'batches', '000009.batch'));
  await symlink(hub.folders.root, join(hub.folders.rounds, '000008'));
  await writeFile(join(hub.folders.rounds, '000001', 'manifest.json.tmp'), 'half');
  const line = await RawFtp.open(hub.port);
  await line.login(1, secretOf(1));
  const places = [
    '//../x',
    '/../../secret',
    '..\\..\\secret',
    '/batches/..\\..\\2\\batches\\000001.batch',
    '/batches/../../2/batches/000001.batch',
    '/rounds/000001/../../../secret',
    '/rounds/000001/manifest.json.tmp',
    '/rounds/000001/manifest.json/x',
    '/rounds/1/manifest.json',
    '/rounds/000008/secret',
    '/batches/000009.batch',
    '/batches/000001.batch\0.part',
    'C:/Windows/win.ini',
    '/etc/passwd',
    '-R /etc',
    'file:///etc/passwd',
  ];
  for (const place of places) {
    await line.dataPort();
    expect([place, await line.command(`RETR ${place}`)]).toEqual([place, expect.stringMatching(/^550 /)]);
    expect([place, await line.command(`SIZE ${place}`)]).toEqual([place, expect.stringMatching(/^550 /)]);
    expect([place, await line.command(`STOR ${place}`)]).toEqual([place, expect.stringMatching(/^550 /)]);
    expect([place, await line.command(`CWD ${place}`)]).toEqual([place, expect.stringMatching(/^550 /)]);
    expect([place, await line.command(`DELE ${place}`)]).toEqual([place, expect.stringMatching(/^550 /)]);
  }
  expect(await line.command('CWD ..')).toMatch(/^550 /);
  expect(await line.command('CDUP')).toMatch(/^550 /);
  expect(await line.command('PWD')).toMatch(/^257 "\/"/);
  for (const refused of [
    'MKD /x',
    'RMD /batches',
    'SITE CHMOD 777 /',
    'PORT 127,0,0,1,0,80',
    'EPRT |1|127.0.0.1|80|',
  ])
    expect(await line.command(refused)).toMatch(/^502 /);
  line.close();
});

test('a final name never changes: no overwrite, no append, no deletion, no rename away', async () => {
  const content = await sendBatch(1, 5);
  const line = await RawFtp.open(hub.port);
  await line.login(1, secretOf(1));
  const final = '/batches/000005.batch';
  for (const command of ['STOR', 'APPE', 'DELE', 'RNFR'])
    expect(await line.command(`${command} ${final}`)).toMatch(/^(425|550) /);
  await line.dataPort();
  expect(await line.command(`STOR ${final}`)).toMatch(/^550 /);
  line.close();
  expect(await readFile(join(hub.folders.sites, '1', 'batches', '000005.batch'))).toEqual(content);
});

test('a part whose content is not what its name promised is refused and deleted', async () => {
  const client = await clientOf(hub, 1);
  const file = hub.folders.local('file');
  await randomFile(file, 1000);
  const part = `/batches/000001-${'0'.repeat(16)}.part`;
  await client.uploadFrom(file, part);
  await expect(client.rename(part, '/batches/000001.batch')).rejects.toMatchObject({ code: 556 });
  expect(await readdir(join(hub.folders.sites, '1', 'batches'))).toEqual([]);
  expect(hub.stored).toEqual([]);
  client.close();
});

test('a round without manifest is not there yet', async () => {
  await mkdir(join(hub.folders.rounds, '000004'));
  await writeFile(join(hub.folders.rounds, '000004', 'origin-000.segment'), 'x');
  const client = await clientOf(hub, 1);
  expect(await namesIn(client, '/rounds')).toEqual([]);
  await expect(client.size('/rounds/000004/origin-000.segment')).rejects.toMatchObject({ code: 550 });
  client.close();
});

test('sizes, offsets and empty files', async () => {
  const client = await clientOf(hub, 1);
  const name = `/batches/000001-${sha256(Buffer.alloc(0)).slice(0, 16)}.part`;
  const file = hub.folders.local('empty');
  await writeFile(file, '');
  await client.uploadFrom(file, name);
  expect(await client.size(name)).toBe(0);
  await publishRound(hub.folders.rounds, 1, Buffer.from('0123456789'));
  const segment = '/rounds/000001/origin-000.segment';
  // An offset asked for a transfer that failed must not reach the next one.
  await client.send('REST 4');
  await expect(client.downloadTo(hub.folders.local('x'), '/rounds/000009/manifest.json')).rejects.toThrow();
  await client.downloadTo(hub.folders.local('whole'), segment);
  expect(await readFile(hub.folders.local('whole'), 'utf8')).toBe('0123456789');
  await client.send('REST 400');
  await expect(client.downloadTo(hub.folders.local('y'), segment)).rejects.toMatchObject({ code: 554 });
  client.close();
});

test('whatever a site says tells the hub that it is there, a look at a round too', async () => {
  const heard: number[] = [];
  const other = await startHub({ events: { heard: (site) => heard.push(site) } });
  try {
    const link = createFtpHubLink(other.linkOptions(2));
    await link.status(never);
    const before = heard.length;
    expect(await link.isPublished(1, never)).toBe(false);
    link.close();
    expect(heard.length).toBeGreaterThan(before);
    expect(new Set(heard)).toEqual(new Set([2]));
  } finally {
    await other.end();
  }
});
