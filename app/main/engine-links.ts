import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { createBirpc, type BirpcReturn } from 'birpc';
import type { EngineCalls, EngineEvents } from '../../src/engine/contract';
import { messagesOver, serviceAddress, type MessageLine } from '../../src/engine/service-line';

/** An engine that works, and the way to speak with it. */
export interface EngineLink {
  readonly host: 'window' | 'service';
  readonly rpc: BirpcReturn<EngineCalls, EngineEvents>;
  /** Resolves when the engine is gone, whoever ended it. Calls under way are refused then. */
  readonly ended: Promise<void>;
  /** Ends what is this program's own; past `limit` milliseconds all the same. */
  end(limit: number): Promise<void>;
}

/** A CallError like those of the engine: the window tells it by its code. */
export class EngineStopped extends Error {
  readonly code = 'engineStopped';
  readonly params = {};
}

/** An engine of this program, in a thread. */
export function startThread(file: string, dataFolder: string, events: EngineEvents): EngineLink {
  const worker = new Worker(file, { workerData: { dataFolder } });
  const rpc = speak(events, {
    post: (message) => worker.postMessage(message),
    on: (listener) => worker.on('message', listener),
  });
  // The exit follows, and says it to the window.
  worker.on('error', (error) => console.error('engine thread failed', error));
  const ended = once(worker, 'exit').then(() => rpc.$close(new EngineStopped()));
  return {
    host: 'window',
    rpc,
    ended,
    async end(limit) {
      const tooLong = new Promise<void>((resolve) => setTimeout(resolve, limit));
      const shutdown = rpc
        .shutdown()
        .catch((error: unknown) => console.error('engine shutdown failed', error));
      await Promise.race([shutdown, ended, tooLong]);
      await worker.terminate();
    },
  };
}

/** The engine that runs on this machine as a service of the data folder; null where none answers. */
export async function attachToService(dataFolder: string, events: EngineEvents): Promise<EngineLink | null> {
  const socket = connect(serviceAddress(dataFolder));
  try {
    await once(socket, 'connect');
  } catch {
    return null;
  }
  socket.on('error', () => socket.destroy());
  const rpc = speak(events, messagesOver(socket));
  const ended = once(socket, 'close').then(() => rpc.$close(new EngineStopped()));
  return {
    host: 'service',
    rpc,
    ended,
    async end() {
      socket.destroy();
      await ended;
    },
  };
}

/** As above; one of another version than this window is left alone, for it may speak otherwise. */
export async function findService(
  dataFolder: string,
  version: string,
  events: EngineEvents,
): Promise<EngineLink | 'otherVersion' | null> {
  const service = await attachToService(dataFolder, events);
  if (service === null) return null;
  const overview = await service.rpc.overview().catch(() => null);
  if (overview?.application === version) return service;
  await service.end(0);
  return overview === null ? null : 'otherVersion';
}

function speak(events: EngineEvents, line: MessageLine): EngineLink['rpc'] {
  return createBirpc<EngineCalls, EngineEvents>(events, {
    post: (message) => line.post(message),
    on: (listener) => line.on(listener),
    // A test of a slow line or a shutdown may take minutes; an engine that is gone is noticed by its end.
    timeout: -1,
  });
}
