import type { Random } from '../support/random';
import type { Fault, Mode, Victim } from './trial';

export const VICTIMS: readonly Victim[] = ['hub', 'lyon'];
export const MODES: readonly Mode[] = ['once', 'kill', 'power', 'full'];

export type Operations = readonly (readonly [kind: string, label: string])[];

/** A statement that runs for each of thousands of rows is disturbed at so many of them. */
const OF_ONE_STATEMENT = 6;

/** Every operation; of those that are the same again and again, the first ones, the last one and some between. */
export function faultsOf(victim: Victim, mode: Mode, operations: Operations): Fault[] {
  const numbers = new Map<string, number>();
  const alike = new Map<string, Fault[]>();
  for (const [kind, label] of operations) {
    const number = (numbers.get(kind) ?? 0) + 1;
    numbers.set(kind, number);
    const group = `${kind} ${label}`;
    alike.set(group, [...(alike.get(group) ?? []), { victim, mode, kind, number }]);
  }
  return [...alike.values()].flatMap((faults) => spread(faults, OF_ONE_STATEMENT));
}

/** `count` of these, evenly spread, both ends among them. */
export function spread<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all];
  return Array.from(
    { length: count },
    (_, at) => all[Math.round((at * (all.length - 1)) / (count - 1))] as T,
  );
}

/** `count` of these, one from each of as many equal parts. */
export function sample<T>(all: readonly T[], count: number, random: Random): T[] {
  if (all.length <= count) return [...all];
  const part = all.length / count;
  return Array.from({ length: count }, (_, at) => {
    const from = Math.floor(at * part);
    return all[from + random.below(Math.max(1, Math.floor(part)))] as T;
  });
}

export function shuffled<T>(all: readonly T[], random: Random): T[] {
  const rest = [...all];
  return all.flatMap(() => rest.splice(random.below(rest.length), 1));
}

export const nameOf = ({ victim, mode, kind, number }: Fault): string =>
  `${victim} ${mode} ${kind}#${String(number)}`;
