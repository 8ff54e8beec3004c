/** Builds the application folder with the stub as its worker, and starts a display: once for all the tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundleApp, bundleNode, root } from '../../../build/bundles.mjs';
import { startDisplay } from './display';

declare module 'vitest' {
  export interface ProvidedContext {
    stubAppFolder: string;
    display: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const appFolder = mkdtempSync(path.join(os.tmpdir(), 'synchro-app-'));
  await bundleApp(appFolder);
  await bundleNode(path.join(root, 'tests/e2e/support/stub-worker.ts'), path.join(appFolder, 'worker.js'));
  const display = await startDisplay();
  project.provide('stubAppFolder', appFolder);
  project.provide('display', display.name);
  return async () => {
    await display.stop();
    rmSync(appFolder, { recursive: true, force: true });
  };
}
