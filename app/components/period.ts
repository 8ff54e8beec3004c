/** Whole days of the local calendar, both included: `2026-11-24`. Null: open at that end. */
export interface Period {
  readonly first: string | null;
  readonly last: string | null;
}

export const ALWAYS: Period = { first: null, last: null };

/** The instants between which the period lies, as queries have them: the end is not part of it. */
export function instantsOf({ first, last }: Period): { readonly from?: string; readonly to?: string } {
  return {
    ...(first === null ? {} : { from: midnight(first, 0).toISOString() }),
    ...(last === null ? {} : { to: midnight(last, 1).toISOString() }),
  };
}

/** The days between two instants. */
export function daysBetween(from: string, to: string): Period {
  return { first: dayOf(new Date(from)), last: dayOf(new Date(to)) };
}

/** First of the last so many days, today included. */
export function lastDays(count: number, today = new Date()): string {
  return dayOf(new Date(today.getFullYear(), today.getMonth(), today.getDate() - count + 1));
}

/** By the calendar, not by hours: days on which the clocks change are as whole as the others. */
function midnight(day: string, later: number): Date {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + later);
}

function dayOf(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
