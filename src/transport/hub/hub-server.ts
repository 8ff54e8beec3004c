import type { Socket } from 'node:net';
import { systemClock, type Clock } from '../../shared/clock';
import { SyncError } from '../../shared/errors';
import { turns } from '../../shared/turns';
import { errorCode, freeBytes } from '../disk';
import type { HubServer, HubServerState, StoredFile } from '../port';
import { hashSecret } from '../secrets';
import { plainAddress } from './addresses';
import { BlockedAddresses, defaultBlockingRules } from './blocked';
import { runCommand } from './commands';
import { connectionsLimit, isCrowded, superfluousLines } from './crowd';
import { Deposits } from './deposits';
import { createFtpSrv, type FtpSrv, type LoginListener } from './ftp-srv-door';
import { HandshakeQueue } from './handshake-queue';
import { logIn, type Login } from './logins';
import { packageFiles } from './package-files';
import { PortPool } from './passive';
import { FtpRefusal } from './refusal';
import { secureContext, type TlsCertificate } from './secure';
import { defaultLimits, type HubServerOptions } from './hub-server-options';
import { ControlSession, type LoggedIn, type SessionHost, type SessionLimits } from './session';
import { SiteFiles } from './site-files';

export function createHubServer(options: HubServerOptions): HubServer {
  return new FtpHubServer(options);
}

class FtpHubServer implements HubServer {
  #state: HubServerState = { active: false, reason: null };
  #ftp: FtpSrv | null = null;
  /** Starts and stops come one after the other. */
  readonly #inTurn = turns();
  readonly #sessions = new Map<object, ControlSession>();
  readonly #deposits = new Map<number, Deposits>();
  readonly #blocked: BlockedAddresses;
  readonly #handshakes = new HandshakeQueue();
  readonly #clock: Clock;

  constructor(private readonly options: HubServerOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#blocked = new BlockedAddresses({
      file: options.blockedFile,
      rules: { ...defaultBlockingRules, ...options.blocking },
      clock: this.#clock,
      changed: () => options.events?.blockedChanged?.(),
    });
  }

  get state(): HubServerState {
    return this.#state;
  }

  start(): Promise<void> {
    return this.#inTurn(() => this.#start());
  }

  stop(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#stop();
      this.#setState({ active: false, reason: null });
    });
  }

  disconnect(site: number): void {
    for (const session of this.#sessions.values()) if (session.site?.account.number === site) session.end();
  }

  blocked() {
    return this.#blocked.list();
  }

  unblock(address: string): Promise<void> {
    return this.#blocked.unblock(address);
  }

  clearBlocked(): Promise<void> {
    return this.#blocked.clear();
  }

  async #start(): Promise<void> {
    if (this.#state.active) return;
    try {
      const { tls } = this.options;
      // A certificate that is none must stop the start, not each line.
      if (tls !== null) secureContext(tls);
      const host = this.#sessionHost(tls);
      const ftp = createFtpSrv((socket, greet) => {
        this.#connected(socket, greet);
      });
      this.#ftp = ftp;
      ftp.on('connect', ({ connection }) => {
        this.#sessions.set(connection, new ControlSession(connection, host));
        connection.commandSocket.once('close', () => this.#sessions.delete(connection));
      });
      const onLogin: LoginListener = (login, resolve, reject) => {
        this.#logIn(login).then((loggedIn) => {
          resolve({ fs: packageFiles(loggedIn) });
        }, reject);
      };
      ftp.on('login', onLogin);
      const port = await this.#listen(ftp);
      this.#setState({ active: true, port });
    } catch (error) {
      await this.#stop();
      const failure = startError(error, this.options.port);
      this.#setState({ active: false, reason: failure.code.replace('ftp.', '') });
      throw failure;
    }
  }

  #listen(ftp: FtpSrv): Promise<number> {
    const { server } = ftp;
    server.maxConnections = connectionsLimit;
    const { port, host } = this.options;
    return new Promise((resolve, reject) => {
      // ftp-srv listens to errors too: without this one, they would end nowhere.
      server.once('error', reject);
      server.listen({ port, ...(host !== undefined && { host }) }, () => {
        server.removeListener('error', reject);
        server.once('error', () => {
          void this.#inTurn(async () => {
            await this.#stop();
            this.#setState({ active: false, reason: 'listen' });
          });
        });
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  async #stop(): Promise<void> {
    const ftp = this.#ftp;
    this.#ftp = null;
    if (ftp === null) return;
    for (const session of this.#sessions.values()) session.end();
    await new Promise<void>((resolve) => {
      ftp.server.close(() => {
        resolve();
      });
    });
    ftp.removeAllListeners();
    ftp.server.removeAllListeners();
  }

  #connected(socket: Socket, greet: () => void): void {
    const address = plainAddress(socket.remoteAddress);
    const isWelcome = this.#handshakes.isWelcome(address);
    if (this.#blocked.has(address) || isCrowded(this.#sessions.values(), address, isWelcome))
      socket.destroy();
    else greet();
  }

  async #logIn({ connection, username, password }: Parameters<LoginListener>[0]): Promise<LoggedIn> {
    const session = this.#sessions.get(connection);
    if (session === undefined) throw new Error('Connection closed');
    session.isLoggingIn = true;
    try {
      const login = await logIn(
        {
          accounts: this.options.accounts,
          secrets: this.options.secrets ?? null,
          blocked: this.#blocked,
          clock: this.#clock,
          tarpitMilliseconds: this.options.tarpitMilliseconds ?? 1000,
        },
        session.peer,
        username,
        password,
      );
      this.#handshakes.welcome(session.peer);
      session.site = this.#siteOf(login);
      for (const line of superfluousLines(this.#sessions.values(), login.account)) line.end();
      return session.site;
    } catch (error) {
      // A failure of the hub's own is no wrong password, which would be final for the site.
      if (!(error instanceof FtpRefusal)) session.end();
      session.failedLogins += this.#blocked.has(session.peer) ? this.#limits.failedLogins : 1;
      throw error;
    } finally {
      session.isLoggingIn = false;
    }
  }

  #siteOf({ account, byCode }: Login): LoggedIn {
    const { sitesFolder, roundsFolder, status, free = freeBytes } = this.options;
    const site = account.number;
    const stored = (file: StoredFile): void => this.options.events?.stored?.(file);
    const deposits = this.#deposits.get(site) ?? new Deposits({ sitesFolder, site, stored, free });
    this.#deposits.set(site, deposits);
    const files = new SiteFiles({
      roundsFolder,
      snapshotsFolder: this.options.snapshotsFolder ?? null,
      deposits,
      status: () => status(site),
      now: () => this.#clock.now(),
    });
    return { account, byCode, files, deposits };
  }

  get #limits(): SessionLimits {
    return { ...defaultLimits, ...this.options.limits };
  }

  #sessionHost(tls: TlsCertificate | null): SessionHost {
    const { passivePorts, publicAddress = null, events } = this.options;
    return {
      tls,
      ports: new PortPool(passivePorts),
      publicAddress,
      limits: this.#limits,
      run: (session, line) => {
        if (session.site !== null) events?.heard?.(session.site.account.number);
        return runCommand(session, line);
      },
      mayEncrypt: ({ peer, closed }) => this.#handshakes.turn(peer, closed),
      leaveSecret: async (account, secret) => {
        const { secrets } = this.options;
        return secrets !== undefined && secrets.left(account, hashSecret(secret));
      },
      now: () => this.#clock.now(),
      stored: (file) => events?.stored?.(file),
      receiving: (transfer) => events?.receiving?.(transfer),
    };
  }

  #setState(state: HubServerState): void {
    this.#state = state;
    this.options.events?.stateChanged?.(state);
  }
}

/** `ftp.portTaken`, `ftp.portRefused` or `ftp.listen`, with the port and the system's reason. */
function startError(error: unknown, port: number): SyncError {
  const reason = errorCode(error) ?? (error instanceof Error ? error.message : String(error));
  const code =
    reason === 'EADDRINUSE' ? 'ftp.portTaken' : reason === 'EACCES' ? 'ftp.portRefused' : 'ftp.listen';
  return new SyncError(code, { params: { port, reason }, cause: error, retryable: code === 'ftp.portTaken' });
}
