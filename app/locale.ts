/** The texts of each language, merged from all of its files: one a screen, and engine.json, which is the engine's. */
import type { Language } from './bridge';

export interface Texts {
  [key: string]: string | Texts;
}

const french = import.meta.glob<Texts>('../locales/fr/*.json', { eager: true, import: 'default' });
const english = import.meta.glob<Texts>('../locales/en/*.json', { eager: true, import: 'default' });

export const messages: Record<Language, Texts> = { fr: merge(french), en: merge(english) };

/** What `Intl` writes dates and numbers by: plain 'en' would put the month before the day. */
export const REGIONS: Record<Language, string> = { fr: 'fr-FR', en: 'en-GB' };

function merge(files: Record<string, Texts>): Texts {
  return Object.values(files).reduce<Texts>(mergeTwo, {});
}

function mergeTwo(left: Texts, right: Texts): Texts {
  const merged = { ...left };
  for (const [key, value] of Object.entries(right)) {
    const former = merged[key];
    merged[key] = typeof former === 'object' && typeof value === 'object' ? mergeTwo(former, value) : value;
  }
  return merged;
}
