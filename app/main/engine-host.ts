import { Worker } from 'node:worker_threads';
import { createBirpc, type BirpcReturn } from 'birpc';
import type { EngineCalls, EngineEvents } from '../../src/engine/contract';
import type { EngineState } from '../bridge';
import { callsThrough } from './engine-calls';

export interface EngineHost {
  readonly state: EngineState;
  readonly calls: EngineCalls;
  /** Starts the worker, unless it runs already. */
  start(): void;
  /** Lets the engine end its session at a safe point; past `limit` milliseconds the worker is ended all the same. */
  stop(limit: number): Promise<void>;
}

interface Running {
  readonly worker: Worker;
  readonly rpc: BirpcReturn<EngineCalls, EngineEvents>;
}

/** A CallError like those of the engine: the window tells it by its code. */
class EngineStopped extends Error {
  readonly code = 'engineStopped';
  readonly params = {};
}

/** Keeps the engine's worker: starts it, speaks with it, and notices when it dies. */
export function createEngineHost(
  workerFile: string,
  dataFolder: string,
  events: EngineEvents,
  onStateChanged: (state: EngineState) => void,
): EngineHost {
  let running: Running | null = null;

  function start(): void {
    if (running !== null) return;
    const worker = new Worker(workerFile, { workerData: { dataFolder } });
    const rpc = connect(worker, events);
    const started = { worker, rpc };
    running = started;
    // The exit follows, and says it to the window.
    worker.on('error', (error) => console.error('engine thread failed', error));
    worker.on('exit', () => {
      rpc.$close(new EngineStopped());
      if (running !== started) return;
      running = null;
      onStateChanged('stopped');
    });
    onStateChanged('running');
  }

  async function stop(limit: number): Promise<void> {
    if (running === null) return;
    const { worker, rpc } = running;
    running = null;
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const tooLong = new Promise<void>((resolve) => setTimeout(resolve, limit));
    const shutdown = rpc.shutdown().catch((error: unknown) => console.error('engine shutdown failed', error));
    await Promise.race([shutdown, exited, tooLong]);
    await worker.terminate();
  }

  async function call<Name extends keyof EngineCalls>(
    name: Name,
    ...args: Parameters<EngineCalls[Name]>
  ): Promise<Awaited<ReturnType<EngineCalls[Name]>>> {
    if (running === null) throw new EngineStopped();
    return running.rpc.$call(name, ...args);
  }

  return {
    get state() {
      return running === null ? 'stopped' : 'running';
    },
    calls: callsThrough(call),
    start,
    stop,
  };
}

function connect(worker: Worker, events: EngineEvents): Running['rpc'] {
  return createBirpc<EngineCalls, EngineEvents>(events, {
    post: (message) => worker.postMessage(message),
    on: (listener) => worker.on('message', listener),
    off: (listener) => worker.off('message', listener),
    // A test of a slow line or a shutdown may take minutes; a dead worker is noticed by its exit.
    timeout: -1,
  });
}
