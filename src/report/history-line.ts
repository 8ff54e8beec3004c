import type { HistoryLine, Report, StepName } from './report';

/** Steps that put something on the line, and steps that take something from it, at a site and at the hub. */
const SENDING: readonly StepName[] = ['send', 'publish'];
const RECEIVING: readonly StepName[] = ['receive', 'merge'];

/** A report in one line. */
export function historyLine(report: Report): HistoryLine {
  const { id, startedAt, endedAt, state, trigger, steps, tables } = report;
  const bytesOf = (names: readonly StepName[]): number =>
    sum(steps.filter(({ name }) => names.includes(name)).map(({ bytes }) => bytes));
  return {
    id,
    startedAt,
    endedAt,
    state,
    trigger,
    duration: endedAt === null ? null : Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)),
    sent: sum(tables.map(({ sent }) => sent)),
    received: sum(tables.map(({ received }) => received)),
    bytesSent: bytesOf(SENDING),
    bytesReceived: bytesOf(RECEIVING),
    conflicts: sum(tables.map(({ conflicts, refused }) => conflicts + refused)),
    warnings: steps.flatMap(({ messages }) => messages).filter(({ level }) => level !== 'info').length,
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
