import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inject, onTestFinished } from 'vitest';
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

/** The application with the stub engine, for one test: it ends with it. A data folder may be handed on to a next start. */
export async function startStubApp(
  options: StubOptions,
  dataFolder = mkdtempSync(path.join(os.tmpdir(), 'synchro-data-')),
): Promise<StubApp> {
  writeStub(dataFolder, options);
  const app = await startApp({ appFolder: inject('stubAppFolder'), dataFolder, display: ownDisplay() });
  onTestFinished(async () => {
    await app.stop();
    rmSync(dataFolder, { recursive: true, force: true });
  });
  const calls = (): string[] => readFileSync(path.join(dataFolder, 'calls.log'), 'utf8').trim().split('\n');
  return {
    ...app,
    dataFolder,
    calls,
    called: (call) => app.wait(`the call of ${call}`, () => calls().includes(call)),
  };
}

export function writeStub(dataFolder: string, options: StubOptions): void {
  writeFileSync(path.join(dataFolder, 'stub.json'), JSON.stringify(options));
}
