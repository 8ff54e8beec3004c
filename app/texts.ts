import { createI18n } from 'vue-i18n';
import type { Language } from './bridge';
import { messages } from './locale';

/**
 * French says 'zéro jour': one thing up to two. A third form, put first, is for none.
 * As src/shared/translate.ts does for reports and the terminal.
 */
function frenchPlural(choice: number, forms: number): number {
  if (forms === 3 && choice === 0) return 0;
  return choice < 2 ? forms - 2 : forms - 1;
}

export function createTexts(language: Language) {
  return createI18n({ legacy: false, locale: language, messages, pluralRules: { fr: frenchPlural } });
}
