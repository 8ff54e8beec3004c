import { createServer, connect, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A line to a server that can be cut. */
export interface CuttableLine {
  readonly port: number;
  /** Cuts every connection that stands; new ones pass, unless the line is to stay cut until it is mended. */
  cut(options?: { readonly lasting: boolean }): void;
  mend(): void;
  close(): Promise<void>;
}

export async function openLine(host: string, port: number): Promise<CuttableLine> {
  const sockets = new Set<Socket>();
  let broken = false;
  const server: Server = createServer((near) => {
    if (broken) {
      near.destroy();
      return;
    }
    const far = connect(port, host);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut: ({ lasting } = { lasting: false }) => {
      broken = lasting;
      for (const socket of sockets) socket.destroy();
    },
    mend: () => {
      broken = false;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}
