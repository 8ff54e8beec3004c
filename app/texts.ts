import { createI18n } from 'vue-i18n';
import { messages } from './locale';

const unit = (name: string): Intl.NumberFormatOptions => ({
  style: 'unit',
  unit: name,
  maximumFractionDigits: 1,
});

/**
 * French says 'zéro jour': one thing up to two. A third form, put first, is for none.
 * As src/shared/translate.ts does for reports and the terminal.
 */
function frenchPlural(choice: number, forms: number): number {
  if (forms === 3 && choice === 0) return 0;
  return choice < 2 ? forms - 2 : forms - 1;
}

export function createTexts() {
  return createI18n({
    legacy: false,
    locale: 'fr',
    messages,
    pluralRules: { fr: frenchPlural },
    datetimeFormats: {
      fr: {
        second: {
          day: '2-digit',
          month: '2-digit',
          year: 'numeric',
          hour: '2-digit',
          minute: '2-digit',
          second: '2-digit',
        },
        time: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
        departure: { weekday: 'long', day: 'numeric', month: 'long', hour: '2-digit', minute: '2-digit' },
      },
    },
    numberFormats: {
      fr: {
        byte: unit('byte'),
        kilobyte: unit('kilobyte'),
        megabyte: unit('megabyte'),
        gigabyte: unit('gigabyte'),
        whole: { maximumFractionDigits: 0 },
      },
    },
  });
}
