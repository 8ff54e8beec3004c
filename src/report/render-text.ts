import type { Translate } from '../shared/translate';
import type { Report, StepReport, StepState } from './report';
import { errorText, figureTables, summaryOf, wordsOf, type Words, type WordsOptions } from './report-words';

const MARKS: Readonly<Record<StepState, string>> = {
  pending: '·',
  running: '►',
  done: '✔',
  warning: '!',
  failed: '✘',
  stopped: '■',
};

/** A report for the terminal: plain lines, no colours. */
export function renderText(report: Report, translate: Translate, options?: WordsOptions): string {
  const words = wordsOf(translate, options);
  const title = words.text('report.title');
  const error = errorText(report, words);
  return [
    title,
    '═'.repeat(title.length),
    ...aligned(summaryOf(report, words)),
    ...(error === null ? [] : ['', `✘ ${oneLine(error)}`]),
    '',
    words.text('report.steps'),
    ...report.steps.flatMap((step) => stepLines(step, words)),
    ...figureTables(report, words).flatMap(({ title: heading, headings, rows }) => [
      '',
      heading,
      ...columns(
        headings,
        rows.map((cells) => cells.map(oneLine)),
      ),
    ]),
  ].join('\n');
}

function aligned(pairs: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${oneLine(value)}`);
}

function stepLines(step: StepReport, words: Words): string[] {
  const figures = [
    words.text(`stepState.${step.state}`),
    words.duration(step.startedAt, step.endedAt),
    step.rows === 0 ? '' : words.text('report.rows', { count: step.rows }),
    step.bytes === 0 ? '' : words.size(step.bytes),
  ];
  const head = `  ${MARKS[step.state]} ${words.text(`step.${step.name}`)} — ${figures.filter((each) => each !== '').join(', ')}`;
  const messages = step.messages.map(
    ({ at, level, key, params }) =>
      `      ${words.time(at)}  ${level === 'info' ? '' : `${words.text(`level.${level}`)} – `}${oneLine(words.text(key, params))}`,
  );
  return [head, ...messages];
}

/** A table of text: the first column is a name, the others are set to the right. */
function columns(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const format = (row: readonly string[]): string =>
    `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`;
  return [format(headings), ...rows.map(format)];
}

/** Names come from databases and from the other side: they must not move the cursor nor begin a line of their own. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
