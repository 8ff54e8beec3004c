import type { Amount, EngineEvents, SnapshotProgress } from '../engine/contract';
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
  const show = (line: string): void => {
    if (!json && process.stderr.isTTY) process.stderr.write(`\r${line}\x1b[K\r`);
  };
  return {
    ...SILENT_EVENTS,
    logged: (line) =>
      tell(json ? JSON.stringify(line) : `${line.at.slice(11, 19)}  ${translate(line.key, line.params)}`),
    overviewChanged: ({ progress }) => {
      if (progress !== null) show(bar(progress, translate));
    },
    snapshotAdvances: (progress) => {
      if (progress !== null) show(snapshotBar(progress, translate));
    },
  };
}

const BAR_WIDTH = 30;

export function bar({ step, done, total, site }: Progress, translate: CommandContext['translate']): string {
  const name = `${translate(`step.${step}`)}${site === null ? '' : ` ${site}`}`;
  return `${blocks({ done, total })}  ${name}  ${countOf({ done, total })}`;
}

export function snapshotBar(
  { stage, table, rows, bytes, left }: SnapshotProgress,
  translate: CommandContext['translate'],
): string {
  const parts = [
    translate(`snapshot.stage.${stage}`),
    table,
    rows === null ? null : translate('cli.snapshot.rows', { amount: countOf(rows) }),
    bytes === null ? null : translate('cli.snapshot.bytes', { amount: countOf(inMegabytes(bytes)) }),
    left === null ? null : translate('cli.snapshot.left', { seconds: Math.ceil(left / 1000) }),
  ];
  return [blocks(rows ?? bytes ?? { done: 0, total: null }), ...parts.filter((part) => part !== null)].join(
    '  ',
  );
}

function blocks({ done, total }: Amount): string {
  const share = total === null || total === 0 ? 0 : Math.min(1, done / total);
  const filled = Math.round(share * BAR_WIDTH);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
}

const countOf = ({ done, total }: Amount): string =>
  total === null ? String(done) : `${String(done)} / ${String(total)}`;

const inMegabytes = ({ done, total }: Amount): Amount => ({
  done: Math.round(done / 1e6),
  total: total === null ? null : Math.round(total / 1e6),
});
