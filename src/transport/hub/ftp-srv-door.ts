import type { Server, Socket } from 'node:net';
import { FtpSrv, type FtpConnection } from 'ftp-srv';

/**
 * The only file that knows ftp-srv from inside. Its typings leave out what has to be guarded, so they
 * are completed here, for version 4.6.3. Nothing of the package is changed on disk.
 */
declare module 'ftp-srv' {
  interface FtpServer {
    readonly server: Server;
    connections: Record<string, FtpConnection>;
    on(event: 'connect', listener: (event: { connection: FtpConnection }) => void): this;
    on(event: 'login', listener: LoginListener): this;
  }
  interface FtpConnection {
    commandSocket: Socket;
    authenticated?: boolean;
    readonly commands: { handle(command: FtpCommand): PromiseLike<unknown> | undefined };
  }
}

export type { FtpConnection, FtpSrv };

export interface FtpCommand {
  readonly directive: string;
  readonly arg: string | null;
  readonly flags: readonly string[];
  readonly raw: string;
}

/** What the package's own commands ask of a file system: CWD, PWD, SIZE, MDTM and DELE. */
export interface FtpFileSystem {
  currentDirectory(): string;
  chdir(path?: string): Promise<string>;
  /** `size` is text: the package takes the number 0 for no answer. */
  get(path: string): Promise<{ readonly size: string; readonly mtime: Date }>;
  delete(path: string): Promise<void>;
}

export type LoginListener = (
  login: { readonly connection: FtpConnection; readonly username: string; readonly password: string },
  resolve: (config: { readonly fs: FtpFileSystem }) => void,
  /** Always with an Error: its message is the answer. */
  reject: (error: Error) => void,
) => void;

const signals = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;

/** A server of the package, not listening, that takes no signal, writes no log and opens no data port by itself. */
export function createFtpSrv(onConnection: (socket: Socket, greet: () => void) => void): FtpSrv {
  const before = signals.map((signal) => process.listeners(signal));
  const ftp = new FtpSrv({ url: 'ftp://127.0.0.1:0', greeting: ['Synchronisation'], log: silentLog });
  // The package would end the whole process on a signal, once more at every start.
  signals.forEach((signal, index) => {
    for (const listener of process.listeners(signal))
      if (before[index]?.includes(listener) !== true) process.removeListener(signal, listener);
  });
  // Its own version leaves a timer of a second behind every line.
  ftp.disconnectClient = (id) => {
    ftp.connections[id]?.commandSocket.destroy();
    Reflect.deleteProperty(ftp.connections, id);
    return Promise.resolve();
  };
  interceptConnections(ftp, onConnection);
  return ftp;
}

/** Lets an address be refused before the package has written its greeting. */
function interceptConnections(ftp: FtpSrv, onConnection: (socket: Socket, greet: () => void) => void): void {
  const [accept] = ftp.server.listeners('connection');
  if (accept === undefined) throw new Error('ftp-srv listens to no connection');
  ftp.server.removeAllListeners('connection');
  ftp.server.on('connection', (socket: Socket) => {
    onConnection(socket, () => {
      accept.call(ftp.server, socket);
    });
  });
}

/** Takes the control socket's lines away from the package, which loses those cut in two. */
export function takeOverInput(connection: FtpConnection, onData: (data: Buffer) => void): void {
  connection.commandSocket.removeAllListeners('data');
  connection.commandSocket.on('data', onData);
}

/** Runs one of the package's own commands, its argument as it came. */
export async function runPackageCommand(
  connection: FtpConnection,
  directive: string,
  arg: string | null,
): Promise<void> {
  await connection.commands.handle({ directive, arg, flags: [], raw: directive });
}

export async function reply(connection: FtpConnection, code: number, message: string): Promise<void> {
  await connection.reply(code, message);
}

function ignore(): void {
  // The product reports by its own events.
}

const silentLog = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: (): unknown => silentLog,
};
