import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, inject, onTestFinished } from 'vitest';
import type { EngineCalls } from '../../../src/engine/contract';
import { startApp, type App } from './app';
import type { StubOptions } from './stub-data';
import { ownDisplay } from './own-display';

export interface StubApp extends App {
  readonly dataFolder: string;
  /** Waits until the engine was called so. */
  called(call: keyof EngineCalls): Promise<void>;
  calls(): string[];
}

interface Kept {
  readonly app: App;
  readonly dataFolder: string;
}

/** The NW.js of this file's tests, while none of them has it: each begins with the program started again in it. */
let idle: Kept | null = null;
afterAll(() => idle?.app.stop());

/**
 * The application with the stub engine, for one test. One that is about starts, or hands its data folder on to a next
 * one, gives a folder: it has an NW.js of its own, alone on its display.
 */
export async function startStubApp(options: StubOptions, given?: string): Promise<StubApp> {
  const kept = idle;
  idle = null;
  const { app, dataFolder } =
    given === undefined ? await again(kept, options) : await anew(kept, options, given);
  onTestFinished(async () => {
    if (given === undefined && idle === null && (await isThere(app))) idle = { app, dataFolder };
    else await end({ app, dataFolder });
  });
  const calls = (): string[] => readFileSync(path.join(dataFolder, 'calls.log'), 'utf8').trim().split('\n');
  return {
    ...app,
    dataFolder,
    calls,
    called: (call) => app.wait(`the call of ${call}`, () => calls().includes(call)),
  };
}

export const newDataFolder = (): string => mkdtempSync(path.join(os.tmpdir(), 'synchro-data-'));

/** In the same NW.js; in another where there is none yet, or where the program does not come back. */
async function again(kept: Kept | null, options: StubOptions): Promise<Kept> {
  if (kept === null) return anew(null, options, newDataFolder());
  const { app, dataFolder } = kept;
  try {
    for (const name of readdirSync(dataFolder)) rmSync(path.join(dataFolder, name), { recursive: true });
    writeStub(dataFolder, options);
    await app.restart();
    return kept;
  } catch {
    return anew(kept, options, newDataFolder());
  }
}

async function anew(former: Kept | null, options: StubOptions, dataFolder: string): Promise<Kept> {
  if (former !== null) await end(former);
  writeStub(dataFolder, options);
  const app = await startApp({ appFolder: inject('stubAppFolder'), dataFolder, display: ownDisplay() });
  return { app, dataFolder };
}

const isThere = (app: App): Promise<boolean> =>
  app.driver.getTitle().then(
    () => true,
    () => false,
  );

async function end({ app, dataFolder }: Kept): Promise<void> {
  await app.stop();
  rmSync(dataFolder, { recursive: true, force: true });
}

export function writeStub(dataFolder: string, options: StubOptions): void {
  writeFileSync(path.join(dataFolder, 'stub.json'), JSON.stringify(options));
}
