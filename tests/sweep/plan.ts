import type { Random } from '../support/random';
import type { Fault, Mode, Victim } from './trial';

export const VICTIMS: readonly Victim[] = ['hub', 'lyon'];
export const MODES: readonly Mode[] = ['once', 'kill', 'power', 'full'];

export type Operations = readonly (readonly [kind: string, label: string])[];

/** Every operation; of those that are the same again and again (a statement run for each row), `alike` at most. */
export function faultsOf(victim: Victim, mode: Mode, operations: Operations, alike: number): Fault[] {
  const numbers = new Map<string, number>();
  const groups = new Map<string, Fault[]>();
  for (const [kind, label] of operations) {
    const number = (numbers.get(kind) ?? 0) + 1;
    numbers.set(kind, number);
    const group = `${kind} ${label}`;
    groups.set(group, [...(groups.get(group) ?? []), { victim, mode, kind, number, label }]);
  }
  return [...groups.values()].flatMap((faults) => spread(faults, alike));
}

/** `count` of these, evenly spread, both ends among them where they are several. */
export function spread<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all];
  if (count === 1) return all.slice(all.length / 2, all.length / 2 + 1);
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
