import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { messagesOver, serviceAddress } from '../../../src/engine/service-line';

let near: Socket;
let far: Socket;

beforeEach(async () => {
  const server = createServer((socket) => (far = socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const accepted = once(server, 'connection');
  near = connect(address.port, '127.0.0.1');
  await accepted;
  server.close();
});

afterEach(() => {
  near.destroy();
  far.destroy();
});

function next(): Promise<unknown> {
  return new Promise((resolve) => messagesOver(far).on(resolve));
}

test('a message arrives whole, however the line cuts it, with any character in it', async () => {
  const arrived = next();
  const text = JSON.stringify({ text: 'é\u2028\n' });
  const bytes = Buffer.from(`${text}\n`);
  near.write(bytes.subarray(0, 11));
  // The rest goes in a segment of its own: the first has been sent.
  setImmediate(() => near.write(bytes.subarray(11)));
  expect(await arrived).toEqual({ text: 'é\u2028\n' });
});

test('arguments that were left out are left out there too', async () => {
  const arrived = next();
  messagesOver(near).post({ m: 'compare', a: [1, undefined, undefined] });
  expect(await arrived).toEqual({ m: 'compare', a: [1] });
});

test('on Windows the pipe is the folder’s, however its name is written', () => {
  const address = serviceAddress('/Data', 'win32');
  expect(address).toMatch(/^\\\\\.\\pipe\\synchronisation-[0-9a-f]{32}$/);
  expect(serviceAddress('/data', 'win32')).toBe(address);
  expect(serviceAddress('/other', 'win32')).not.toBe(address);
  expect(serviceAddress('/data', 'linux')).toBe('/data/engine.sock');
});
