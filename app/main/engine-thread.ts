/** Entry of the engine's thread: makes it a Node thread like any other, then runs worker.js, which knows no NW.js. */
import './web-globals';
import { createRequire } from 'node:module';
import path from 'node:path';
import { workerData } from 'node:worker_threads';
import { recordCrash } from '../../src/shared/crash-log';

/** NW.js tells the parent of no error, only of the exit: what happened is written down here. */
function recordAndExit(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  try {
    recordCrash(path.join(dataFolder(), 'crash.log'), new Date().toISOString(), text);
  } catch {
    console.error(text);
  }
  process.exit(1);
}

function dataFolder(): string {
  const data: unknown = workerData;
  const known = typeof data === 'object' && data !== null && 'dataFolder' in data;
  return known ? String(data.dataFolder) : '.';
}

process.on('uncaughtException', recordAndExit);
process.on('unhandledRejection', recordAndExit);

createRequire(__filename)(path.join(__dirname, 'worker.js'));
