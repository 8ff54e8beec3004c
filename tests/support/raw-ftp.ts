import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';

/** A control line driven by hand: sends what no honest client would. */
export class RawFtp {
  #text = '';
  #wake: () => void = () => undefined;

  private constructor(private socket: Socket) {
    this.#listen();
  }

  static async open(port: number, localAddress = '127.0.0.1'): Promise<RawFtp> {
    const socket = connectTcp({ port, host: '127.0.0.1', localAddress });
    const raw = new RawFtp(socket);
    await once(socket, 'connect');
    return raw;
  }

  /** The next complete reply, `undefined` once the line is closed without one. */
  async reply(): Promise<string | undefined> {
    for (;;) {
      const reply = /^(\d{3}) .*\r\n/m.exec(this.#text);
      if (reply !== null) {
        const end = reply.index + reply[0].length;
        const whole = this.#text.slice(0, end).trim();
        this.#text = this.#text.slice(end);
        return whole;
      }
      if (this.socket.closed) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async command(line: string): Promise<string | undefined> {
    this.socket.write(`${line}\r\n`);
    return this.reply();
  }

  write(bytes: string): void {
    this.socket.write(bytes);
  }

  /** Goes on encrypted, once the hub has said 234. */
  async startTls(): Promise<void> {
    this.socket.removeAllListeners('data');
    const secure = connectTls({ socket: this.socket, rejectUnauthorized: false });
    this.socket = secure;
    this.#listen();
    await once(secure, 'secureConnect');
  }

  async login(site: number, secret: string): Promise<void> {
    await this.reply();
    await this.command('AUTH TLS');
    await this.startTls();
    await this.command(`USER site${site}`);
    const answer = await this.command(`PASS ${secret}`);
    if (answer?.startsWith('230') !== true) throw new Error(`Login answered ${answer ?? 'nothing'}`);
    await this.command('PBSZ 0');
    await this.command('PROT P');
  }

  /** A data line that resumes this line's session, over `raw` or to a port that was announced; not yet shaken hands. */
  dataLine(to: number | Socket): TLSSocket {
    const session = this.socket instanceof TLSSocket ? this.socket.getSession() : undefined;
    const where = typeof to === 'number' ? { host: '127.0.0.1', port: to } : { socket: to };
    const data = connectTls({
      ...where,
      rejectUnauthorized: false,
      ...(session !== undefined && { session }),
    });
    data.on('error', () => undefined);
    return data;
  }

  /** Number of the data port that EPSV announces. */
  async dataPort(): Promise<number> {
    const answer = await this.command('EPSV');
    return Number(/\|\|\|(\d+)\|/.exec(answer ?? '')?.[1]);
  }

  close(): void {
    this.socket.destroy();
  }

  #listen(): void {
    this.socket.on('error', () => undefined);
    this.socket.on('data', (data: Buffer) => {
      this.#text += data.toString('latin1');
      this.#wake();
    });
    this.socket.on('close', () => {
      this.#wake();
    });
  }
}
