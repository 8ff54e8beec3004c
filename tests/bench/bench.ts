/** What a benchmark is, and how one measures: by ratios to a floor of the same run. */
import type { Sessions } from './sessions';

export interface Context {
  /** For the files of this run. */
  readonly folder: string;
  /** Where the bundled programs lie. */
  readonly programs: string;
  /** The largest number of rows. */
  readonly rows: number;
  /** How often each figure is measured; the median counts. */
  readonly runs: number;
  readonly sessions: Sessions;
}

/** One line of the table. */
export interface Figure {
  readonly what: string;
  readonly measured: string;
  /** What it is measured against, and that figure; empty where there is none. */
  readonly floor: string;
  /** Null where there is no floor. */
  readonly ratio: number | null;
  readonly goal: string;
  readonly met: boolean;
}

export interface Bench {
  /** By which the command line asks for it. */
  readonly name: string;
  /** Measured only when it is asked for by name. */
  readonly isLong?: boolean;
  /** Empty where this machine has not what it takes. */
  measure(context: Context): Promise<readonly Figure[]>;
}

export const seconds = async (work: () => unknown): Promise<number> => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
};

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? NaN) + high) / 2;
}

/** Medians of figures taken in turn, so that both meet the same weather; the ratio is the median of each turn's own. */
export interface Pair {
  readonly floor: number;
  readonly measured: number;
  /** Measured by floor. */
  readonly ratio: number;
}

export async function interleaved(
  runs: number,
  floor: (run: number) => Promise<number>,
  measured: (run: number) => Promise<number>,
): Promise<Pair> {
  const pairs: { floor: number; measured: number }[] = [];
  for (let run = 0; run < runs; run += 1)
    pairs.push({ floor: await floor(run), measured: await measured(run) });
  return pairOf(pairs);
}

export const pairOf = (pairs: readonly Omit<Pair, 'ratio'>[]): Pair => ({
  floor: median(pairs.map((pair) => pair.floor)),
  measured: median(pairs.map((pair) => pair.measured)),
  ratio: median(pairs.map((pair) => pair.measured / pair.floor)),
});

export const count = (number: number): string => Math.round(number).toLocaleString('en');
export const perSecond = (rows: number, time: number): string => `${count(rows / time)} rows/s`;
export const time = (duration: number): string => `${duration.toFixed(duration < 10 ? 2 : 1)} s`;
