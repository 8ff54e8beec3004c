import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import type { Amount } from '../../src/engine/contract';
import type { Language } from '../bridge';
import { REGIONS } from '../locale';

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
const TWO: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
const DAY: Intl.DateTimeFormatOptions = { day: '2-digit', month: '2-digit', year: 'numeric' };

function formatsOf(language: Language) {
  const region = REGIONS[language];
  const dates = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(region, options);
  const amounts = UNITS.map(
    (unit) => new Intl.NumberFormat(region, { style: 'unit', unit, maximumFractionDigits: 1 }),
  );
  return {
    second: dates({ ...DAY, ...TWO, second: '2-digit' }),
    time: dates({ ...TWO, second: '2-digit' }),
    minute: dates(TWO),
    day: dates(DAY),
    departure: dates({ weekday: 'long', day: 'numeric', month: 'long', ...TWO }),
    whole: new Intl.NumberFormat(region, { maximumFractionDigits: 0 }),
    amounts,
  };
}

/** Dates, amounts and durations as the user reads them, in the language of the moment. */
export function useFormat() {
  const { t, locale } = useI18n<[], Language>({ useScope: 'global' });
  const formats = computed(() => formatsOf(locale.value));

  /** `24/06/2009 15:27:54`; the short form of none is a dash. */
  function dateTime(at: string | number | null): string {
    return at === null ? t('field.none') : formats.value.second.format(new Date(at)).replace(',', '');
  }

  /** `15:27:54`. */
  function time(at: string): string {
    return formats.value.time.format(new Date(at));
  }

  /** `15:27`. */
  function minute(at: string | number): string {
    return formats.value.minute.format(new Date(at));
  }

  /** `24/06/2009`. */
  function day(at: string | number): string {
    return formats.value.day.format(new Date(at));
  }

  /** `mardi 24 novembre à 22:00`. */
  function departure(at: string): string {
    return formats.value.departure.format(new Date(at));
  }

  function bytes(count: number): string {
    const power = count < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(count) / 3));
    return formats.value.amounts[power]?.format(count / 1000 ** power) ?? '';
  }

  function whole(count: number): string {
    return formats.value.whole.format(count);
  }

  /** `1,8 Mo sur 3 Mo`; without the end where it is not known. */
  function amountOf({ done, total }: Amount, format: (count: number) => string): string {
    if (total === null) return format(done);
    return t('progress.amountOf', { done: format(done), total: format(total) });
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

  return { dateTime, time, minute, day, departure, bytes, whole, amountOf, duration };
}
