import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findRuntime, machineArguments } from '../../build/nw-runtime.mjs';
import type { Place } from './places';

/** NW.js and the application that it is to run. */
export interface WindowProgram {
  readonly runtime: string;
  readonly application: string;
}

/** Null where no window can be opened: no display, no runtime, or the application was not built. */
export function findWindowProgram(application: string): WindowProgram | null {
  const hasDisplay = process.platform !== 'linux' || (process.env['DISPLAY'] ?? '') !== '';
  if (!hasDisplay || !existsSync(join(application, 'main.js'))) return null;
  try {
    return { runtime: findRuntime().nw, application };
  } catch {
    return null;
  }
}

/** How long a window may take to end when it is asked to, milliseconds. */
const CLOSING_LIMIT = 5_000;

/** The real window of one establishment, which outlives the demo. */
export class PlaceWindow {
  readonly #child: ChildProcess;
  #running = true;

  constructor({ runtime, application }: WindowProgram, { folder }: Place) {
    const profile = join(folder, 'fenetre');
    const options = [...machineArguments(), `--user-data-dir=${profile}`];
    this.#child = spawn(runtime, [...options, application, '--data', folder], {
      detached: true,
      stdio: 'ignore',
    });
    const ended = (): void => {
      this.#running = false;
    };
    this.#child.once('exit', ended);
    this.#child.once('error', ended);
    this.#child.unref();
  }

  get running(): boolean {
    return this.#running;
  }

  /** Whether the engine in the window answers on its FTP port before `limit` milliseconds have passed. */
  async listens(
    port: number,
    limit: number,
    pause: (milliseconds: number) => Promise<void>,
  ): Promise<boolean> {
    const end = Date.now() + limit;
    while (this.#running && Date.now() < end) {
      if (await answers(port)) return true;
      await pause(200);
    }
    return false;
  }

  /** Ends it, and waits until it has let go of its data folder. */
  async close(): Promise<void> {
    if (!this.#running) return;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill();
    const insist = setTimeout(() => this.#child.kill('SIGKILL'), CLOSING_LIMIT);
    await exited;
    clearTimeout(insist);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
