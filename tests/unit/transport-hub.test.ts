import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/shared/clock';
import { allowList } from '../../src/transport/allow-list';
import { announcedAddress, networkOf, plainAddress } from '../../src/transport/hub/addresses';
import { blockedLimit, BlockedAddresses, defaultBlockingRules } from '../../src/transport/hub/blocked';
import { LineReader } from '../../src/transport/hub/line-reader';
import { longListing } from '../../src/transport/hub/listing';
import { nodeAt, nodeName, walk } from '../../src/transport/hub/tree';
import { finalName, parseFinalName, parsePartName, partName } from '../../src/transport/names';

describe('tree', () => {
  const nodeOf = (path: string): unknown => {
    const segments = walk([], path);
    return segments && nodeAt(segments);
  };

  test('names what is there and nothing else', () => {
    expect(nodeOf('/batches/000042.batch')).toEqual({ kind: 'final', inbox: 'batches', number: 42 });
    expect(nodeOf('/acks/1234567.json')).toEqual({ kind: 'final', inbox: 'acks', number: 1_234_567 });
    expect(nodeOf('/rounds/../status.json')).toEqual({ kind: 'status' });
    for (const path of [
      ...['/..', '/a', '/batches/42.batch', '/batches/000000.batch', '/batches/0000042.batch'],
      ...['/batches/000042.json', '/acks/000001.batch', '/batches/000042.batch.part', '/rounds/000001/x'],
      ...['/rounds/000001/origin-000.segment.tmp', '/status.json/x', '/batches/000001.batch\u0000'],
    ])
      expect([path, nodeOf(path)]).toEqual([path, null]);
  });

  test('no path, however strange, names a place whose name is not its own', () => {
    const piece = fc.oneof(
      fc.constantFrom('..', '.', '', 'batches', 'acks', 'rounds', '000001', 'manifest.json', '000001.batch'),
      fc.string(),
      fc.string().map((text) => `${text}\\..\\`),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const segments = walk([], pieces.join('/'));
        const node = segments && nodeAt(segments);
        if (!segments || !node || node.kind === 'root') return;
        expect(nodeName(node)).toBe(segments.at(-1));
        expect(segments.join('/')).toMatch(/^[a-z0-9.\-/]+$/);
        expect(segments).not.toContain('..');
      }),
    );
  });

  test('names and numbers go both ways', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999 }), (number) => {
        expect(parseFinalName('batches', finalName('batches', number))).toBe(number);
        const digest = 'ab'.repeat(32);
        expect(parsePartName(partName(number, digest))).toEqual({ number, digest: digest.slice(0, 16) });
      }),
    );
  });
});

describe('line reader', () => {
  test('makes the same lines however they are cut', () => {
    const bytes = Buffer.from('USER é\r\nPASS a "b"\n\r\nNOOP\r\n');
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (cuts) => {
        const reader = new LineReader();
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const lines = edges.flatMap((edge, index) =>
          reader.feed(bytes.subarray(edge, edges[index + 1] ?? edge)),
        );
        expect(lines).toEqual(['USER é', 'PASS a "b"', 'NOOP']);
      }),
    );
  });

  test('refuses a line without end, and forgets what it is told to forget', () => {
    expect(new LineReader().feed(Buffer.alloc(2000, 65))).toBeNull();
    const reader = new LineReader();
    reader.feed(Buffer.from('USER eve'));
    reader.drop();
    expect(reader.feed(Buffer.from('NOOP\r\n'))).toEqual(['NOOP']);
    expect(reader.feed(Buffer.from([0xff, 0xf4, 0xff, 0xf2, ...Buffer.from('ABOR\r\n')]))).toEqual(['ABOR']);
  });
});

describe('blocked addresses', () => {
  let folder: string;
  let now = 0;
  const clock: Clock = { now: () => now, delay: () => Promise.resolve() };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'synchronisation-blocked-'));
    now = 1_000_000;
  });
  afterEach(() => rm(folder, { recursive: true }));
  const make = (rules = {}): BlockedAddresses =>
    new BlockedAddresses({
      ...{ file: join(folder, 'blocked.json'), rules: { ...defaultBlockingRules, ...rules }, clock },
      changed: () => undefined,
    });

  test('five failures within ten minutes block an address for an hour', async () => {
    const blocked = make();
    for (let time = 0; time < 4; time += 1) await blocked.failed('1.2.3.4', 'lyon');
    expect(blocked.has('1.2.3.4')).toBe(false);
    await blocked.failed('1.2.3.4', 'lyon');
    expect(blocked.has('1.2.3.4')).toBe(true);
    expect(blocked.has('1.2.3.5')).toBe(false);
    expect(make().list()).toEqual(blocked.list());
    now += 59 * 60_000;
    expect(blocked.has('1.2.3.4')).toBe(true);
    now += 60_000;
    expect(blocked.has('1.2.3.4')).toBe(false);
    expect(blocked.list()).toEqual([]);
  });

  test('old failures, and those before a right login, do not count', async () => {
    const blocked = make();
    for (let time = 0; time < 4; time += 1) await blocked.failed('a', 'lyon');
    now += 10 * 60_000;
    await blocked.failed('a', 'lyon');
    expect(blocked.has('a')).toBe(false);
    for (let time = 0; time < 3; time += 1) await blocked.failed('a', 'lyon');
    blocked.succeeded('a');
    await blocked.failed('a', 'lyon');
    expect(blocked.has('a')).toBe(false);
  });

  test('the names that were tried are kept, the last ones first, and not without end', async () => {
    const blocked = make({ threshold: 14 });
    for (let guess = 0; guess < 12; guess += 1) await blocked.failed('a', `user ${String(guess)}`);
    await blocked.failed('a', 'user 5');
    await blocked.failed('a', 'x'.repeat(1000));
    const [entry] = make().list();
    expect(entry?.attempts).toBe(14);
    expect(entry?.users).toHaveLength(10);
    expect(entry?.users.slice(0, 3)).toEqual(['x'.repeat(64), 'user 5', 'user 11']);
  });

  test('one address is let in again, the others stay out', async () => {
    const blocked = make({ threshold: 1 });
    for (const address of ['a', 'b']) await blocked.failed(address, 'lyon');
    await blocked.unblock('a');
    expect([blocked.has('a'), blocked.has('b')]).toEqual([false, true]);
    expect(make().list()).toMatchObject([{ address: 'b' }]);
  });

  test('an address that is allowed is never blocked, nor stays so', async () => {
    await make({ threshold: 1 }).failed('192.168.1.9', 'lyon');
    const blocked = make({ threshold: 1, allows: allowList(['192.168.1.0/24', 'fe80::/10', '10.0.0.1']) });
    expect(blocked.has('192.168.1.9')).toBe(false);
    for (const address of ['192.168.1.20', 'fe80::1', '10.0.0.1', '10.0.0.2', 'nonsense'])
      await blocked.failed(address, 'lyon');
    expect(blocked.list().map(({ address }) => address)).toEqual(['10.0.0.2', 'nonsense']);
  });

  test('who has one IPv6 address of a /64 network has them all; one that is allowed gets in all the same', async () => {
    const blocked = make({ threshold: 2, allows: allowList(['2001:db8::5']) });
    await blocked.failed('2001:db8::1', 'lyon');
    await blocked.failed('2001:db8:0:0:ab::2', 'lyon');
    expect(blocked.list()).toMatchObject([{ address: '2001:db8:0:0::/64', attempts: 2 }]);
    const refused = ['2001:db8::1', '2001:db8:0:0:ffff::9', '2001:db8:0:1::1', '2001:db8::5'];
    expect(refused.map((address) => blocked.has(address))).toEqual([true, true, false, false]);
    await blocked.unblock('2001:db8:0:0::/64');
    expect(blocked.has('2001:db8::1')).toBe(false);
  });

  test('a list that an older version wrote is read', async () => {
    const entry = { address: 'a', attempts: 5, firstAt: 1, lastAt: 2, until: null };
    await writeFile(join(folder, 'blocked.json'), JSON.stringify([entry]));
    expect(make().list()).toEqual([{ ...entry, users: [] }]);
  });

  test('without an end, only a clearing lets the address in again', async () => {
    const blocked = make({ threshold: 1, durationMilliseconds: null });
    await blocked.failed('a', 'lyon');
    now += 1e12;
    expect(blocked.list()).toMatchObject([{ address: 'a', until: null }]);
    await blocked.clear();
    expect(make().list()).toEqual([]);
  });

  test('however many addresses an attacker has, the list stays bounded in memory and on disk', async () => {
    const blocked = make({ threshold: 1, durationMilliseconds: null });
    const address = (number: number): string => `10.0.${String(number >> 8)}.${String(number & 255)}`;
    const failures = Array.from({ length: blockedLimit + 50 }, (_, number) =>
      blocked.failed(address(number), `${String(number)} ${'x'.repeat(1000)}`),
    );
    await Promise.all(failures);
    expect(blocked.list()).toHaveLength(blockedLimit);
    expect([0, 49, 50].map((number) => blocked.has(address(number)))).toEqual([false, false, true]);
    expect(make().list()).toEqual(blocked.list());
    expect((await stat(join(folder, 'blocked.json'))).size).toBeLessThan(2 * 1024 * 1024);
    // Who goes on is blocked again, and is then not the first to be let go.
    await blocked.failed(address(0), 'again');
    await blocked.failed(address(51), 'again');
    expect([0, 51, 50].map((number) => blocked.has(address(number)))).toEqual([true, true, false]);
  });

  test('a list longer than it may be is read as far as it goes', async () => {
    const entries = Array.from({ length: blockedLimit + 1 }, (_, number) => ({
      ...{ address: String(number), attempts: 5, users: [], firstAt: 1, lastAt: 2, until: null },
    }));
    await writeFile(join(folder, 'blocked.json'), JSON.stringify(entries));
    const list = make().list();
    expect([list.length, list[0]?.address]).toEqual([blockedLimit, '1']);
  });

  test('a damaged file blocks nobody', async () => {
    await writeFile(join(folder, 'blocked.json'), '[{"address":');
    expect(make().list()).toEqual([]);
  });
});

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['2001:0db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::4:5:6', '2001:db8:0:0::/64'],
  ['1:2:3::', '1:2:3:0::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
])('%s is of the network %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test('addresses have one spelling, and PASV announces one that the peer can reach', async () => {
  expect(plainAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
  expect(plainAddress('::1')).toBe('::1');
  expect(await announcedAddress(null, '8.8.8.8', '10.0.0.1')).toBe('10.0.0.1');
  expect(await announcedAddress('81.2.3.4', '8.8.8.8', '10.0.0.1')).toBe('81.2.3.4');
  expect(await announcedAddress('81.2.3.4', '10.0.0.7', '10.0.0.1')).toBe('10.0.0.1');
  await expect(announcedAddress(null, '2001:db8::1', '2001:db8::2')).rejects.toMatchObject({ reply: 425 });
});

test('a public name is looked up at each transfer, and never for a peer of the local network', async () => {
  const asked: string[] = [];
  const addresses = ['81.2.3.4', '81.2.3.99'];
  const resolve = (name: string): Promise<string> => {
    asked.push(name);
    const address = addresses.shift();
    return address === undefined ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(address);
  };
  const announced = (peer: string): Promise<string> =>
    announcedAddress('siege.example.org', peer, '10.0.0.1', resolve);
  expect(await announced('8.8.8.8')).toBe('81.2.3.4');
  expect(await announced('192.168.1.7')).toBe('10.0.0.1');
  expect(await announced('8.8.8.8')).toBe('81.2.3.99');
  // EPSV needs no address.
  await expect(announced('8.8.8.8')).rejects.toMatchObject({ reply: 425 });
  expect(asked).toEqual(['siege.example.org', 'siege.example.org', 'siege.example.org']);
  expect(await announcedAddress('localhost', '8.8.8.8', '10.0.0.1')).toBe('127.0.0.1');
});

test('a listing shows the time of day for what is recent, the year for what is old', () => {
  const now = Date.UTC(2009, 5, 15);
  const entry = { name: '000001.batch', folder: false, size: 12, modified: Date.UTC(2009, 5, 1, 3, 4) };
  expect(longListing([entry, { ...entry, modified: Date.UTC(2007, 0, 2) }], now)).toBe(
    '-rw-r--r-- 1 hub hub           12 Jun 01 03:04 000001.batch\r\n' +
      '-rw-r--r-- 1 hub hub           12 Jan 02  2007 000001.batch\r\n',
  );
});
