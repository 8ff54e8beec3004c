import { createServer, type Server } from 'node:net';

/** Ports that nobody used a moment ago. */
export interface PortRange {
  readonly control: number;
  readonly passive: { readonly from: number; readonly to: number };
}

/** Below 30,000, where the usual passive ports begin, and outside what systems hand out by themselves. */
const FIRST = 20_000;
const LAST = 29_900;
const PASSIVE_PORTS = 40;

/** Finds consecutive free ports by listening on all of them at once. Rejects where there are none. */
export async function findFreePorts(): Promise<PortRange> {
  const count = PASSIVE_PORTS + 1;
  // Demos that start at the same time search in different places.
  const steps = Math.floor((LAST - FIRST) / count);
  for (let step = 0; step < steps; step += 1) {
    const first = FIRST + ((process.pid + step) % steps) * count;
    if (await allFree(first, count)) {
      return { control: first, passive: { from: first + 1, to: first + PASSIVE_PORTS } };
    }
  }
  throw new Error('no free ports');
}

async function allFree(first: number, count: number): Promise<boolean> {
  const tried = await Promise.all(Array.from({ length: count }, (_, at) => listening(first + at)));
  const servers = tried.filter((server) => server !== null);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return servers.length === count;
}

/** Null where the port is taken. */
function listening(port: number): Promise<Server | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.listen({ port, exclusive: true }, () => resolve(server));
  });
}
