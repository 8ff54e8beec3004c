import type { EngineEvents } from '../engine/contract';
import { Engine } from '../engine/engine';
import { ServiceDoor } from '../engine/service-door';
import { SILENT_EVENTS } from '../engine/silent-events';
import type { Progress, SessionState } from '../report/report';
import { renderText } from '../report/render-text';
import { checkAnswer, checkLines } from './check-lines';
import { answer, EXIT, exitOf, type CommandContext } from './context';

const EXIT_OF: Readonly<Record<SessionState, number>> = {
  running: EXIT.failed,
  ok: EXIT.complete,
  warnings: EXIT.complete,
  partial: EXIT.partial,
  idle: EXIT.partial,
  stopped: EXIT.failed,
  failed: EXIT.failed,
};

/**
 * One session now, in the foreground. At a hub the FTP server listens for as long as it lasts. `recover`: the user
 * agrees that a database restored from an old copy catches up.
 */
export async function sync(
  context: CommandContext,
  agreed: { readonly recover?: boolean } = {},
): Promise<number> {
  const engine = new Engine(context.parts, context.folder, toTerminal(context));
  const stop = (): void => void engine.stopSession();
  context.signal.addEventListener('abort', stop, { once: true });
  try {
    await engine.open();
    const session = engine.synchronise('manual', agreed);
    if (context.signal.aborted) stop();
    const report = await session;
    answer(context, report, [renderText(report, context.translate)]);
    return report.error === null ? EXIT_OF[report.state] : exitOf(report.error.code);
  } finally {
    await engine.shutdown();
  }
}

/** The engine until SIGTERM: FTP server at a hub, schedule at both. Windows of this machine attach to it. */
export async function run(context: CommandContext): Promise<number> {
  const door = new ServiceDoor();
  const engine = new Engine(context.parts, context.folder, toBoth(toTerminal(context), door.events));
  try {
    await engine.open();
    await door.open(engine, context.folder).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      context.tell(context.translate('cli.run.noWindows', { reason }));
    });
    await engine.serve();
    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve();
      context.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    await engine.shutdown();
    await door.close();
  }
  return EXIT.complete;
}

function toBoth(terminal: EngineEvents, windows: EngineEvents): EngineEvents {
  return {
    ...windows,
    logged(line) {
      terminal.logged(line);
      windows.logged(line);
    },
    overviewChanged(overview) {
      terminal.overviewChanged(overview);
      windows.overviewChanged(overview);
    },
  };
}

export async function test(context: CommandContext): Promise<number> {
  const engine = new Engine(context.parts, context.folder, toTerminal(context));
  try {
    await engine.open();
    const results = await engine.test();
    const ok = results.every(({ state }) => state !== 'failed');
    const lines = results.flatMap((result) => checkLines(result, context.translate));
    answer(context, { ok, checks: results.map(checkAnswer) }, lines);
    return ok ? EXIT.complete : EXIT.failed;
  } finally {
    await engine.shutdown();
  }
}

/** Log lines as they come, and on a terminal the progress of the step under way. */
export function toTerminal(context: CommandContext): EngineEvents {
  const { translate, tell, json } = context;
  return {
    ...SILENT_EVENTS,
    logged: (line) =>
      tell(json ? JSON.stringify(line) : `${line.at.slice(11, 19)}  ${translate(line.key, line.params)}`),
    overviewChanged: ({ progress }) => {
      if (!json && progress !== null && process.stderr.isTTY)
        process.stderr.write(`\r${bar(progress, translate)}\x1b[K\r`);
    },
  };
}

const BAR_WIDTH = 30;

export function bar({ step, done, total, site }: Progress, translate: CommandContext['translate']): string {
  const share = total === null || total === 0 ? 0 : Math.min(1, done / total);
  const filled = Math.round(share * BAR_WIDTH);
  const count = total === null ? String(done) : `${String(done)} / ${String(total)}`;
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}  ${translate(`step.${step}`)}${site === null ? '' : ` ${site}`}  ${count}`;
}
