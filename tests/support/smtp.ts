import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { readMail, type ReceivedMail } from './mime';

export const LOGIN = { user: 'lyon', password: 'S3cret-Pa55' };

export interface Received extends ReceivedMail {
  readonly recipients: readonly string[];
  /** Whether it came over an encrypted line. */
  readonly secure: boolean;
  /** Who had logged in. */
  readonly user: string | null;
}

/** A certificate of its own for `names`, in PEM. */
export async function makeCertificate(
  names: readonly string[],
  { expired = false }: { readonly expired?: boolean } = {},
): Promise<{ key: string; cert: string }> {
  const made = await generate([{ name: 'commonName', value: names[0] ?? '' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 30 * 86_400_000),
    notAfterDate: new Date(Date.now() + (expired ? -1 : 30) * 86_400_000),
    extensions: [{ name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) }],
  });
  return { key: made.private, cert: made.cert };
}

/** A real SMTP server on loopback, and what came into its box. */
export class MailServer {
  readonly box: Received[] = [];
  readonly #server: SMTPServer;
  #listeners: (() => void)[] = [];
  #clients = 0;

  private constructor(options: SMTPServerOptions) {
    this.#server = new SMTPServer({
      logger: false,
      closeTimeout: 100,
      onAuth: ({ username, password }, _, done) => {
        const right = username === LOGIN.user && password === LOGIN.password;
        // Some servers answer with what was sent, the password too.
        if (right) done(null, { user: username });
        else done(new Error(`no such login ${username ?? ''} ${password ?? ''}`));
      },
      onRcptTo: ({ address }, _, done) => {
        if (address.startsWith('nobody'))
          done(Object.assign(new Error('no such user'), { responseCode: 550 }));
        else done();
      },
      onData: (stream, session, done) => {
        let raw = '';
        stream.setEncoding('utf8').on('data', (text: string) => (raw += text));
        stream.on('end', () => {
          this.box.push({
            ...readMail(raw),
            recipients: session.envelope.rcptTo.map(({ address }) => address),
            secure: session.secure,
            user: typeof session.user === 'string' ? session.user : null,
          });
          done();
          this.#wake();
        });
      },
      ...options,
    });
    this.#server.on('error', () => undefined);
  }

  /** On a port that is free, or on the one given. */
  static async open(options: SMTPServerOptions = {}, port = 0): Promise<MailServer> {
    const server = new MailServer(options);
    server.#server.server.on('connection', (socket: Socket) => {
      server.#clients++;
      socket.once('close', () => {
        server.#clients--;
        server.#wake();
      });
    });
    server.#server.listen(port, '127.0.0.1');
    await once(server.#server.server, 'listening');
    return server;
  }

  get port(): number {
    return portOf(this.#server.server);
  }

  /** Resolves when the box holds `count` letters. */
  async received(count: number): Promise<readonly Received[]> {
    while (this.box.length < count) await this.#changed();
    return this.box;
  }

  /** Resolves when nobody is connected any more: everyone knows then that his letter was taken. */
  async left(): Promise<void> {
    while (this.#clients > 0) await this.#changed();
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#listeners.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#listeners.splice(0)) wake();
  }
}

/** A server that takes connections and never says a word. */
export class MuteServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
    });
  }

  static async open(): Promise<MuteServer> {
    const mute = new MuteServer();
    mute.#server.listen(0, '127.0.0.1');
    await once(mute.#server, 'listening');
    return mute;
  }

  get port(): number {
    return portOf(this.#server);
  }

  /** Resolves when someone has connected. */
  async connected(): Promise<void> {
    if (this.#sockets.size === 0) await once(this.#server, 'connection');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const mute = await MuteServer.open();
  const { port } = mute;
  await mute.close();
  return port;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** A folder for a test, with the certificates its mail client trusts. */
export function mailFolder(trusted?: string): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'mail-'));
  if (trusted !== undefined) writeFileSync(join(folder, 'mail-ca.pem'), trusted);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
