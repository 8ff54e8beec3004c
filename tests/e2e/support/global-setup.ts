/** Builds the product, and its window with the stub as engine, and starts the displays: once for all the tests. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundleApp, bundleNode, root } from '../../../build/bundles.mjs';
import { startDisplay } from './display';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Window whose engine is the stub. */
    stubAppFolder: string;
    /** What build.mjs makes: synchro.js, and the window in app/. */
    productFolder: string;
    /** One for each worker. */
    displays: string[];
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const appFolder = mkdtempSync(path.join(os.tmpdir(), 'synchro-app-'));
  await bundleApp(appFolder);
  await bundleNode(path.join(root, 'tests/e2e/support/stub-worker.ts'), path.join(appFolder, 'worker.js'));
  const productFolder = buildProduct();
  const displays = await Promise.all(Array.from({ length: project.config.maxWorkers }, startDisplay));
  project.provide('stubAppFolder', appFolder);
  project.provide('productFolder', productFolder);
  project.provide(
    'displays',
    displays.map(({ name }) => name),
  );
  return async () => {
    await Promise.all(displays.map((display) => display.stop()));
    rmSync(appFolder, { recursive: true, force: true });
  };
}

/** Under node_modules, where its packages are found; not in dist/, which may be in use. */
function buildProduct(): string {
  const folder = path.join(root, 'node_modules/.cache/synchro-e2e');
  execFileSync(process.execPath, [path.join(root, 'build/build.mjs'), folder], { stdio: 'ignore' });
  return folder;
}
