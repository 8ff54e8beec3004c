/**
 * A process that does to a hub's port what strangers do, all at once, each from an address of its own, until it is killed.
 * It gives way to all others: what a site has to wait for is the hub, and not who attacks it on the same machine.
 */
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { secretOf } from './ftp-hub';
import { RawFtp } from './raw-ftp';

// Whoever waits for the next of two events leaves a listener for the other.
EventEmitter.defaultMaxListeners = 0;

const port = Number(process.argv[2]);
const mega = 1024 * 1024;

/** Resolves at the first of these events, or once the socket is closed. */
function until(socket: Socket, ...events: readonly string[]): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => {
    for (const event of ['close', ...events])
      socket.once(event, () => {
        resolve();
      });
  });
}

/** From one of the thousands of addresses of the loopback network. */
async function open(localAddress: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  await until(socket, 'connect');
  return socket;
}

async function openTls(localAddress: string): Promise<Socket> {
  const raw = await open(localAddress);
  let heard = '';
  raw.on('data', (data: Buffer) => {
    heard += data.toString();
  });
  raw.write('AUTH TLS\r\n');
  while (!heard.includes('234 ') && !raw.closed) await until(raw, 'data');
  raw.removeAllListeners('data');
  const secure = connectTls({ socket: raw, rejectUnauthorized: false });
  secure.on('error', () => undefined);
  await until(secure, 'secureConnect');
  return secure;
}

async function forEver(pause: number, work: (time: number) => Promise<unknown>): Promise<never> {
  for (let time = 0; ; time += 1) {
    await work(time).catch(() => undefined);
    await wait(pause);
  }
}

async function guess(localAddress: string): Promise<void> {
  const line = await openTls(localAddress);
  let heard = '';
  line.on('data', (data: Buffer) => {
    heard += data.toString();
  });
  line.write('USER site1\r\nPASS wrong\r\n');
  while (!heard.includes('530 ') && !line.closed) await until(line, 'data');
  line.destroy();
}

/** Gives up at the first byte that is not taken within a second. */
async function flood(socket: Socket, total: number, block: Buffer): Promise<void> {
  for (let sent = 0; sent < total && !socket.closed; sent += block.length)
    if (!socket.write(block)) await Promise.race([until(socket, 'drain'), wait(1000)]);
  socket.destroy();
}

const attacks: readonly (() => Promise<unknown>)[] = [
  function badLoginsOfOneAddress() {
    return forEver(20, () => guess('127.0.0.2'));
  },
  function fiftyBadLoginsASecondOfManyAddresses() {
    return forEver(20, (time) => {
      void guess(`127.1.${String(Math.floor(time / 250) % 250)}.${String((time % 250) + 1)}`);
      return Promise.resolve();
    });
  },
  async function fiveHundredSilentLines() {
    return forEver(100, async () => {
      const lines = await Promise.all(Array.from({ length: 500 }, () => open('127.0.0.3')));
      for (const line of lines) line.resume();
      await Promise.all(lines.map((line) => until(line)));
    });
  },
  async function oneByteAtATime() {
    const lines = await Promise.all(Array.from({ length: 20 }, () => open('127.0.0.4')));
    for (const line of lines) line.resume();
    return forEver(20, (time) => {
      for (const line of lines) line.write('NOOP\r\n'.charAt(time % 6));
      return Promise.resolve();
    });
  },
  function garbageInTheClearInPlaceOfTlsAndWithinIt() {
    return forEver(100, async (time) => {
      const line = await (time % 3 === 2 ? openTls : open)('127.0.0.5');
      line.resume();
      if (time % 3 === 1) line.write('AUTH TLS\r\n');
      line.write(randomBytes(20_000));
      await Promise.race([until(line), wait(200)]);
      line.destroy();
    });
  },
  function linesOfTenMegabytesInTheClearAndWithinTls() {
    return forEver(500, async (time) => {
      const line = await (time % 2 === 1 ? openTls : open)('127.0.0.6');
      line.resume();
      await flood(line, 10 * mega, Buffer.alloc(64 * 1024, 65));
    });
  },
  function commandsWhoseAnswersAreNotRead() {
    return forEver(500, async () => {
      await flood(await open('127.0.0.7'), 10 * mega, Buffer.from('NOOP\r\n'.repeat(10_000)));
    });
  },
  /** A stolen site. */
  async function dataPortsWithoutEnd() {
    const lines: RawFtp[] = [];
    return forEver(100, async (time) => {
      const known = lines[time % 12];
      if (known !== undefined) return known.command('EPSV');
      const line = await RawFtp.open(port, '127.0.0.8');
      lines.push(line);
      return line.login(2, secretOf(2));
    });
  },
];

setPriority(19);
for (const attack of attacks) void attack();
// Whoever started this may end without a word.
process.stdin.resume().once('end', () => process.exit());
console.log('at it');
