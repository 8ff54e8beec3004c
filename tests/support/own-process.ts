import { delimiter, join } from 'node:path';
import { bundleNode, root } from '../../build/bundles.mjs';

/** The environment of a bundled program, which finds the packages from any folder. */
export const programEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_PATH: [join(root, 'node_modules'), process.env['NODE_PATH'] ?? ''].join(delimiter),
});

/** Bundles a file of this folder as a program of its own into `folder`. Resolves to its path. */
export async function bundleSupport(name: string, folder: string): Promise<string> {
  const program = join(folder, `${name}.js`);
  await bundleNode(join(import.meta.dirname, `${name}.ts`), program);
  return program;
}
