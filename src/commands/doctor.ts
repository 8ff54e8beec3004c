import { join, resolve } from 'node:path';
import { dataFolder, lockDataFolder } from '../config/data-folder';
import type { CheckResult } from '../engine/contract';
import { examine } from '../engine/examination';
import { writeSupport } from '../engine/support';
import { SyncError } from '../shared/errors';
import { checkAnswer, checkLines } from './check-lines';
import { answer, EXIT, type CommandContext } from './context';

/** Says everything that is wrong at once, whether or not an engine runs. */
export async function doctor(context: CommandContext): Promise<number> {
  const results = await examined(context);
  const wrong = results.filter(({ state }) => state === 'failed' || state === 'warning');
  answer(context, { ok: wrong.length === 0, checks: results.map(checkAnswer) }, [
    ...results.flatMap((result) => checkLines(result, context.translate)),
    context.translate('cli.doctor.wrong', { count: wrong.length }),
  ]);
  return exitCode(results);
}

/** An archive for support, at `file` or in the folder where the command was given. */
export async function support(context: CommandContext, file: string | undefined): Promise<number> {
  const { parts, folder } = context;
  const day = new Date(parts.clock.now()).toISOString().slice(0, 10);
  const target = resolve(file ?? join(process.cwd(), `synchronisation-support-${day}.zip`));
  const results = await examined(context);
  await writeSupport(target, { parts, paths: dataFolder(folder), host: {}, results });
  answer(context, { file: target }, [context.translate('cli.support.done', { file: target })]);
  return EXIT.complete;
}

/** An engine that runs is left alone; where none does, none can start meanwhile. */
async function examined({ parts, folder, signal }: CommandContext): Promise<CheckResult[]> {
  const lock = await lockDataFolder(folder).catch((error: unknown) => {
    if (error instanceof SyncError) return error.code === 'data.locked' ? 'locked' : null;
    throw error;
  });
  try {
    return await examine({ parts, paths: dataFolder(folder), served: lock === 'locked', signal });
  } finally {
    if (lock !== 'locked') lock?.release();
  }
}

function exitCode(results: readonly CheckResult[]): number {
  const failed = results.filter(({ state }) => state === 'failed');
  if (failed.some(({ name }) => name === 'settings')) return EXIT.badUse;
  if (failed.length > 0) return EXIT.failed;
  return results.some(({ state }) => state === 'warning') ? EXIT.partial : EXIT.complete;
}
