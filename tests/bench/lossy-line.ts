import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What a line does, beside being slow. */
export interface Weather {
  /** Of the packets, 0 to 1. */
  readonly loss: number;
  /** Seconds between two cuts, and of each; 0: none. */
  readonly cutEvery: number;
  readonly cutFor: number;
}

/** 512 kbit/s. */
export const BYTES_PER_SECOND = 64_000;
/** One way, seconds. */
const DELAY = 0.025;
const NAMESPACE = 'synchro-lossy-line';
const [NEAR, FAR] = ['synchro-near', 'synchro-far'];
/** Of the near end, where the hub is. */
export const NEAR_ADDRESS = '10.197.77.1';
const FAR_ADDRESS = '10.197.77.2';

/** Two network stacks of this machine with a bad line between them; what is started at its far end has no other. */
export class LossyLine {
  /** What a command at the far end begins with. */
  readonly prefix = ['ip', 'netns', 'exec', NAMESPACE] as const;
  readonly #relay: ChildProcess;
  readonly #told: AsyncIterator<string>;
  #ended: Promise<number> | null = null;

  private constructor(relay: ChildProcess, told: AsyncIterator<string>) {
    this.#relay = relay;
    this.#told = told;
  }

  /** Null where this machine lets nobody lay one: it takes root, iproute2, Python and tun devices. */
  static async lay(programs: string, { loss, cutEvery, cutFor }: Weather): Promise<LossyLine | null> {
    try {
      ip('netns', 'add', NAMESPACE);
    } catch {
      return null;
    }
    const numbers = [BYTES_PER_SECOND, DELAY, loss, cutEvery, cutFor].map(String);
    const relay = spawn('python3', [join(programs, 'lossy-line.py'), NEAR, FAR, ...numbers], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const told = createInterface({ input: relay.stdout })[Symbol.asyncIterator]();
    const line = new LossyLine(relay, told);
    if ((await told.next()).done === true) {
      await line.end();
      return null;
    }
    ip('link', 'set', FAR, 'netns', NAMESPACE);
    up(NEAR, NEAR_ADDRESS);
    up(FAR, FAR_ADDRESS, '-n', NAMESPACE);
    ip('-n', NAMESPACE, 'link', 'set', 'lo', 'up');
    return line;
  }

  /** Takes it away; seconds that it was cut. */
  end(): Promise<number> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<number> {
    this.#relay.kill('SIGTERM');
    const told = await this.#told.next();
    ip('netns', 'delete', NAMESPACE);
    return told.done === true ? 0 : Number(told.value);
  }
}

const ip = (...args: string[]): void => {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'ignore'] });
};

function up(device: string, address: string, ...where: string[]): void {
  ip(...where, 'address', 'add', `${address}/30`, 'dev', device);
  ip(...where, 'link', 'set', device, 'up');
}
