/** Finds words in the help, whatever their case and accents. */
import type { HelpPage } from './pages';

export interface Hit<Name extends string> {
  readonly page: Name;
  readonly pageTitle: string;
  readonly anchor: string | null;
  readonly title: string;
  /** The text around the first word found; `match` is empty where the title alone has it. */
  readonly before: string;
  readonly match: string;
  readonly after: string;
}

/** More than anyone reads through. */
const LIMIT = 20;
const BEFORE = 40;
const AFTER = 90;

/** A letter stands for a letter, so that what is found here is at the same place in the text. */
function folded(text: string): string {
  return Array.from(text, (letter) => {
    const plain = letter.normalize('NFD').charAt(0).toLowerCase();
    if (plain === '\u2019') return "'";
    return /\s/.test(plain) ? ' ' : plain;
  }).join('');
}

/** Sections that hold every word of the query; those that have them in their title come first. */
export function searchHelp<Name extends string>(
  pages: readonly (readonly [Name, HelpPage])[],
  query: string,
): readonly Hit<Name>[] {
  const words = folded(query).split(' ').filter(Boolean);
  if (words.length === 0) return [];
  const found = pages.flatMap(([name, page]) =>
    page.sections
      .filter(({ title, text }) => words.every((word) => folded(`${title} ${text}`).includes(word)))
      .map(({ anchor, title, text }) => ({
        inTitle: words.every((word) => folded(title).includes(word)),
        hit: { page: name, pageTitle: page.title, anchor, title, ...around(text, words) },
      })),
  );
  const ordered = [...found.filter(({ inTitle }) => inTitle), ...found.filter(({ inTitle }) => !inTitle)];
  return ordered.slice(0, LIMIT).map(({ hit }) => hit);
}

function around(text: string, words: readonly string[]): Pick<Hit<string>, 'before' | 'match' | 'after'> {
  const plain = folded(text);
  const places = words.map((word) => ({ at: plain.indexOf(word), length: word.length }));
  const [first] = places.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at);
  if (first === undefined) return { before: text.slice(0, AFTER), match: '', after: '' };
  const end = first.at + first.length;
  const from = first.at <= BEFORE ? 0 : plain.indexOf(' ', first.at - BEFORE) + 1;
  return {
    before: text.slice(Math.min(from, first.at), first.at),
    match: text.slice(first.at, end),
    after: text.slice(end, end + AFTER),
  };
}
