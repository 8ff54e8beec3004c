import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** A hub's ports, which nobody else holds: one for its FTP server, the range after it for data. */
export interface HubPorts {
  readonly port: number;
  readonly passive: { readonly from: number; readonly to: number };
}

/** Data connections that a hub can serve at once, and some to rest before they are used again. */
const PASSIVE = 15;
const BLOCK = PASSIVE + 1;
/** Below the range from which systems take outgoing ports. */
const LOWEST = 12_000;
const BLOCKS = 1_000;

let next = (process.pid * 37) % BLOCKS;

/** A block of free ports. Tests run in several processes, which begin to look at different places. */
export async function freeHubPorts(): Promise<HubPorts> {
  for (let attempt = 0; attempt < BLOCKS; attempt += 1) {
    const port = LOWEST + next * BLOCK;
    next = (next + 1) % BLOCKS;
    if (await areFree(port)) return { port, passive: { from: port + 1, to: port + PASSIVE } };
  }
  throw new Error('no free ports');
}

async function areFree(first: number): Promise<boolean> {
  const servers = Array.from({ length: BLOCK }, () => createServer());
  const listening = await Promise.allSettled(servers.map((server, at) => listen(server, first + at)));
  for (const server of servers) server.close();
  return listening.every(({ status }) => status === 'fulfilled');
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen({ port, exclusive: true });
  await once(server, 'listening');
}
