/** When departures are, as the settings say it. */
export interface Schedule {
  readonly departures: readonly Departure[];
  /** IANA name, or `system`: the machine's own. */
  readonly timeZone: string;
  /** A departure missed by no more than this, because the machine was off or asleep, is caught up. */
  readonly catchUpMinutes: number;
}

export interface Departure {
  /** `HH:MM`, as clocks of the zone show it. */
  readonly time: string;
  /** ISO weekdays: 1 is Monday, 7 is Sunday. */
  readonly days: readonly number[];
}

export const EVERY_DAY: readonly number[] = [1, 2, 3, 4, 5, 6, 7];

/** The hours of departure for people, `12:30, 22:00`. */
export function departureHours({ departures }: Schedule): string {
  return [...new Set(departures.map(({ time }) => time))].sort().join(', ');
}
