import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** How a process ended. */
export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way. */
export interface Running {
  readonly ended: Promise<Ended>;
  /** Resolves at the first line on the standard error that holds `text`; rejects where the process ends before. */
  line(text: string): Promise<string>;
  /** Called at each line on the standard error, with its number from 1 on. */
  onLine(listener: (line: string, number: number) => void): void;
  kill(signal: NodeJS.Signals): void;
}

/** How a program is started: a file with its first arguments, and its variables. */
export interface Start {
  readonly command: readonly [string, ...string[]];
  readonly environment: NodeJS.ProcessEnv;
}

/** The command line, however it was made, and a folder for the installations that it serves. */
export class Program {
  readonly folder = mkdtempSync(join(tmpdir(), 'synchro-cli-'));
  readonly #running = new Set<ChildProcess>();
  readonly #start: Start;

  constructor(start: Start | ((folder: string) => Start)) {
    this.#start = typeof start === 'function' ? start(this.folder) : start;
  }

  /** A folder of its own. */
  subfolder(name: string): string {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  start(...args: readonly string[]): Running {
    return this.#spawn(args, null);
  }

  /** Runs a command to its end that reads this on its standard input. */
  feed(input: string, ...args: readonly string[]): Promise<Ended> {
    return this.#spawn(args, input).ended;
  }

  #spawn(args: readonly string[], input: string | null): Running {
    const [file, ...first] = this.#start.command;
    const child = spawn(file, [...first, ...args], {
      cwd: this.folder,
      env: this.#start.environment,
      stdio: [input === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    child.stdin?.end(input);
    this.#running.add(child);
    child.once('close', () => this.#running.delete(child));
    return follow(child);
  }

  /** Runs a command to its end. */
  run(...args: readonly string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** The answer of a command that must succeed, as JSON. */
  async json(...args: readonly string[]): Promise<unknown> {
    const { code, stdout, stderr } = await this.run(...args, '--json');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}: ${stdout}${stderr}`);
    return JSON.parse(stdout) as unknown;
  }

  /** Ends what still runs, and removes everything. */
  async end(): Promise<void> {
    await Promise.all(
      [...this.#running].map(async (child) => {
        const closed = new Promise((resolve) => child.once('close', resolve));
        child.kill('SIGKILL');
        await closed;
      }),
    );
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function follow(child: ChildProcess): Running {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the standard streams are pipes');
  let output = '';
  stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const lines: string[] = [];
  const listeners: ((line: string, number: number) => void)[] = [];
  createInterface({ input: stderr }).on('line', (line) => {
    lines.push(line);
    for (const listener of listeners) listener(line, lines.length);
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({ code, signal, stdout: output, stderr: lines.join('\n') }),
    );
  });
  const onLine: Running['onLine'] = (listener) => {
    lines.forEach((line, at) => listener(line, at + 1));
    listeners.push(listener);
  };
  return {
    ended,
    onLine,
    line: (text) =>
      new Promise((resolve, reject) => {
        onLine((line) => {
          if (line.includes(text)) resolve(line);
        });
        void ended.then(
          () => reject(new Error(`ended without "${text}":\n${lines.join('\n')}\n${output}`)),
          reject,
        );
      }),
    kill: (signal) => void child.kill(signal),
  };
}
