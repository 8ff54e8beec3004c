const DAY = 86_400_000;

export interface WallTime {
  /** `2026-11-24 22:00`. */
  readonly text: string;
  readonly date: string;
  readonly weekday: number;
}

/** What clocks of a zone show, by the platform itself and not by the library under test. */
export function wallClock(timeZone: string) {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const read = (instant: number): WallTime => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    const date = ['year', 'month', 'day']
      .map((name) => parts.get(name as Intl.DateTimeFormatPartTypes))
      .join('-');
    const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
    return {
      text: `${date} ${parts.get('hour') ?? ''}:${parts.get('minute') ?? ''}`,
      date,
      weekday: weekday === 0 ? 7 : weekday,
    };
  };
  /** The dates that clocks show between two instants. */
  const days = (from: number, to: number): WallTime[] => {
    const found = new Map<string, WallTime>();
    for (let at = from; at <= to; at += DAY / 4) {
      const day = read(at);
      found.set(day.date, day);
    }
    return [...found.values()];
  };
  return Object.assign(read, { days });
}
