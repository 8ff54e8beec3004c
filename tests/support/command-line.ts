import { join } from 'node:path';
import { bundleNode, root } from '../../build/bundles.mjs';
import { programEnvironment } from './own-process';
import { Program, type Start } from './program';

export type { Ended, Running } from './program';

/** The command line, bundled as it is shipped, and a folder for a test's installations. */
export class CommandLine extends Program {
  static async build(): Promise<CommandLine> {
    const commandLine = new CommandLine((folder) => ({
      command: [process.execPath, join(folder, 'synchro.js')],
      environment: programEnvironment(),
    }));
    await bundleNode(join(root, 'src/cli.ts'), join(commandLine.folder, 'synchro.js'));
    return commandLine;
  }

  /** Of a package: one that is made already. */
  static installed(file: string, environment: Start['environment']): CommandLine {
    return new CommandLine({ command: [file], environment: { ...process.env, ...environment } });
  }
}
