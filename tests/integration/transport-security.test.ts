import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { Client, enterPassiveModeIPv6 } from 'basic-ftp';
import { expect, test } from 'vitest';
import { isRetryable } from '../../src/shared/errors';
import { secureContext } from '../../src/transport/hub/secure';
import { loadOrCreateCertificate } from '../../src/transport/certificate';
import { createFtpHubLink } from '../../src/transport/site/ftp-hub-link';
import { secretOf } from '../support/ftp-hub';
import { makeHubFolders, publishRound } from '../support/hub-folders';
import { RawFtp } from '../support/raw-ftp';
import { useHubs } from '../support/use-hubs';

const never = new AbortController().signal;
const { ends, hubWith } = useHubs();

test('without AUTH TLS nobody may name a user or a password', async () => {
  const hub = await hubWith();
  const line = await RawFtp.open(hub.port);
  await line.reply();
  expect(await line.command('USER site1')).toMatch(/^534 /);
  expect(await line.command('PASS secret')).toMatch(/^534 /);
  expect(await line.command('EPSV')).toMatch(/^530 /);
  expect(await line.command('LIST /')).toMatch(/^530 /);
  line.close();
  const link = createFtpHubLink({ ...hub.linkOptions(1), fingerprint: null });
  await expect(link.status(never)).rejects.toMatchObject({ code: 'hub.tlsRequired', retryable: false });
});

test('a hub without TLS is refused by a site that pins a certificate', async () => {
  const hub = await hubWith({ tls: null });
  const link = createFtpHubLink(hub.linkOptions(1));
  await expect(link.status(never)).rejects.toMatchObject({ code: 'hub.tlsRefused', retryable: false });
});

test('what is injected in the clear behind AUTH is never taken for an encrypted command', async () => {
  const hub = await hubWith();
  const line = await RawFtp.open(hub.port);
  await line.reply();
  line.write('AUTH TLS\r\nUSER site2\r\nNOO');
  expect(await line.reply()).toMatch(/^234 /);
  await line.startTls();
  expect(await line.command('NOOP')).toMatch(/^200 /);
  expect(await line.command(`PASS ${secretOf(2)}`)).toMatch(/^503 /);
  line.close();
});

test('a hundred logins in a row from another process all succeed', async () => {
  const hub = await hubWith();
  const script = join(import.meta.dirname, '..', 'support', 'login-loop.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    ...[String(hub.port), 'site1', secretOf(1), '100'],
  ]);
  expect(JSON.parse(stdout)).toEqual({ failed: 0 });
}, 60_000);

test('a wrong password is final, and counted', async () => {
  const hub = await hubWith();
  const link = createFtpHubLink({ ...hub.linkOptions(1), secret: 'wrong' });
  await expect(link.status(never)).rejects.toMatchObject({ code: 'hub.login', retryable: false });
  expect(hub.server.blocked()).toEqual([]);
});

test('seventy logins at the same instant all succeed, however long they wait', async () => {
  // Each of its own site: of more lines than a site has, the oldest goes.
  const hub = await hubWith({}, 70);
  const links = Array.from({ length: 70 }, (_, at) => createFtpHubLink(hub.linkOptions(at + 1)));
  const answers = await Promise.allSettled(links.map((link) => link.status(new AbortController().signal)));
  for (const link of links) link.close();
  expect(answers.filter(({ status }) => status === 'rejected')).toEqual([]);
}, 30_000);

test('a hub that fails by itself at a login is no wrong password', async () => {
  const hub = await hubWith({
    accounts: () => {
      throw new Error('settings cannot be read');
    },
  });
  const link = createFtpHubLink(hub.linkOptions(1));
  await expect(link.status(never)).rejects.toMatchObject({ code: 'hub.lineCut', retryable: true });
});

test('an address is blocked after its failures, refused before any greeting, also after a restart', async () => {
  const hub = await hubWith({ blocking: { threshold: 3 } });
  for (const user of ['site1', 'nobody', 'site2']) {
    const link = createFtpHubLink({ ...hub.linkOptions(1), user, secret: 'wrong' });
    await expect(link.status(never)).rejects.toMatchObject({ code: 'hub.login' });
  }
  expect(hub.server.blocked()).toMatchObject([{ address: '127.0.0.1', attempts: 3 }]);
  const link = createFtpHubLink(hub.linkOptions(1));
  const refused = await link.status(never).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'hub.dropped' });
  expect(isRetryable(refused)).toBe(true);
  expect(await greeting(hub.port, '127.0.0.1')).toBe('');
  expect(await greeting(hub.port, '127.0.0.2')).toMatch(/^220/);

  const again = await hubWith({ blockedFile: join(hub.folders.root, 'blocked.json') });
  expect(again.server.blocked()).toHaveLength(1);
  expect(await greeting(again.port, '127.0.0.1')).toBe('');
  await again.server.clearBlocked();
  expect(again.server.blocked()).toEqual([]);
  expect(await readFile(join(hub.folders.root, 'blocked.json'), 'utf8')).toBe('[]');
  const free = createFtpHubLink(again.linkOptions(1));
  expect(await free.status(never)).toMatchObject({ site: { number: 1 } });
  free.close();
});

/** All that the hub says to who says nothing, until the line closes or the greeting is whole. */
async function greeting(port: number, localAddress: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  socket.on('error', () => undefined);
  let text = '';
  socket.on('data', (data: Buffer) => {
    text += data.toString();
    if (/^220 /m.test(text)) socket.destroy();
  });
  await once(socket, 'close');
  return text;
}

test('a connection that keeps guessing is ended', async () => {
  const hub = await hubWith({ limits: { failedLogins: 2 } });
  const line = await RawFtp.open(hub.port);
  await line.reply();
  await line.command('AUTH TLS');
  await line.startTls();
  await line.command('USER site1');
  expect(await line.command('PASS one')).toMatch(/^530 /);
  expect(await line.command('PASS two')).toMatch(/^530 /);
  expect(await line.command('PASS three')).toBeUndefined();
});

test('five hundred silent lines of one address leave room for the sites', async () => {
  const hub = await hubWith();
  const silent = await Promise.all(Array.from({ length: 500 }, () => RawFtp.open(hub.port, '127.0.0.2')));
  const greetings = await Promise.all(silent.map((line) => line.reply()));
  expect(greetings.filter((greeting) => greeting !== undefined)).toHaveLength(100);
  const link = createFtpHubLink(hub.linkOptions(1));
  expect((await link.status(never)).site.number).toBe(1);
  link.close();
  for (const line of silent) line.close();
});

test('silent lines of many addresses leave room for who has logged in before', async () => {
  const hub = await hubWith();
  const known = createFtpHubLink(hub.linkOptions(1));
  await known.status(never);
  known.close();
  const silent: RawFtp[] = [];
  for (let address = 10; address < 15; address += 1)
    silent.push(
      ...(await Promise.all(
        Array.from({ length: 100 }, () => RawFtp.open(hub.port, `127.0.0.${String(address)}`)),
      )),
    );
  await Promise.all(silent.map((line) => line.reply()));
  expect(await greeting(hub.port, '127.0.0.99')).toBe('');
  const link = createFtpHubLink(hub.linkOptions(1));
  expect((await link.status(never)).site.number).toBe(1);
  link.close();
  for (const line of silent) line.close();
});

test('whoever has logged in before is served before hundreds of strangers who asked first', async () => {
  const hub = await hubWith();
  const known = createFtpHubLink(hub.linkOptions(1));
  await known.status(never);
  known.close();
  let answered = 0;
  const ask = async (address: string): Promise<RawFtp> => {
    const line = await RawFtp.open(hub.port, address);
    await line.reply();
    void line.command('AUTH TLS').then(() => (answered += 1));
    return line;
  };
  const addresses = Array.from({ length: 450 }, (_, at) => `127.0.0.${String(10 + (at % 5))}`);
  const strangers = await Promise.all(addresses.map(ask));
  const link = createFtpHubLink(hub.linkOptions(1));
  expect((await link.status(never)).site.number).toBe(1);
  expect(answered).toBeLessThan(strangers.length);
  link.close();
  for (const line of strangers) line.close();
});

test('of the lines of one site the oldest goes when there are too many', async () => {
  const hub = await hubWith();
  const lines: RawFtp[] = [];
  for (let count = 0; count < 9; count += 1) {
    const line = await RawFtp.open(hub.port);
    await line.login(1, secretOf(1));
    lines.push(line);
  }
  expect(await lines[0]?.reply()).toBeUndefined();
  for (const line of lines.slice(1)) expect(await line.command('NOOP')).toMatch(/^200 /);
  for (const line of lines) line.close();
});

test('a wrong fingerprint never gets to see user or password', async () => {
  const folders = await makeHubFolders();
  ends.push(folders.remove);
  const impostor = await loadOrCreateCertificate(join(folders.root, 'impostor'));
  const right = await loadOrCreateCertificate(join(folders.root, 'right'));
  expect(impostor.fingerprint256).not.toBe(right.fingerprint256);
  const { server, heard } = await fakeHub(impostor);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const link = createFtpHubLink({
    ...{ host: '127.0.0.1', port, user: 'site1', secret: 'secret', fingerprint: right.fingerprint256 },
  });
  for (let time = 0; time < 2; time += 1)
    await expect(link.status(never)).rejects.toMatchObject({ code: 'hub.fingerprint', retryable: false });
  expect(heard.join('')).toMatch(/^AUTH TLS/);
  expect(heard.join('')).not.toMatch(/USER|PASS|site1|secret/);
});

/** Talks FTP as far as TLS, and remembers every byte that it understood. */
async function fakeHub(certificate: {
  key: string;
  cert: string;
}): Promise<{ server: Server; heard: string[] }> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.write('220 hub\r\n');
    socket.once('data', (data: Buffer) => {
      heard.push(data.toString());
      socket.write('234 go on\r\n');
      const secure = new TLSSocket(socket, { isServer: true, secureContext: secureContext(certificate) });
      secure.on('error', () => undefined);
      secure.on('data', (bytes: Buffer) => {
        heard.push(bytes.toString());
        secure.write('331 password?\r\n');
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { server, heard };
}

test('a stranger on the data port neither gets data nor disturbs', async () => {
  const hub = await hubWith();
  await publishRound(hub.folders.rounds, 1, Buffer.from('0123456789'));
  const client = new Client(5000);
  await client.access({
    ...{ host: '127.0.0.1', port: hub.port, user: 'site1', password: secretOf(1) },
    ...{ secure: true, secureOptions: { rejectUnauthorized: false } },
  });
  const prepare = client.prepareTransfer;
  let strangerGot: string | undefined;
  client.prepareTransfer = async (ftp) => {
    const answer = await ftp.request('EPSV');
    const port = Number(/\|\|\|(\d+)\|/.exec(answer.message)?.[1]);
    strangerGot = await greeting(port, '127.0.0.2');
    return prepare(ftp);
  };
  await client.downloadTo(hub.folders.local('got'), '/rounds/000001/origin-000.segment');
  expect(strangerGot).toBe('');
  expect(await readFile(hub.folders.local('got'), 'utf8')).toBe('0123456789');
  client.close();
});

test('data lines are encrypted and resume the session of the control line', async () => {
  const hub = await hubWith();
  await publishRound(hub.folders.rounds, 1, Buffer.from('0123456789'));
  const client = new Client(5000);
  await client.access({
    ...{ host: '127.0.0.1', port: hub.port, user: 'site1', password: secretOf(1) },
    ...{ secure: true, secureOptions: { rejectUnauthorized: false } },
  });
  const reused: boolean[] = [];
  client.prepareTransfer = async (ftp) => {
    const answer = await enterPassiveModeIPv6(ftp);
    const { dataSocket } = ftp;
    if (dataSocket instanceof TLSSocket)
      dataSocket.once('secureConnect', () => reused.push(dataSocket.isSessionReused()));
    return answer;
  };
  for (let time = 0; time < 3; time += 1) await client.list('/');
  expect(reused).toEqual([true, true, true]);
  expect(await client.send('PROT C').catch((error: unknown) => error)).toMatchObject({ code: 536 });
  client.close();
});

test('the key file is for its owner alone, and the certificate stays the same', async () => {
  const folders = await makeHubFolders();
  ends.push(folders.remove);
  const first = await loadOrCreateCertificate(folders.root);
  expect(await loadOrCreateCertificate(folders.root)).toEqual(first);
  expect((await stat(join(folders.root, 'hub-tls.pem'))).mode & 0o777).toBe(0o600);
});
