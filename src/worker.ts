import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { Engine } from './engine/engine';
import { eventsTo, linkScreen, type ScreenLink } from './engine/screen-link';
import { parts } from './main';

/** Of 19: enough for the page to be drawn at once, and little enough to get on beside other programs. */
const NICE = 5;

/** The engine in a thread of its own, so that a heavy merge never freezes the window. */
function startWorker(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file is a worker thread');
  const { dataFolder } = z.object({ dataFolder: z.string() }).parse(workerData);
  const screens: ScreenLink[] = [];
  const engine = new Engine(
    parts,
    dataFolder,
    eventsTo(() => screens),
  );
  screens.push(
    linkScreen(engine, {
      post: (message) => port.postMessage(message),
      on: (listener) => port.on('message', listener),
    }),
  );
  // Linux alone counts a thread for itself: the window's goes before. Elsewhere this would be the window's as well.
  if (process.platform === 'linux') setPriority(0, NICE);
  void engine.start();
}

startWorker();
