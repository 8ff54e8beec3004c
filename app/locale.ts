/** The texts, merged from every file of a language: screens.json is this folder's, engine.json the engine's. */
interface Texts {
  [key: string]: string | Texts;
}

const french = import.meta.glob<Texts>('../locales/fr/*.json', { eager: true, import: 'default' });

function merge(files: Record<string, Texts>): Texts {
  return Object.values(files).reduce<Texts>((all, texts) => ({ ...all, ...texts }), {});
}

export const messages = { fr: merge(french) };
