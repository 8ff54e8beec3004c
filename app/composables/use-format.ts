import { useI18n } from 'vue-i18n';

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** Dates, amounts and durations as the user reads them. */
export function useFormat() {
  const { t, d, n } = useI18n();

  /** `24/06/2009 15:27:54`; the short form of none is a dash. */
  function dateTime(at: string | number | null): string {
    return at === null ? t('field.none') : d(new Date(at), 'second').replace(',', '');
  }

  function time(at: string): string {
    return d(new Date(at), 'time');
  }

  /** `mardi 24 novembre à 22:00`. */
  function departure(at: string): string {
    return d(new Date(at), 'departure');
  }

  function bytes(count: number): string {
    const power = count < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(count) / 3));
    return n(count / 1000 ** power, UNITS[power] ?? 'byte');
  }

  function whole(count: number): string {
    return n(count, 'whole');
  }

  function duration(milliseconds: number): string {
    const total = Math.max(0, Math.round(milliseconds / 1000));
    const hours = Math.floor(total / 3600);
    const minutes = Math.floor((total % 3600) / 60);
    const seconds = total % 60;
    if (hours > 0) return t(minutes === 0 ? 'field.time.wholeHours' : 'field.time.hours', { hours, minutes });
    if (minutes === 0) return t('field.time.seconds', { seconds });
    return t(seconds === 0 ? 'field.time.wholeMinutes' : 'field.time.minutes', { minutes, seconds });
  }

  return { dateTime, time, departure, bytes, whole, duration };
}
