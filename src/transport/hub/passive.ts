import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket, type SecureContext } from 'node:tls';
import { errorCode } from '../disk';
import { plainAddress } from './addresses';
import { FtpRefusal, toRefusal } from './refusal';

export interface PassivePorts {
  /** First and last port; 0 and 0: any free one. Best outside the system's ephemeral range. */
  readonly from: number;
  readonly to: number;
}

/** Hands out listening servers of the passive range in turn, so that a port rests before it is used again. */
export class PortPool {
  #next: number;

  constructor(private readonly ports: PassivePorts) {
    this.#next = ports.from;
  }

  async listen(host: string): Promise<Server> {
    const count = this.ports.to - this.ports.from + 1;
    for (let tried = 0; tried < count; tried += 1) {
      const port = this.#next;
      this.#next = port >= this.ports.to ? this.ports.from : port + 1;
      const server = await listening(host, port);
      if (server !== null) return server;
    }
    throw new FtpRefusal(425, 'No free data port');
  }
}

/** Null when the port is taken or not allowed. */
function listening(host: string, port: number): Promise<Server | null> {
  const server = createServer({ pauseOnConnect: true, noDelay: true });
  // A stranger must not use up the one connection that is expected.
  server.maxConnections = 8;
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (errorCode(error) === 'EADDRINUSE' || errorCode(error) === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners('error');
      server.on('error', () => undefined);
      resolve(server);
    });
  });
}

export interface DataLimits {
  /** How long a data port waits for its connection. */
  readonly waitMilliseconds: number;
  /** How long a transfer waits for the TLS handshake before it is announced all the same. */
  readonly handshakeMilliseconds: number;
}

/** A data port that was announced, and the connection that comes to it. Nobody polls. */
export class DataPort {
  readonly #sockets = new Set<Socket>();
  readonly #proofs = new WeakMap<Socket, Promise<void>>();
  /** Why a connection was turned away. */
  #unproven: Error | null = null;
  readonly #connected: Promise<Socket>;
  #fail: (error: Error) => void = () => undefined;

  private constructor(
    private readonly server: Server,
    private readonly options: {
      readonly peer: string;
      readonly secure: SecureContext | null;
      readonly limits: DataLimits;
    },
  ) {
    this.#connected = this.#firstConnection();
    // Nobody may ever ask for it.
    this.#connected.catch(() => undefined);
  }

  static async open(
    pool: PortPool,
    host: string,
    options: { readonly peer: string; readonly secure: SecureContext | null; readonly limits: DataLimits },
  ): Promise<DataPort> {
    return new DataPort(await pool.listen(host), options);
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** The connection, which `proven` has still to let pass; encrypted when the control line is. Rejects with a refusal. */
  connection(): Promise<Socket> {
    return this.#connected;
  }

  /**
   * Resolves once a connection is known to be of who logged in on the control line, before which nothing may pass on it.
   * Rejects with a refusal.
   */
  async proven(socket: Socket): Promise<void> {
    await this.#proofs.get(socket);
  }

  /** Listens no more and ends every connection. */
  close(): void {
    this.#fail(new FtpRefusal(426, 'Data connection closed'));
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** As `close`, but lets the peer close first: a reset could overtake the reply on the control line. */
  closeGently(): void {
    this.server.close();
    const timer = setTimeout(() => {
      this.close();
    }, 2000);
    timer.unref();
  }

  #firstConnection(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#fail(this.#unproven ?? new FtpRefusal(425, 'No data connection came'));
        this.server.close();
      }, this.options.limits.waitMilliseconds);
      timer.unref();
      const settle = (socket: Socket): void => {
        clearTimeout(timer);
        this.server.close();
        resolve(socket);
      };
      this.#fail = (error) => {
        clearTimeout(timer);
        reject(error);
      };
      this.server.on('connection', (raw: Socket) => {
        // Nothing but the peer of the control line; strangers go without disturbing it.
        if (plainAddress(raw.remoteAddress) !== this.options.peer) raw.destroy();
        else this.#accept(raw, settle);
      });
    });
  }

  #accept(raw: Socket, settle: (socket: Socket) => void): void {
    this.#track(raw);
    if (this.options.secure === null) {
      settle(raw);
      return;
    }
    const socket = new TLSSocket(raw, { isServer: true, secureContext: this.options.secure });
    this.#track(socket);
    const proof = resumption(socket);
    this.#proofs.set(socket, proof);
    // Some clients (lftp) shake hands only after reply 150, others only start once it is done.
    const early = setTimeout(() => {
      if (!socket.destroyed) settle(socket);
    }, this.options.limits.handshakeMilliseconds);
    early.unref();
    void proof
      .then(
        () => {
          settle(socket);
        },
        (error: unknown) => {
          this.#unproven = toRefusal(error);
          socket.destroy();
        },
      )
      .finally(() => {
        clearTimeout(early);
      });
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    // Whoever uses the socket sees its errors; without a listener one would end the process.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

/**
 * Whoever shares an address with a site, behind one router, can reach its data port before it does. Only who holds the
 * control line can resume its session.
 */
function resumption(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('secure', () => {
      if (socket.isSessionReused()) resolve();
      else reject(new FtpRefusal(522, 'Resume the TLS session of the control line'));
    });
    socket.once('close', () => {
      reject(new FtpRefusal(426, 'Data connection closed'));
    });
  });
}
