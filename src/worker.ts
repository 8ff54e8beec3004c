import { createBirpc } from 'birpc';
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import type { CallError, EngineCalls, EngineEvents } from './engine/contract';
import { Engine } from './engine/engine';
import { parts } from './main';
import { toSyncError } from './shared/errors';

/** The engine in a thread of its own, so that a heavy merge never freezes the window. */
function startWorker(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file is a worker thread');
  const { dataFolder } = z.object({ dataFolder: z.string() }).parse(workerData);
  const engine: Engine = new Engine(parts, dataFolder, {
    overviewChanged: (overview) => void screens.overviewChanged(overview),
    logged: (line) => void screens.logged(line),
    historyChanged: () => void screens.historyChanged(),
    blockedChanged: () => void screens.blockedChanged(),
    checked: (result) => void screens.checked(result),
    comparing: (progress) => void screens.comparing(progress),
    settingsChanged: () => void screens.settingsChanged(),
    conflictsChanged: () => void screens.conflictsChanged(),
  });
  const screens = createBirpc<EngineEvents, EngineCalls>(engine, {
    bind: 'functions',
    post: (message) => port.postMessage(message),
    on: (listener) => port.on('message', listener),
    eventNames: [
      'overviewChanged',
      'logged',
      'historyChanged',
      'blockedChanged',
      'checked',
      'comparing',
      'settingsChanged',
      'conflictsChanged',
    ],
    serialize: withCallError,
    timeout: -1,
  });
  void engine.start();
}

/** A structured clone drops the code and the parameters of an error: they travel as a CallError. */
function withCallError(message: unknown): unknown {
  if (typeof message !== 'object' || message === null || !('e' in message) || message.e === undefined)
    return message;
  const { code, params } = toSyncError(message.e);
  return { ...message, e: { code, params } satisfies CallError };
}

startWorker();
