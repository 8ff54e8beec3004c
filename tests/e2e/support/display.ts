import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Display {
  /** `:123`. */
  readonly name: string;
  stop(): Promise<void>;
}

/** An X server of our own with a window manager, on a display that it finds free itself. */
export async function startDisplay(): Promise<Display> {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1400x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const name = `:${await firstLine(server)}`;
  // Without a window manager nothing hides, takes the focus, or knows Alt-F4.
  const manager = spawn('openbox', [], { stdio: 'ignore', env: { ...process.env, DISPLAY: name } });
  return {
    name,
    async stop() {
      await end(manager);
      await end(server);
    },
  };
}

async function firstLine(server: ChildProcess): Promise<string> {
  const pipe = server.stdio[3];
  if (!pipe || !('readable' in pipe)) throw new Error('Xvfb has no pipe to give its display on');
  const failed = once(server, 'error').then(([error]: unknown[]) => {
    throw new Error('Xvfb does not start', { cause: error });
  });
  const lines = createInterface({ input: pipe });
  return String((await Promise.race([once(lines, 'line'), failed]))[0]);
}

/** Ends a process that we started, and waits until it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}
