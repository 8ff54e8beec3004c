import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import { loadOrCreateCertificate } from '../../src/transport/certificate';
import { secureContext, upgrade } from '../../src/transport/hub/secure';
import { secretOf, startHub } from '../support/ftp-hub';
import { makeHubFolders, publishRound } from '../support/hub-folders';
import { RawFtp } from '../support/raw-ftp';

test('encrypted bytes that arrive before the hub is done with its own answer are not lost', async () => {
  const folders = await makeHubFolders();
  const context = secureContext(await loadOrCreateCertificate(join(folders.root, 'certificate')));
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const client = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  const [raw] = (await once(server, 'connection')) as [Socket];
  const swallowed: Buffer[] = [];
  raw.on('data', (data: Buffer) => swallowed.push(data));
  const write = raw.write.bind(raw);
  const answered = once(client, 'data');
  let release: () => void = () => undefined;
  // The answer leaves, but the hub hears of that late: after the client's first encrypted bytes.
  const hold = (bytes: string | Uint8Array, done?: BufferEncoding | ((error?: Error | null) => void)) => {
    release = () => {
      if (typeof done === 'function') done();
    };
    return write(bytes);
  };
  raw.write = hold;
  const upgraded = upgrade(raw, context);
  await answered;
  client.removeAllListeners('data');
  const secure = connectTls({ socket: client, rejectUnauthorized: false });
  raw.write = write;
  await new Promise((resolve) => setTimeout(resolve, 50));
  release();
  const serverSide = await upgraded;
  await once(secure, 'secureConnect');
  secure.write('hello');
  const [data] = (await once(serverSide, 'data')) as [Buffer];
  expect(data.toString()).toBe('hello');
  expect(swallowed).toEqual([]);
  secure.destroy();
  server.close();
  await folders.remove();
});

test('a client that shakes hands only after 150 gets its data', async () => {
  const hub = await startHub();
  await publishRound(hub.folders.rounds, 1, Buffer.from('changes'));
  const line = await RawFtp.open(hub.port);
  await line.login(1, secretOf(1));
  const data = connect(await line.dataPort(), '127.0.0.1');
  await once(data, 'connect');
  expect(await line.command('RETR /rounds/000001/origin-000.segment')).toMatch(/^150 /);
  const secure = line.dataLine(data);
  let text = '';
  secure.on('data', (bytes: Buffer) => (text += bytes.toString()));
  await once(secure, 'close');
  expect(text).toBe('changes');
  expect(await line.reply()).toMatch(/^226 /);
  line.close();
  await hub.end();
});

test('ABOR ends a transfer under way', async () => {
  const hub = await startHub();
  const line = await RawFtp.open(hub.port);
  await line.login(1, secretOf(1));
  const data = line.dataLine(await line.dataPort());
  await once(data, 'secureConnect');
  expect(await line.command(`STOR /batches/000001-${'a'.repeat(16)}.part`)).toMatch(/^150 /);
  expect(await line.command('ABOR')).toMatch(/^426 /);
  expect(await line.reply()).toMatch(/^226 /);
  expect(await line.command('NOOP')).toMatch(/^200 /);
  line.close();
  await hub.end();
});
