import { resolve } from 'node:path';
import { Engine } from '../engine/engine';
import { answer, EXIT, type CommandContext } from './context';
import { toTerminal } from './sessions';

/** Hub: all rows of the database into a sealed file, for a site to start from. */
export function snapshot(
  context: CommandContext,
  file: string,
  passphrase: () => Promise<string>,
): Promise<number> {
  return withEngine(context, async (engine) => {
    const written = await engine.writeSnapshot(resolve(file), await passphrase());
    answer(context, { file, ...written }, [context.translate('cli.snapshot.done', { file, ...written })]);
  });
}

/** Site: fills its empty database; `source`: a file that `snapshot` wrote, or `hub` for one over the line. */
export function startFrom(
  context: CommandContext,
  source: string,
  passphrase: () => Promise<string>,
): Promise<number> {
  return withEngine(context, async (engine) => {
    const round = await engine.startFrom(
      source === 'hub'
        ? { from: 'hub' }
        : { from: 'file', file: resolve(source), passphrase: await passphrase() },
    );
    answer(context, { round }, [context.translate('cli.startFrom.done', { round })]);
  });
}

/** Site: its changes since a date go out again with the next session. */
export function resend(context: CommandContext, since: string): Promise<number> {
  return withEngine(context, async (engine) => {
    const changes = await engine.resend(since);
    answer(context, { since, changes }, [context.translate('cli.resend.done', { count: changes })]);
  });
}

async function withEngine(context: CommandContext, work: (engine: Engine) => Promise<void>): Promise<number> {
  const engine = new Engine(context.parts, context.folder, toTerminal(context));
  await engine.open();
  const stop = (): void => void engine.stopSnapshot();
  context.signal.addEventListener('abort', stop, { once: true });
  try {
    await work(engine);
    return EXIT.complete;
  } finally {
    await engine.shutdown();
  }
}
