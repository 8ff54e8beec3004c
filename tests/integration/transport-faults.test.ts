import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { createHubServer } from '../../src/transport/hub/hub-server';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';
import type { HubServerState } from '../../src/transport/port';
import { clientOf, secretOf, type RunningHub } from '../support/ftp-hub';
import { publishRound, randomFile, sha256, statusOf } from '../support/hub-folders';
import { RawFtp } from '../support/raw-ftp';
import { startRemoteHub } from '../support/remote-hub';
import { useHubs } from '../support/use-hubs';

const mega = 1024 * 1024;
const never = new AbortController().signal;
const { ends, hubWith } = useHubs();

test('an upload cut at any byte by a hub that stops goes on at its next start', async () => {
  let cutAt = Infinity;
  const free = await freePort();
  const hub: RunningHub = await hubWith({
    port: free,
    events: {
      receiving: ({ bytes }) => {
        if (bytes < cutAt) return;
        cutAt = Infinity;
        void hub.server.stop();
      },
    },
  });
  const file = hub.folders.local('batch');
  const content = await randomFile(file, 150 * mega);
  const link = createFtpHubLink(hub.linkOptions(1));
  const starts: number[] = [];
  let cuts = 0;
  cutAt = Math.floor(Math.random() * 20 * mega);
  for (;;) {
    let first: number | undefined;
    const onProgress = (bytes: number): void => {
      first ??= bytes;
    };
    const failure: unknown = await link.sendBatch(3, file, { signal: never, onProgress }).then(
      () => null,
      (error: unknown) => error,
    );
    starts.push(first ?? -1);
    if (failure === null) break;
    expect(failure).toMatchObject({ code: 'hub.lineCut', retryable: true });
    cuts += 1;
    await hub.server.stop();
    await hub.server.start();
    if (cuts < 2) cutAt = (first ?? 0) + Math.floor(Math.random() * 20 * mega);
  }
  link.close();
  expect(cuts).toBeGreaterThan(0);
  expect(starts.at(-1)).toBeGreaterThan(0);
  expect(sha256(await readFile(join(hub.folders.sites, '1', 'batches', '000003.batch')))).toBe(
    sha256(content),
  );
}, 60_000);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('a control line cut in a transfer frees the part for the next one', async () => {
  const hub = await hubWith({ tls: null });
  const content = Buffer.alloc(1000, 1);
  const name = `/batches/000001-${sha256(content).slice(0, 16)}.part`;
  const line = await RawFtp.open(hub.port);
  await line.reply();
  await line.command('USER site1');
  await line.command(`PASS ${secretOf(1)}`);
  const data = connect(await line.dataPort(), '127.0.0.1');
  await once(data, 'connect');
  expect(await line.command(`STOR ${name}`)).toMatch(/^150 /);
  data.on('error', () => undefined);
  data.write(content.subarray(0, 400));
  const closed = once(data, 'close');
  data.resume();
  line.close();
  await closed;
  const file = hub.folders.local('batch');
  await writeFile(file, content);
  const link = createFtpHubLink({ ...hub.linkOptions(1), fingerprint: null });
  await link.sendBatch(1, file, { signal: never });
  link.close();
  expect(await readdir(join(hub.folders.sites, '1', 'batches'))).toEqual(['000001.batch']);
});

test('of two writers of one part, the newer wins and only it is told so', async () => {
  const hub = await hubWith({ tls: null });
  const content = Buffer.alloc(1000, 2);
  const name = `/batches/000001-${sha256(content).slice(0, 16)}.part`;
  const open = async (): Promise<{ line: RawFtp; data: Socket }> => {
    const line = await RawFtp.open(hub.port);
    await line.reply();
    await line.command('USER site1');
    await line.command(`PASS ${secretOf(1)}`);
    const data = connect(await line.dataPort(), '127.0.0.1');
    data.on('error', () => undefined);
    await once(data, 'connect');
    return { line, data };
  };
  const older = await open();
  expect(await older.line.command(`STOR ${name}`)).toMatch(/^150 /);
  older.data.write(content.subarray(0, 500));
  const newer = await open();
  expect(await newer.line.command(`STOR ${name}`)).toMatch(/^150 /);
  expect(await older.line.reply()).toMatch(/^4\d\d /);
  newer.data.end(content);
  expect(await newer.line.reply()).toMatch(/^226 /);
  expect(await newer.line.command(`RNFR ${name}`)).toMatch(/^350 /);
  expect(await newer.line.command('RNTO /batches/000001.batch')).toMatch(/^250 /);
  older.line.close();
  newer.line.close();
  expect(await readFile(join(hub.folders.sites, '1', 'batches', '000001.batch'))).toEqual(content);
});

test('a line that falls silent is given up in time, as something to try again', async () => {
  const sockets: Socket[] = [];
  const mute = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  ends.push(async () => {
    for (const socket of sockets) socket.destroy();
    mute.close();
    await once(mute, 'close');
  });
  const address = mute.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const options = { host: '127.0.0.1', port, user: 'a', secret: 'b', fingerprint: null };
  const link = createFtpHubLink({ ...options, timeoutMilliseconds: 200 });
  await expect(link.status(never)).rejects.toMatchObject({ code: 'hub.unreachable', retryable: true });
  mute.on('connection', (socket) => {
    socket.write('220 hello\r\n');
    socket.once('data', () => socket.write('234 go on\r\n'));
  });
  const pinned = createFtpHubLink({ ...options, fingerprint: 'AB', timeoutMilliseconds: 200 });
  await expect(pinned.status(never)).rejects.toMatchObject({ code: 'hub.lineCut', retryable: true });
  const patient = createFtpHubLink({ ...options, fingerprint: 'AB' });
  const abort = new AbortController();
  const asked = patient.status(abort.signal);
  await once(mute, 'connection');
  abort.abort(new Error('enough'));
  await expect(asked).rejects.toThrow('enough');
});

test('a part that nobody will go on with does not stay at the hub', async () => {
  const hub = await hubWith();
  const acks = join(hub.folders.sites, '1', 'acks');
  await mkdir(acks, { recursive: true });
  for (const round of [3, 4, 5])
    await writeFile(join(acks, `00000${String(round)}-0123456789abcdef.part`), 'cut');
  const link = createFtpHubLink(hub.linkOptions(1));
  await link.acknowledge({ round: 4, at: '2026-11-26T20:00:00.000Z', warnings: 0 }, never);
  link.close();
  expect((await readdir(acks)).sort()).toEqual(['000004.json', '000005-0123456789abcdef.part']);
});

test('a port that is taken, or none listening, is told apart', async () => {
  const hub = await hubWith();
  const states: HubServerState[] = [];
  const second = createHubServer({
    ...{ port: hub.port, host: '127.0.0.1', tls: hub.certificate, passivePorts: { from: 0, to: 0 } },
    ...{ sitesFolder: hub.folders.sites, roundsFolder: hub.folders.rounds },
    ...{
      blockedFile: join(hub.folders.root, 'b.json'),
      accounts: () => Promise.resolve([]),
      status: statusOf,
    },
    events: { stateChanged: (state) => states.push(state) },
  });
  await expect(second.start()).rejects.toMatchObject({ code: 'ftp.portTaken', params: { port: hub.port } });
  expect(states).toEqual([{ active: false, reason: 'portTaken' }]);
  await hub.server.stop();
  await second.start();
  expect(second.state).toEqual({ active: true, port: hub.port });
  await second.stop();
  const link = createFtpHubLink(hub.linkOptions(1));
  await expect(link.status(never)).rejects.toMatchObject({ code: 'hub.unreachable', retryable: true });
});

test('stopping ends every line and leaves nothing behind; starting again works', async () => {
  const signals = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
  const listeners = (): number[] => signals.map((signal) => process.listenerCount(signal));
  const before = listeners();
  const hub = await hubWith();
  expect(listeners()).toEqual(before);
  const line = await RawFtp.open(hub.port);
  await line.login(1, secretOf(1));
  const dataPort = await line.dataPort();
  const handles = (): number =>
    process.getActiveResourcesInfo().filter((name) => /TCP|TLS/.test(name)).length;
  await hub.server.stop();
  expect(hub.server.state).toEqual({ active: false, reason: null });
  expect(await line.reply()).toBeUndefined();
  for (const port of [hub.port, dataPort]) {
    const socket = connect(port, '127.0.0.1');
    await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  }
  await expect.poll(handles).toBe(0);
  await hub.server.start();
  expect(hub.server.state.active).toBe(true);
});

test('an upload is refused while the hub’s disk is nearly full, and goes through later', async () => {
  let free = 100_000_000;
  const hub = await hubWith({ free: () => Promise.resolve(free) });
  const file = hub.folders.local('batch');
  await randomFile(file, 8_000_000);
  const link = createFtpHubLink(hub.linkOptions(1));
  const send = link.sendBatch(1, file, { signal: never });
  await expect(send).rejects.toMatchObject({ code: 'hub.refused', retryable: true, params: { reply: 452 } });
  free = 10_000_000_000;
  await link.sendBatch(1, file, { signal: never });
  expect(hub.stored).toEqual([{ kind: 'batch', site: 1, batch: 1 }]);
  link.close();
});

test('an upload is cut when the disk fills meanwhile; what was sent stays, to go on from', async () => {
  let free = 10_000_000_000;
  let arrived: () => void = () => undefined;
  const arrival = new Promise<void>((resolve) => (arrived = resolve));
  const hub = await hubWith({
    free: () => Promise.resolve(free),
    events: { receiving: () => arrived() },
  });
  const client = await clientOf(hub, 1);
  const part = '/batches/000001-0000000000000001.part';
  const source = new PassThrough();
  source.write('0123456789');
  const upload = client.uploadFrom(source, part);
  await arrival;
  free = 0;
  await expect(upload).rejects.toMatchObject({ code: 452 });
  expect(await client.size(part)).toBe(10);
  client.close();
});

test('a site cannot leave uploads without end; the one it has begun goes on', async () => {
  const hub = await hubWith();
  const client = await clientOf(hub, 1);
  const name = (digest: number): string => `/batches/000001-${String(digest).padStart(16, '0')}.part`;
  for (let digest = 1; digest <= 20; digest += 1) await client.uploadFrom(Readable.from(['x']), name(digest));
  await expect(client.uploadFrom(Readable.from(['x']), name(21))).rejects.toMatchObject({ code: 452 });
  await client.appendFrom(Readable.from(['y']), name(20));
  expect(await client.size(name(20))).toBe(2);
  client.close();
});

test('passive ports come from the range in turn, and run out with an answer', async () => {
  const from = await freePort();
  const hub = await hubWith({ passivePorts: { from, to: from } });
  const first = await RawFtp.open(hub.port);
  await first.login(1, secretOf(1));
  expect(await first.dataPort()).toBe(from);
  const second = await RawFtp.open(hub.port);
  await second.login(2, secretOf(2));
  expect(await second.command('EPSV')).toMatch(/^425 /);
  first.close();
  await expect.poll(() => second.command('EPSV')).toMatch(/^229 /);
  second.close();
});

test('a hub of another protocol version is refused for good', async () => {
  const hub = await hubWith({
    status: (site) => Object.assign(statusOf(site), { protocol: 2 }),
  });
  const link = createFtpHubLink(hub.linkOptions(1));
  await expect(link.status(never)).rejects.toMatchObject({
    ...{ code: 'hub.protocol', retryable: false, params: { hub: 2, site: 1 } },
  });
  link.close();
});

test('calls on one link take turns, and many small ones are quick', async () => {
  const hub = await hubWith();
  await publishRound(hub.folders.rounds, 1, Buffer.from('changes'));
  const link = createFtpHubLink(hub.linkOptions(1));
  await link.status(never);
  const ends: number[] = [performance.now()];
  const calls = Array.from({ length: 50 }, async () => {
    await link.manifest(1, new AbortController().signal);
    ends.push(performance.now());
  });
  await Promise.all(calls);
  link.close();
  const times = ends.slice(1).map((end, at) => end - (ends[at] ?? 0));
  // The package's own polling takes at least 50 ms a file: the quickest tells, however busy the machine is.
  expect(Math.min(...times)).toBeLessThan(40);
});

test('a hub that stands still in the middle of a transfer is left sooner than one that owes an answer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'standstill-'));
  const hub = await startRemoteHub(folder);
  ends.push(async () => {
    await hub.end();
    rmSync(folder, { recursive: true, force: true });
  });
  // Held back: on a fast machine all of it would have passed before its first bytes are told.
  const limitAt = (): number => 40 * mega;
  const link = createFtpHubLink({ ...hub.linkOptions(1), standstillMilliseconds: 400, limitAt });
  const still = { code: 'hub.lineCut', params: { reason: 'Timeout (standstill)' }, retryable: true };
  /** Stopped at its first bytes, and woken when it was left; then the transfer goes on from there. */
  const interrupted = async (transfer: (onProgress: (bytes: number) => void) => Promise<void>) => {
    let isStopped = false;
    // Once: what it says of its progress may come when it was woken already.
    const stop = (bytes: number): void => {
      if (bytes > 0 && !isStopped) process.kill(hub.pid, 'SIGSTOP');
      isStopped ||= bytes > 0;
    };
    await expect(transfer(stop)).rejects.toMatchObject(still);
    process.kill(hub.pid, 'SIGCONT');
    const passed: number[] = [];
    await transfer((bytes) => passed.push(bytes));
    expect(passed[0]).toBeGreaterThan(0);
  };
  const [batch, arrived] = [join(folder, 'batch'), join(folder, 'arrived')];
  const content = await randomFile(batch, 40 * mega);
  await interrupted((onProgress) => link.sendBatch(1, batch, { signal: never, onProgress }));
  expect(sha256(await readFile(join(hub.sites, '1', 'batches', '000001.batch')))).toBe(sha256(content));
  const { segment } = await publishRound(hub.rounds, 1, content);
  await interrupted((onProgress) => link.fetchSegment(1, segment, arrived, { signal: never, onProgress }));
  expect(sha256(await readFile(arrived))).toBe(sha256(content));
  link.close();
});
