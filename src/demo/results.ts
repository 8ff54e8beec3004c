import type { Value } from '../batch/block';
import type { JournalEntry } from '../database/port';
import type { Report } from '../report/report';
import { wordsOf } from '../report/report-words';
import type { Translate } from '../shared/translate';
import type { TableComparison } from './compare';
import type { Place } from './places';
import { alignColumns } from './terminal';

/** The table of results: a line for each table of the databases, with what the head office's session moved. */
export function comparisonLines(
  comparison: readonly TableComparison[],
  hubReport: Report,
  translate: Translate,
): string[] {
  const numbers = wordsOf(translate);
  const heading = [
    translate('demo.results.table'),
    translate('demo.results.rows'),
    ...(comparison[0]?.others ?? []).map(({ place }) => place.name),
    translate('demo.results.received'),
    translate('demo.results.sent'),
  ];
  const lines = comparison.map(({ table, rows, others }) => {
    const moved = hubReport.tables.find((line) => line.table === table);
    return [
      `${translate(`demo.table.${table}`)} (${table})`,
      numbers.number(rows),
      ...others.map(({ differsAt }) =>
        differsAt === null
          ? translate('demo.results.same')
          : translate('demo.results.differs', { row: differsAt }),
      ),
      numbers.number(moved?.received ?? 0),
      numbers.number(moved?.sent ?? 0),
    ];
  });
  return alignColumns([heading, ...lines]);
}

/** One conflict in plain French: what it is about, what was kept, what was put aside, and by which rule. */
export function conflictLines(entry: JournalEntry, places: readonly Place[], translate: Translate): string[] {
  const nameOf = (site: number): string => places.find(({ number }) => number === site)?.name ?? String(site);
  const about = translate(
    `demo.conflict.about.${entry.table}`,
    namedRow(entry, entry.winningRow ?? entry.losingRow),
  );
  const side = (site: number, at: number | null): Record<string, string> => ({
    name: nameOf(site),
    time: at === null ? '—' : wordsOf(translate).time(new Date(at).toISOString()),
  });
  return [
    `${about} – ${translate(`conflict.kind.${entry.kind}`)}`,
    `  ${translate('demo.conflict.kept', side(entry.winner, entry.winnerAt))} ${valuesOf(entry, entry.winningRow, translate)}`,
    `  ${translate('demo.conflict.aside', side(entry.loser, entry.loserAt))} ${valuesOf(entry, entry.losingRow, translate)}`,
    `  ${translate('demo.conflict.rule', { rule: translate(`conflict.rule.${entry.rule}`) })}`,
  ];
}

/** Only the columns in which the two rows differ. */
function valuesOf(entry: JournalEntry, row: readonly Value[] | null, translate: Translate): string {
  if (row === null) return translate('demo.conflict.noRow');
  const other = row === entry.winningRow ? entry.losingRow : entry.winningRow;
  return entry.columns
    .flatMap((column, at) =>
      Object.is(row[at], other?.[at]) ? [] : [`${translate(`demo.column.${column}`)} ${textOf(row[at])}`],
    )
    .join(', ');
}

/** The values of a row by their columns, to be named in a sentence. */
function namedRow({ columns }: JournalEntry, row: readonly Value[] | null): Record<string, string> {
  return Object.fromEntries(columns.map((column, at) => [column, textOf(row?.[at])]));
}

function textOf(value: Value | undefined): string {
  if (value === null || value === undefined) return '—';
  if (value instanceof Uint8Array) return `(${String(value.length)})`;
  return typeof value === 'number' ? value.toLocaleString('fr', { minimumFractionDigits: 2 }) : String(value);
}
