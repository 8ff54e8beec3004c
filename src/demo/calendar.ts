/** The day that the demo plays: always the same, so that its data are too. */
const DAY = Date.UTC(2026, 10, 24);
const DAY_LENGTH = 86_400_000;

/** `2026-11-24`, for 0 days before; a negative number is in the future. */
export function dateBefore(days: number): string {
  return new Date(DAY - days * DAY_LENGTH).toISOString().slice(0, 10);
}

/** `2026-11-24 18:05:00`. */
export function timeBefore(days: number, minuteOfDay: number): string {
  return new Date(DAY - days * DAY_LENGTH + minuteOfDay * 60_000)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ');
}
