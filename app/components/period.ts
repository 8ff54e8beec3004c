/** Whole days of the local calendar, both included: `2026-11-24`. */
export interface Period {
  readonly first: string;
  readonly last: string;
}

/** The instants between which the period lies, as queries have them: the end is not part of it. */
export function instantsOf(period: Period | null): { readonly from?: string; readonly to?: string } {
  if (period === null) return {};
  return { from: midnight(period.first, 0).toISOString(), to: midnight(period.last, 1).toISOString() };
}

/** The days between two instants. */
export function daysBetween(from: string, to: string): Period {
  return { first: dayOf(new Date(from)), last: dayOf(new Date(to)) };
}

/** The last so many days, today included. */
export function lastDays(count: number, today = new Date()): Period {
  const first = new Date(today.getFullYear(), today.getMonth(), today.getDate() - count + 1);
  return { first: dayOf(first), last: dayOf(today) };
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
