import type { Cell, DifferingRow, RepairOutcome, TableComparison } from '../engine/contract';
import { Engine } from '../engine/engine';
import { SyncError } from '../shared/errors';
import { answer, EXIT, type CommandContext } from './context';
import { toTerminal } from './sessions';

export interface VerifyOptions {
  readonly table?: string;
  /** `hub` or `site`. */
  readonly repair?: string;
}

/** Compares the site's tables with the hub's; with `repair`, makes them what one side says. Exit code 2: they differ. */
export async function verify(context: CommandContext, { table, repair }: VerifyOptions): Promise<number> {
  if (repair !== undefined && repair !== 'hub' && repair !== 'site')
    throw new SyncError('cli.missing', { params: { what: context.translate('cli.verify.right') } });
  const engine = new Engine(context.parts, context.folder, toTerminal(context));
  await engine.open();
  const stop = (): void => void engine.stopComparison();
  context.signal.addEventListener('abort', stop, { once: true });
  try {
    const one = table === undefined ? {} : { table };
    if (repair === undefined) return tell(context, (await engine.compare(one)).tables);
    return tellRepair(context, await engine.repair({ right: repair, ...one }));
  } finally {
    await engine.shutdown();
  }
}

function tell(context: CommandContext, tables: readonly TableComparison[]): number {
  answer(
    context,
    { tables },
    tables.flatMap((line) => [headOf(context, line), ...line.shown.map((row) => rowOf(context, row))]),
  );
  return tables.every(({ state }) => state === 'equal') ? EXIT.complete : EXIT.partial;
}

function headOf({ translate }: CommandContext, line: TableComparison): string {
  const { table, state, reason, rowsHere: here, rowsAtHub: hub, different: count } = line;
  if (state === 'equal') return translate('cli.verify.equal', { table, rows: here });
  if (state === 'differs') return translate('cli.verify.differs', { table, here, hub, count });
  return translate('cli.verify.incomparable', { table, reason: translate(`compare.reason.${reason ?? ''}`) });
}

function rowOf({ translate }: CommandContext, { columns, presentHere, presentAtHub }: DifferingRow): string {
  const key = columns
    .filter(({ isKey }) => isKey)
    .map(({ here, hub }) => text(here ?? hub))
    .join(', ');
  if (!presentHere) return translate('cli.verify.onlyAtHub', { key });
  if (!presentAtHub) return translate('cli.verify.onlyHere', { key });
  const differing = columns
    .filter(({ differs }) => differs)
    .map(({ name, here, hub }) =>
      translate('cli.verify.value', { column: name, here: text(here), hub: text(hub) }),
    );
  return translate('cli.verify.row', { key, columns: differing.join(' ; ') });
}

function text(cell: Cell | null): string {
  if (cell === null || cell.type === 'null') return 'NULL';
  return cell.type === 'bytes' ? `(${String(cell.size)} o)` : cell.text;
}

function tellRepair(context: CommandContext, outcome: RepairOutcome): number {
  const { translate } = context;
  const lines = outcome.tables.map(({ table, repaired: count, left }) =>
    translate('cli.verify.repaired', { table, count, left }),
  );
  answer(context, outcome, lines.length === 0 ? [translate('cli.verify.nothing')] : lines);
  return outcome.tables.every(({ left }) => left === 0) ? EXIT.complete : EXIT.partial;
}
