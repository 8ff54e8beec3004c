import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import type { EngineCalls, EngineEvents } from './contract';
import { eventsTo, linkScreen, type ScreenLink } from './screen-link';
import { messagesOver, serviceAddress } from './service-line';

/** Everyone who is neither the owner nor in the group. */
const OTHERS = 0o007;
const NOBODY = 0o777;

/** Where windows of this machine come in to an engine that runs without one. */
export class ServiceDoor {
  /** Told to every window that has come in. */
  readonly events: EngineEvents;
  readonly #screens = new Map<Socket, ScreenLink>();
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer();

  constructor() {
    this.events = eventsTo(() => this.#screens.values());
  }

  /**
   * Lets windows in, for an engine that holds the folder's lock: what an ended one left there is nobody's. Who may come
   * in, the umask says, as of any file; never everyone. Rejects where the system gives no such place.
   */
  async open(engine: EngineCalls, folder: string): Promise<void> {
    // A window that leaves does not end the service.
    const calls: EngineCalls = { ...engine, shutdown: () => Promise.resolve() };
    this.#server.on('connection', (socket) => this.#welcome(socket, calls));
    const address = serviceAddress(folder);
    if (process.platform !== 'win32') await rm(address, { force: true });
    const listening = once(this.#server, 'listening');
    const umask = process.umask(NOBODY);
    process.umask(umask | OTHERS);
    // The socket is made within this call, and never stands open.
    this.#server.listen(address);
    process.umask(umask);
    await listening;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A window speaks first: on Windows anyone may listen at a pipe, but not everyone may write to it. */
  #welcome(socket: Socket, calls: EngineCalls): void {
    const line = messagesOver(socket);
    this.#sockets.add(socket);
    const link = linkScreen(calls, {
      post: (message) => line.post(message),
      on: (listener) =>
        line.on((message) => {
          this.#screens.set(socket, link);
          listener(message);
        }),
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      link.$close();
      this.#sockets.delete(socket);
      this.#screens.delete(socket);
      // Who unlocked the configuration has left.
      if (this.#screens.size === 0) void calls.lock();
    });
  }
}
