import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { SiteAccount, StoredFile } from '../port';
import { plainAddress } from './addresses';
import type { Deposits } from './deposits';
import { reply, takeOverInput, type FtpConnection } from './ftp-srv-door';
import { LineReader } from './line-reader';
import type { DataLimits, DataPort, PortPool } from './passive';
import { FtpRefusal, toRefusal } from './refusal';
import { secureContext, upgrade, type TlsCertificate } from './secure';
import type { SiteFiles } from './site-files';
import type { PartNode } from './tree';

export interface SessionLimits extends DataLimits {
  /** From connection to login. */
  readonly loginMilliseconds: number;
  /** Between two commands. */
  readonly idleMilliseconds: number;
  /** Within a transfer. */
  readonly silenceMilliseconds: number;
  readonly failedLogins: number;
}

/** What every session of a hub shares. */
export interface SessionHost {
  /** Null: TLS is turned off. */
  readonly tls: TlsCertificate | null;
  readonly ports: PortPool;
  readonly publicAddress: string | null;
  readonly limits: SessionLimits;
  readonly now: () => number;
  /** Does one command and answers it. */
  readonly run: (session: ControlSession, line: string) => Promise<void>;
  /** Resolves when it is this line's turn to shake hands. */
  readonly mayEncrypt: (session: ControlSession) => Promise<void>;
  /** Keeps the lasting secret of a site that came with its pairing code; false where that is used meanwhile. */
  readonly leaveSecret: (account: SiteAccount, secret: string) => Promise<boolean>;
  readonly stored: (file: StoredFile) => void;
  readonly receiving: (transfer: { site: number; file: string; bytes: number }) => void;
}

/** What a session has once its site is known. */
export interface LoggedIn {
  readonly account: SiteAccount;
  /** It came with its pairing code: it may leave a lasting secret, and nothing else. */
  readonly byCode: boolean;
  readonly files: SiteFiles;
  readonly deposits: Deposits;
}

/** More than any client sends ahead of the answers. */
const queueLimit = 64;
/** How long a line that is ended may take to hear so. */
const hangUpMilliseconds = 1000;

/** One control line: takes its commands in turn and ends whatever they left when it closes. */
export class ControlSession {
  site: LoggedIn | null = null;
  /** PROT P was agreed. */
  isDataPrivate = false;
  restartAt = 0;
  renameFrom: PartNode | null = null;
  failedLogins = 0;
  /** A password is being looked at, which takes its time. */
  isLoggingIn = false;
  /** Address of the other end: a closed socket does not tell it any more. */
  readonly peer: string;
  #context: SecureContext | null = null;
  #dataPort: DataPort | null = null;
  #lines = new LineReader();
  #queue: string[] = [];
  #busy = false;
  #timer: NodeJS.Timeout | null = null;
  readonly #loginTimer: NodeJS.Timeout;
  /** The time to log in is over. */
  #isLate = false;
  /** What still comes is not looked at. */
  #isHangingUp = false;
  readonly #closing = new AbortController();

  constructor(
    readonly connection: FtpConnection,
    readonly host: SessionHost,
  ) {
    this.peer = plainAddress(this.socket.remoteAddress);
    this.socket.setNoDelay(true);
    this.#listen(this.socket);
    takeOverInput(connection, (data) => {
      this.#receive(data);
    });
    // Whatever is said meanwhile: commands that lead nowhere must not keep a place for ever.
    this.#loginTimer = setTimeout(() => {
      this.#isLate = true;
      if (this.site === null && !this.isLoggingIn) this.end();
    }, host.limits.loginMilliseconds);
  }

  get socket(): Socket {
    return this.connection.commandSocket;
  }

  get isSecure(): boolean {
    return this.connection.secure;
  }

  /** What the line is encrypted with; null: it is in the clear. */
  get context(): SecureContext | null {
    return this.isSecure ? this.#context : null;
  }

  /** Aborted when the line is closed. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  async answer(code: number, message: string): Promise<void> {
    await reply(this.connection, code, message);
  }

  /** The announced data port, for one transfer. */
  takeDataPort(): DataPort | null {
    return this.#dataPort;
  }

  /** Replaces the data port; the former one ends. */
  setDataPort(port: DataPort): void {
    this.#dataPort?.close();
    this.#dataPort = port;
    if (this.socket.destroyed) port.close();
  }

  async startTls(certificate: TlsCertificate): Promise<void> {
    await this.host.mayEncrypt(this);
    const context = secureContext(certificate);
    this.#context = context;
    // Whatever came in the clear behind AUTH was put there by somebody else.
    this.#queue = [];
    this.#lines.drop();
    const secure = await upgrade(this.socket, context);
    this.connection.commandSocket = secure;
    this.connection.secure = true;
    this.#listen(secure);
    takeOverInput(this.connection, (data) => {
      this.#receive(data);
    });
  }

  end(): void {
    this.socket.destroy();
  }

  #listen(socket: Socket): void {
    socket.once('close', () => {
      // The raw socket closes with the encrypted one on it: both end the session, once is enough.
      this.#queue = [];
      clearTimeout(this.#loginTimer);
      this.#closing.abort(new FtpRefusal(426, 'Line closed'));
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#dataPort?.close();
    });
  }

  #receive(data: Buffer): void {
    if (this.#isHangingUp) return;
    const lines = this.#lines.feed(data);
    if (lines === null || this.#queue.length + lines.length > queueLimit) {
      this.#hangUp(lines === null ? '500 Line too long' : '500 Too many commands at once');
      return;
    }
    // An abort cannot wait for the end of what it aborts.
    if (this.#busy && lines.some((line) => /^ABOR\b/i.test(line))) this.#dataPort?.close();
    this.#queue.push(...lines);
    void this.#work();
  }

  /** Says why, to who may never read it. */
  #hangUp(reason: string): void {
    this.#isHangingUp = true;
    this.#queue = [];
    this.#lines.drop();
    const { socket } = this;
    socket.pause();
    setTimeout(() => socket.destroy(), hangUpMilliseconds).unref();
    socket.end(`${reason}\r\n`, () => socket.destroy());
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let line = this.#queue.shift(); line !== undefined; line = this.#queue.shift()) {
      this.#expectWithin(null);
      try {
        await this.host.run(this, line);
      } catch (error) {
        const refusal = toRefusal(error);
        await this.answer(refusal.reply, refusal.message);
      }
    }
    this.#busy = false;
    if (this.site !== null) this.#expectWithin(this.host.limits.idleMilliseconds);
    else if (this.#isLate) this.end();
  }

  /** Ends the line unless a command comes in time; null: one is running, which watches itself. */
  #expectWithin(milliseconds: number | null): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (milliseconds === null || this.socket.destroyed) return;
    this.#timer = setTimeout(() => {
      this.end();
    }, milliseconds);
  }
}
